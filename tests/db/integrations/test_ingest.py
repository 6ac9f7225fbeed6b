"""Documents in: known ones cost a hash comparison, the rest is recorded in batches."""

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Annotated, Any, get_args, get_origin

import pytest
from django.db import connection
from django.db.models import CharField, Model
from django.test.utils import CaptureQueriesContext

from conversations import models as mirror
from conversations import selectors
from conversations.models import Conversation
from conversations.services import Recorded
from integrations.genesys import ingest, payloads, wire
from integrations.genesys.ingest import Refusal
from tests.documents import answered_email, at, raw

pytestmark = pytest.mark.django_db


def test_a_refused_document_keeps_no_other_from_being_recorded(now: datetime) -> None:
    given = [raw(answered_email("a")), b"{}", raw(answered_email("b")), b"nonsense"]

    taken = ingest.take(given, observed_at=at(60), now=now, batch=2)

    assert taken.recorded == Recorded(new=2)
    assert [refusal.position for refusal in taken.refused] == [1, 3]
    assert taken.refused[0] == Refusal(1, "conversationId is missing")


def test_known_documents_cost_one_query_a_batch(now: datetime) -> None:
    given = [raw(answered_email(f"c{n}")) for n in range(40)]
    ingest.take(given, observed_at=at(60), now=now)

    with CaptureQueriesContext(connection) as queries:
        taken = ingest.take(given, observed_at=at(90), now=now)

    assert taken.recorded == Recorded(unchanged=40)
    assert len(queries) == {"sqlite": 2, "postgresql": 1}[connection.vendor]
    assert set(Conversation.objects.values_list("observed_at", flat=True)) == {at(60)}


def test_a_transaction_has_one_writer() -> None:
    assert ingest.most_writers() == 1


@pytest.mark.django_db(transaction=True)
def test_several_writers_record_what_one_does_also_where_they_meet(now: datetime) -> None:
    """The same conversations stand in every batch, so that the writers get in each other's way."""
    given = [raw(answered_email(f"c{n % 30}", user=f"u{n % 3}")) for n in range(240)]
    writers = {"sqlite": 1, "postgresql": 2}[connection.vendor]
    assert ingest.most_writers() == writers

    taken = ingest.take(given, observed_at=at(60), now=now, batch=20, writers=writers)

    assert sum(taken.recorded) == 240
    assert taken.recorded.new == 30
    highest = {
        payloads.conversation(document).genesys_id: payloads.conversation(document)
        for document in sorted(given, key=_content_hash)
    }
    shown = {c.genesys_id: c for c in selectors.conversation_facts(list(highest))}
    assert shown == highest


def _content_hash(document: bytes) -> bytes:
    return blake2b(document, digest_size=16).digest()


def test_an_instant_far_ahead_keeps_no_later_news_out(now: datetime) -> None:
    ahead = answered_email(end=None)
    ahead["participants"][2]["sessions"][0]["metrics"][0]["emitDate"] = "2099-01-01T00:00:00Z"

    ingest.take([raw(ahead)], observed_at=None, now=now)
    later = now + timedelta(minutes=1)
    taken = ingest.take([raw(answered_email())], observed_at=later, now=later)

    assert taken.recorded == Recorded(changed=1)


COLUMN_OF = {
    "participant_name": "name",
    "survey_id": "genesys_id",
    "survey_status": "status",
    "survey_form_id": "form_id",
    "survey_form_name": "form_name",
    "evaluation_id": "genesys_id",
    "evaluation_status": "status",
    **{f"{kind}_id": "genesys_id" for kind in ("conversation", "participant", "session")},
}


@pytest.mark.parametrize(
    "kind",
    ["Conversation", "Participant", "Session", "Segment", "Metric", "Survey", "Evaluation"],
)
def test_no_text_that_is_let_in_is_longer_than_its_column(kind: str) -> None:
    """SQLite does not mind; PostgreSQL would refuse the whole batch."""
    model: type[Model] = getattr(mirror, kind)
    columns = {f.attname: f for f in model._meta.concrete_fields if isinstance(f, CharField)}
    read: dict[str, Any] = getattr(wire, kind).__annotations__
    checked = 0
    for name, type_ in read.items():
        column = columns.get(COLUMN_OF.get(name, name))
        if column is not None:
            assert column.max_length is not None
            assert _longest(type_) <= column.max_length, name
            checked += 1
    assert checked


def _longest(type_: Any) -> float:
    """Return the length that a wire type allows."""
    (constrained,) = (arg for arg in get_args(type_) if arg is not type(None))
    if get_origin(constrained) is not Annotated:
        return float("inf")
    return float(constrained.__metadata__[0].max_length)
