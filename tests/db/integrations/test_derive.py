"""Changes become handle time and clocks; what fails keeps nothing else from being done."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError

import sla.services
from conversations.models import Change, Conversation
from handling.models import AgentHandling
from integrations import services
from integrations.genesys import ingest
from tests.documents import answered_email, at, raw

pytestmark = pytest.mark.django_db
Refresh = Callable[..., Any]


@pytest.fixture
def good_and_bad(now: datetime) -> int:
    """Two conversations with a change each; return the pk of the one that will fail."""
    documents = [answered_email("bad", user="u1"), answered_email("good", user="u2")]
    ingest.take(map(raw, documents), observed_at=at(60), now=now)
    return Conversation.objects.get(genesys_id="bad").pk


def fail_with(error: Exception, bad: int, monkeypatch: pytest.MonkeyPatch) -> None:
    refresh: Refresh = sla.services.refresh

    def failing(*, conversation_ids: set[int], now: datetime) -> Any:
        if bad in conversation_ids:
            raise error
        return refresh(conversation_ids=conversation_ids, now=now)

    monkeypatch.setattr(sla.services, "refresh", failing)


def test_a_change_that_fails_is_counted_and_the_others_are_done(
    now: datetime, good_and_bad: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(ValueError("no"), good_and_bad, monkeypatch)

    assert services.derive(now=now) == 1
    left = Change.objects.get()
    assert (left.conversation_id, left.failures, left.error) == (good_and_bad, 1, "ValueError")
    assert [row.user_id for row in AgentHandling.objects.all()] == ["u2"]


def test_a_change_is_set_aside_in_the_end(
    now: datetime, good_and_bad: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(ValueError("no"), good_and_bad, monkeypatch)

    for _ in range(services.MOST_FAILURES + 2):
        services.derive(now=now)
    assert Change.objects.get().failures == services.MOST_FAILURES


def test_what_the_database_could_not_do_just_now_is_no_failure_of_the_change(
    now: datetime, good_and_bad: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(OperationalError("database is locked"), good_and_bad, monkeypatch)

    assert services.derive(now=now) == 1
    assert Change.objects.get().failures == 0
