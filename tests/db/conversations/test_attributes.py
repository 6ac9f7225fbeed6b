"""Two shapes of one truth: jobs tell attributes, queries leave them out."""

from copy import deepcopy
from datetime import datetime
from hashlib import blake2b
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations import selectors, services
from conversations.domain import facts
from conversations.models import Change, CommonEvent, Conversation, Participant
from conversations.services import Recorded
from integrations.genesys import payloads
from tests.documents import answered_email, at, raw

pytestmark = pytest.mark.django_db


def snapshot(document: dict[str, Any], minutes: float) -> facts.Snapshot:
    content = raw(document)
    content_hash = blake2b(content, digest_size=16).digest()
    return facts.Snapshot(payloads.conversation(content), at(minutes), content_hash, content)


def query(minutes: float, **values: Any) -> facts.Snapshot:
    return snapshot(answered_email(**values), minutes)


def job(minutes: float, language: str = "de", **values: Any) -> facts.Snapshot:
    document = deepcopy(answered_email(**values))
    document["participants"][0]["attributes"] = {"language": language}
    return snapshot(document, minutes)


def attributes() -> dict[str, str]:
    told: dict[str, str] = Participant.objects.get(purpose="customer").attributes
    return told


def written(now: datetime, one: facts.Snapshot) -> tuple[Recorded, int]:
    with CaptureQueriesContext(connection) as queries:
        done = services.record(snapshots=[one], now=now)
    verbs = ("INSERT", "UPDATE", "DELETE", "COPY")
    return done, sum(q["sql"].startswith(verbs) for q in queries)


def test_a_query_after_a_job_erases_no_attributes_and_neither_is_written_again(
    now: datetime,
) -> None:
    services.record(snapshots=[query(100)], now=now)
    Change.objects.all().delete()

    assert services.record(snapshots=[job(200)], now=now) == Recorded(changed=1)
    assert attributes() == {"language": "de"}
    assert not Change.objects.exists()

    for one in (query(300), job(400), query(500), job(600)):
        assert written(now, one) == (Recorded(unchanged=1), 0)
    hashes = [query(0).content_hash, job(0).content_hash]
    assert selectors.settled_hashes(hashes) == set(hashes)
    assert attributes() == {"language": "de"}


def test_a_change_that_a_query_tells_keeps_the_attributes(now: datetime) -> None:
    services.record(snapshots=[job(100)], now=now)

    assert services.record(snapshots=[query(200, user="u2")], now=now) == Recorded(changed=1)
    assert attributes() == {"language": "de"}
    assert written(now, job(300, user="u2"))[0] == Recorded(changed=1)
    for one in (query(400, user="u2"), job(500, user="u2")):
        assert written(now, one) == (Recorded(unchanged=1), 0)


def test_the_document_before_a_change_is_no_longer_taken_for_known(now: datetime) -> None:
    for one in (query(100), job(200), query(300, user="u2")):
        services.record(snapshots=[one], now=now)

    assert selectors.settled_hashes([query(0).content_hash, job(0).content_hash]) == set()
    assert services.record(snapshots=[query(400)], now=now) == Recorded(changed=1)
    assert Participant.objects.get(purpose="agent").user_id == "u1"


def test_attributes_that_change_are_adopted_and_the_older_job_is_not_known_any_more(
    now: datetime,
) -> None:
    for one in (query(100), job(200, "de"), job(300, "fr")):
        services.record(snapshots=[one], now=now)

    assert attributes() == {"language": "fr"}
    assert services.record(snapshots=[job(400, "de")], now=now) == Recorded(changed=1)
    assert attributes() == {"language": "de"}


def test_an_older_job_tells_the_attributes_that_are_not_known_and_nothing_else(
    now: datetime,
) -> None:
    services.record(snapshots=[query(300, user="u2")], now=now)

    assert services.record(snapshots=[job(200)], now=now) == Recorded(stale=1)
    assert attributes() == {"language": "de"}
    assert Participant.objects.get(purpose="agent").user_id == "u2"
    assert services.record(snapshots=[job(250, "fr")], now=now) == Recorded(stale=1)
    assert attributes() == {"language": "de"}
    assert written(now, query(400, user="u2")) == (Recorded(unchanged=1), 0)


def test_what_history_tells_is_nobodys_news(now: datetime) -> None:
    services.record(snapshots=[query(10, end=None)], now=now)
    later = now.replace(hour=17, microsecond=123_456)

    services.record(snapshots=[query(100)], now=later, historic=True)

    told = dict(CommonEvent.objects.values_list("name", "historic"))
    assert told["conversation.created"] is False
    assert told["conversation.ended"] is True
    assert Conversation.objects.get().ended_at == at(30)
