"""Extension code where events are written: it sees the write, adds to it, and cannot harm it."""

import logging
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from conversations import live, services
from conversations.domain.live import News, State
from conversations.events import (
    EVENTS,
    AgentConnected,
    AgentDisconnects,
    ConversationCreated,
    ConversationEnded,
    Event,
    ParticipantAdded,
    Timing,
)
from conversations.handlers import TransactionBrokenError
from conversations.models import (
    CommonEvent,
    Conversation,
    HandlerFailure,
    Participant,
    Queue,
    Session,
)
from conversations.services import Recorded
from sla.models import Clock
from tests.db.conversations.test_record import snapshot
from tests.db.extensions import scripts
from tests.db.extensions.conftest import Scripted
from tests.documents import answered_email, at, conversation, participant, segment, session

pytestmark = pytest.mark.django_db(transaction=True)

IN = Timing.IN_TRANSACTION


def record(now: datetime, *documents: dict[str, Any], minutes: float = 1_000) -> Recorded:
    return services.record(snapshots=[snapshot(one, minutes) for one in documents], now=now)


def test_it_is_called_with_every_event_in_order_of_time(scripted: Scripted, now: datetime) -> None:
    scripted.first(*EVENTS, timing=IN)

    record(now, answered_email("c1"), answered_email("c2"))

    assert scripted.heard[0].conversation_id == "c1"
    assert [event.at for event in scripted.heard] == sorted(e.at for e in scripted.heard)
    mine = [event for event in scripted.heard if event.conversation_id == "c1"]
    written = CommonEvent.objects.filter(conversation__genesys_id="c1").order_by("at", "pk")
    assert [(e.name.value, e.at) for e in mine] == list(written.values_list("name", "at"))
    connected = next(event for event in mine if isinstance(event, AgentConnected))
    assert connected == AgentConnected(
        key="c1:agent.connected:s-agent",
        conversation_id="c1",
        at=at(6),
        recorded_at=now,
        media_type="email",
        queue_id="q1",
        participant_id="p-agent",
        session_id="s-agent",
        user_id="u1",
    )
    ended = next(event for event in mine if isinstance(event, ConversationEnded))
    assert (ended.number, ended.queue_id, ended.media_type) == (1, "q1", "email")


def test_it_sees_the_write_and_adds_to_it(scripted: Scripted, now: datetime) -> None:
    seen = []

    def add(event: Event) -> None:
        seen.append(Session.objects.filter(conversation__genesys_id=event.conversation_id).count())
        Queue.objects.create(genesys_id=event.key)

    scripted.first(ConversationCreated, does=add, timing=IN)
    with transaction.atomic():
        record(now, answered_email("c0"))
        transaction.set_rollback(True)
    assert not Queue.objects.exists()

    record(now, answered_email())
    assert seen == [3, 3]
    assert Queue.objects.get().genesys_id == "c1:conversation.created:"
    record(now, answered_email())
    assert len(scripted.heard) == 2


def test_a_failure_undoes_its_own_writes_alone_and_is_noted(
    scripted: Scripted, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(event: Event) -> None:
        Queue.objects.create(genesys_id="undone")
        raise ValueError("Ada Lovelace is not known")

    def work(event: Event) -> None:
        Queue.objects.create(genesys_id=event.key)

    name = scripted.first(ConversationCreated, ConversationEnded, does=fail, timing=IN)
    scripted.second(ConversationEnded, does=work, timing=IN)
    with caplog.at_level(logging.INFO):
        assert record(now, answered_email()) == Recorded(new=1)

    assert Queue.objects.get().genesys_id == "c1:conversation.ended:1"
    assert Participant.objects.count() == 3
    row = HandlerFailure.objects.get()
    assert (row.handler, row.count, row.error) == (name, 2, "ValueError")
    assert (row.since, row.failed_at, row.key) == (now, now, "c1:conversation.ended:1")
    assert row.place.startswith("test_in_transaction.py:")
    assert [one.message for one in caplog.records] == ["extension.failed"] * 2
    assert "Ada" not in repr([vars(one) for one in caplog.records])

    record(at(9_000), answered_email("c2"))
    row.refresh_from_db()
    assert (row.count, row.since, row.failed_at) == (4, now, at(9_000))


def _swallow_by_model(event: Event) -> None:
    Queue.objects.create(genesys_id="kept not")
    with suppress(IntegrityError):
        Queue.objects.create(genesys_id="kept not")


def _swallow_inside(event: Event) -> None:
    with suppress(KeyError), transaction.atomic(savepoint=False):
        raise KeyError


def _mark_for_rollback(event: Event) -> None:
    transaction.set_rollback(True)


@pytest.mark.parametrize("how", [_swallow_by_model, _swallow_inside, _mark_for_rollback])
def test_an_error_that_it_has_swallowed_is_its_failure_all_the_same(
    scripted: Scripted, now: datetime, how: Any
) -> None:
    scripted.first(ConversationCreated, does=how, timing=IN)
    scripted.second(ConversationEnded, timing=IN)

    assert record(now, answered_email()) == Recorded(new=1)

    assert HandlerFailure.objects.get().count == 1
    assert not Queue.objects.exists()
    assert scripted.names() == ["conversation.created", "conversation.ended"]


@pytest.mark.needs("postgresql", reason="others go on after an error")
def test_a_statement_that_failed_breaks_only_its_savepoint(
    scripted: Scripted, now: datetime
) -> None:
    def swallow(event: Event) -> None:
        with suppress(DatabaseError):
            connection.cursor().execute("SELECT 1 / 0")

    scripted.first(ConversationCreated, does=swallow, timing=IN)
    assert record(now, answered_email()) == Recorded(new=1)
    assert HandlerFailure.objects.get().error in {"InternalError", "OperationalError"}


def test_a_row_that_names_nobody_is_its_failure_and_not_the_commits(
    scripted: Scripted, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dangle(event: Event) -> None:
        kept = {"kind": "resolution", "state": "running", "elapsed_ms": 0, "target_s": 1}
        Clock.objects.create(
            conversation_id=77, policy_id=88, since=now, started_at=now, changed_at=now, **kept
        )

    monkeypatch.setattr(scripts.first, "__module__", "sla.handlers")  # SQLite asks for its tables
    scripted.first(ConversationCreated, does=dangle, timing=IN)
    assert record(now, answered_email()) == Recorded(new=1)
    assert HandlerFailure.objects.get().error == "IntegrityError"
    assert not Clock.objects.exists()


def test_one_that_breaks_the_transaction_is_not_called_again_and_the_next_try_gets_through(
    scripted: Scripted, now: datetime
) -> None:
    name = scripted.first(ConversationCreated, does=lambda _: connection.close(), timing=IN)
    scripted.second(ConversationCreated, timing=IN)

    with pytest.raises(TransactionBrokenError, match=r"scripts\.first"):
        record(now, answered_email())
    assert not Conversation.objects.exists()

    assert record(now, answered_email()) == Recorded(new=1)
    row = HandlerFailure.objects.get()
    assert (row.handler, row.error) == (name, "TransactionBrokenError")
    assert len(scripted.heard) == 2


def test_it_costs_nothing_where_nobody_is_called(scripted: Scripted, now: datetime) -> None:
    with CaptureQueriesContext(connection) as without:
        record(now, answered_email("c1"))
    scripted.first(ConversationCreated)
    with CaptureQueriesContext(connection) as after_commit_alone:
        record(now, answered_email("c2"))

    assert len(without) == len(after_commit_alone)
    assert scripted.heard == []


def test_history_is_nobodys_news(scripted: Scripted, now: datetime) -> None:
    scripted.first(*EVENTS, timing=IN)

    services.record(snapshots=[snapshot(answered_email())], now=now, historic=True)
    assert set(CommonEvent.objects.values_list("historic", "announced")) == {(True, True)}

    again = conversation("c1", participant("new", "acd", session("s", segment("interact", 50))))
    services.record(snapshots=[snapshot(again, 2_000)], now=now, historic=True)
    assert scripted.heard == []


def test_what_news_proves_is_told_too_and_put_right_where_that_is_asked_for(
    scripted: Scripted, now: datetime
) -> None:
    ringing = participant("p1", "agent", session("s1", segment("alert", 5)), userId="u1")
    record(now, conversation("c1", ringing), minutes=5.5)
    scripted.first(AgentConnected, AgentDisconnects, timing=IN)
    scripted.second(AgentConnected, corrections=True, timing=IN)

    news = News("c1", "s1", state=State.CONNECTED.value, since=at(6), queue_id="q1")
    live.record_news(news=[news], now=now)
    assert [(e.at, e.revision) for e in scripted.heard] == [(at(6), 0)] * 2

    segments = (segment("alert", 5, 6.02), segment("interact", 6.02, queueId="q1"))
    exact = participant("p1", "agent", session("s1", *segments), userId="u1")
    record(at(50), conversation("c1", exact), minutes=40)

    assert CommonEvent.objects.get(name="agent.connected").revision == 1
    (corrected,) = scripted.heard[2:]
    assert (corrected.at, corrected.revision, corrected.recorded_at) == (at(6.02), 1, now)
    assert corrected.key == scripted.heard[0].key


def test_participants_are_told_with_what_they_are(scripted: Scripted, now: datetime) -> None:
    scripted.first(ParticipantAdded, timing=IN)
    record(now, answered_email())
    told = [(e.participant_id, e.purpose, e.user_id) for e in scripted.heard]  # type: ignore[attr-defined]
    assert sorted(told) == [
        ("p-acd", "acd", ""),
        ("p-agent", "agent", "u1"),
        ("p-customer", "customer", ""),
    ]
