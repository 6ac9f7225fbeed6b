"""Extension code after the commit: called by the relay, in order, until it succeeds."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Event as Flag
from threading import current_thread, main_thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conversations import live, services
from conversations.domain.live import News, State
from conversations.events import (
    HANDLERS,
    AgentConnected,
    ConversationCreated,
    ConversationEnded,
    Event,
    Timing,
)
from conversations.models import Audience, CommonEvent, Queue
from integrations.extensions import calls, destinations
from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import relay
from integrations.tasks import deliver
from simulator.clock import RunningClock
from simulator.receivers.server import Served, serving
from tests.db.conversations.test_record import snapshot
from tests.db.extensions import scripts
from tests.db.extensions.conftest import Scripted
from tests.db.outbox.conftest import a_destination
from tests.documents import answered_email, at, conversation, participant, segment, session

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(RunningClock(timezone.now())) as running:
        yield running


def record(*documents: dict[str, Any], minutes: float = 1_000, **how: Any) -> None:
    read = [snapshot(one, minutes) for one in documents]
    services.record(snapshots=read, now=timezone.now(), **how)


def connected(*rows: tuple[str, str]) -> None:
    """Record calls whose agents answer: conversation and sessions, one minute apart."""
    record(*(conversation(name, *_agents(names)) for name, names in rows))


def _agents(names: str) -> Iterator[dict[str, Any]]:
    for number, name in enumerate(names.split()):
        talk = session(name, segment("interact", number), mediaType="voice")
        yield participant(f"p-{name}", "agent", talk, userId=f"u-{name}")


def relayed(after: timedelta = timedelta()) -> relay.Done:
    destinations.bring_about(now=timezone.now())
    return relay.relay(now=timezone.now() + after)


def keys(scripted: Scripted) -> list[str]:
    return [event.key.replace(":agent.connected:", " ") for event in scripted.heard]


def test_it_is_called_once_with_what_is_committed(scripted: Scripted) -> None:
    seen: list[Any] = []

    def work(event: Event) -> None:
        seen.append((current_thread() is main_thread(), CommonEvent.objects.count()))
        Queue.objects.create(genesys_id=event.key)

    name = scripted.first(AgentConnected, does=work)
    deliver()
    row = Destination.objects.get()
    assert (row.name, row.mode, row.topics) == (name, "live", ["agent.connected"])
    assert Audience.objects.count() == 1

    record(answered_email())
    assert scripted.heard == []
    deliver()

    assert seen == [(False, CommonEvent.objects.count())]
    assert Queue.objects.get().genesys_id == "c1:agent.connected:s-agent"
    (event,) = scripted.heard
    assert isinstance(event, AgentConnected)
    assert (event.conversation_id, event.user_id, event.at) == ("c1", "u1", at(6))
    assert event.recorded_at == CommonEvent.objects.get(name="agent.connected").recorded_at
    assert Delivery.objects.get().state == "delivered"
    deliver()
    assert len(scripted.heard) == 1


def test_a_failure_undoes_what_it_wrote_and_is_tried_again_in_order(scripted: Scripted) -> None:
    failing = ["c1:agent.connected:a"]

    def work(event: Event) -> None:
        Queue.objects.create(genesys_id=event.key)
        if failing:
            failing.pop()
            raise ValueError("Ada Lovelace is not known")

    scripted.first(AgentConnected, does=work)
    relayed()
    connected(("c1", "a b c"))
    relayed()
    assert keys(scripted) == ["c1 a"]
    assert not Queue.objects.exists()
    row = Delivery.objects.get(key="c1:agent.connected:a")
    assert (row.state, row.attempts, row.in_doubt) == ("waiting", 1, False)
    assert row.reason.startswith("ValueError at test_after_commit.py:")
    assert Attempt.objects.get().said == "Ada Lovelace is not known"

    connected(("c2", "d"))
    relayed()
    assert keys(scripted) == ["c1 a", "c2 d"]
    relayed(timedelta(minutes=1))
    assert keys(scripted) == ["c1 a", "c2 d", "c1 a", "c1 b", "c1 c"]
    assert Queue.objects.count() == 4


def test_an_error_of_the_database_that_it_swallows_is_its_failure(scripted: Scripted) -> None:
    def swallow(event: Event) -> None:
        Queue.objects.create(genesys_id="kept not")
        with suppress(IntegrityError):
            Queue.objects.create(genesys_id="kept not")

    scripted.first(AgentConnected, does=swallow)
    relayed()
    connected(("c1", "a"))
    relayed()
    assert Delivery.objects.get().reason.startswith("TransactionBrokenError")
    assert not Queue.objects.exists()


def test_a_slow_one_is_left_behind_and_delays_nobody(
    scripted: Scripted, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "DEADLINE_S", 0.3)
    go_on, after = scripted.flag(), Flag()

    def wait(event: Event) -> None:
        Queue.objects.create(genesys_id=event.key)
        go_on.wait(20)
        try:
            Queue.objects.create(genesys_id="too late")
        finally:
            after.set()

    scripted.first(ConversationCreated, does=wait)
    scripted.second(AgentConnected)
    relayed()
    a_destination(served)
    began = time.monotonic()
    connected(("c1", "a"))
    relayed()
    assert time.monotonic() - began < 5
    row = Delivery.objects.get(topic="conversation.created")
    assert row.reason == "it took longer than 0.3 s, so what it wrote is undone"
    assert (row.state, row.in_doubt, Attempt.objects.filter(result="lost").count()) == (
        "waiting",
        True,
        1,
    )
    assert sorted(keys(scripted)) == ["c1 a", "c1:conversation.created:"]
    assert len(served.receivers.heard("/hooks/crm")) == 1
    Queue.objects.create(genesys_id="c1:conversation.created:")  # it holds no lock any more
    go_on.set()
    assert after.wait(10)
    assert Queue.objects.count() == 1


def test_what_it_reads_and_writes_gets_through_among_other_writers(scripted: Scripted) -> None:
    def work(event: Event) -> None:
        known = Queue.objects.count()
        time.sleep(0.02)
        Queue.objects.create(genesys_id=event.key, name=str(known))

    scripted.first(AgentConnected, does=work)
    scripted.second(AgentConnected, does=work)
    scripts.SCRIPTS["second"] = lambda event: Queue.objects.create(genesys_id=f"2{event.key}")
    relayed()
    connected(*((f"c{number}", "a b") for number in range(10)))
    assert relayed() == relay.Done(announced=50, tried=40, through=40)
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


def test_while_it_asks_others_it_keeps_no_writer_waiting(scripted: Scripted) -> None:
    went_in, go_on = Flag(), scripted.flag()

    def ask(event: Event) -> None:
        went_in.set()
        go_on.wait(10)
        Queue.objects.create(genesys_id=event.key)

    name = scripted.first(AgentConnected, does=ask)
    event = AgentConnected(key="k", conversation_id="c", at=at(0), recorded_at=at(0))
    with ThreadPoolExecutor(1) as pool:
        called = pool.submit(calls.call, HANDLERS[name], event)
        assert went_in.wait(10)
        Queue.objects.create(genesys_id="meanwhile")
        go_on.set()
        assert called.result(20).result == "delivered"
    assert Queue.objects.count() == 2


def test_of_one_that_never_comes_back_only_so_many_calls_are_left(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "DEADLINE_S", 0.05)
    go_on = scripted.flag()
    name = scripted.first(AgentConnected, does=lambda _: go_on.wait(20))
    handler, event = (
        HANDLERS[name],
        AgentConnected(key="k", conversation_id="c", at=at(0), recorded_at=at(0)),
    )

    results = [calls.call(handler, event) for _ in range(calls.MOST_LEFT_BEHIND + 1)]
    assert [one.result for one in results] == ["lost"] * calls.MOST_LEFT_BEHIND + ["failed"]
    assert "have not come back" in results[-1].reason
    go_on.set()
    monkeypatch.setattr(calls, "DEADLINE_S", 5.0)
    until = time.monotonic() + 10
    while (last := calls.call(handler, event)).result == "failed" and time.monotonic() < until:
        time.sleep(0.02)
    assert last.result == "delivered"


def test_one_whose_code_is_gone_is_stopped_and_what_waits_is_told_when_it_is_back(
    scripted: Scripted,
) -> None:
    name = scripted.first(AgentConnected)
    relayed()
    handler = HANDLERS.pop(name)
    connected(("c1", "a"))
    assert relay.relay(now=timezone.now()).through == 0
    row = Delivery.objects.get()
    assert row.reason == f"this process does not know {name}: see DCM_EXTENSIONS, restart"

    relayed()
    stopped = Destination.objects.get()
    assert stopped.disabled_reason == destinations.GONE
    connected(("c2", "b"))
    assert relayed(timedelta(minutes=1)).tried == 0

    HANDLERS[name] = handler
    assert relayed().through == 2
    assert sorted(keys(scripted)) == ["c1 a", "c2 b"]


def test_one_that_an_administrator_has_switched_off_stays_so(scripted: Scripted) -> None:
    name = scripted.first(AgentConnected)
    relayed()
    Destination.objects.update(mode="off", topics=[])
    relayed()
    row = Destination.objects.get()
    assert (row.mode, row.topics) == ("off", ["agent.connected"])
    HANDLERS.pop(name)
    relayed()
    assert Destination.objects.get().disabled_at is None


def test_who_asks_for_corrections_is_called_again_under_the_same_key(scripted: Scripted) -> None:
    scripted.first(AgentConnected)
    scripted.second(AgentConnected, corrections=True)
    relayed()
    ringing = participant("p1", "agent", session("s1", segment("alert", 5)), userId="u1")
    record(conversation("c1", ringing), minutes=5.5)
    news = News("c1", "s1", state=State.CONNECTED.value, since=at(6), queue_id="q1")
    live.record_news(news=[news], now=timezone.now())
    relayed()
    assert [(e.at, e.revision) for e in scripted.heard] == [(at(6), 0)] * 2

    segments = (segment("alert", 5, 6.02), segment("interact", 6.02, queueId="q1"))
    exact = participant("p1", "agent", session("s1", *segments), userId="u1")
    record(conversation("c1", exact), minutes=40)
    relayed()
    (again,) = scripted.heard[2:]
    assert (again.at, again.revision, again.key) == (at(6.02), 1, scripted.heard[0].key)


def test_history_and_other_timings_are_not_its_business(scripted: Scripted) -> None:
    scripted.first(ConversationEnded)
    scripted.second(ConversationEnded, timing=Timing.IN_TRANSACTION)
    relayed()
    record(answered_email(), historic=True)
    relayed()
    assert scripted.heard == []
    assert Destination.objects.count() == 1


@pytest.mark.needs("postgresql", reason="SQLite has no connections to count")
def test_no_connection_is_left_open(scripted: Scripted) -> None:
    def count() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            )
            return int(cursor.fetchone()[0])

    def left_open() -> int:
        """Return how many there are once those of threads that have ended are gone."""
        until = time.monotonic() + 20
        while (open_ones := count()) > 1 and time.monotonic() < until:
            time.sleep(0.05)
        return open_ones

    scripted.first(AgentConnected, does=lambda _: Queue.objects.count())
    relayed()
    assert left_open() == 1
    connected(*((f"c{number}", "a") for number in range(20)))
    assert relayed().through == 20
    assert left_open() == 1


def test_in_the_admin_it_is_tried_with_a_made_up_event_and_keeps_nothing(
    scripted: Scripted, client: Client
) -> None:
    scripted.first(AgentConnected, does=lambda e: Queue.objects.create(genesys_id=e.key))
    relayed()
    row = Destination.objects.get()
    client.force_login(User.objects.create_superuser("root", password="x"))
    url = reverse("admin:integrations_destination_test", args=[row.pk])
    for topic in ("agent.connected", "sla.warned"):
        assert "&quot;conversationId&quot;" in client.get(url, {"topic": topic}).content.decode()
    shown = client.post(url, {"topic": "agent.connected"}).content.decode()
    assert "It got through" in shown
    assert len(scripted.heard) == 1
    assert not Queue.objects.exists()

    url = reverse("admin:integrations_destination_change", args=[row.pk])
    assert row.name in client.get(url).content.decode()
    told = {"name": row.name, "mode": "shadow", "topics": row.topics, "handler": row.name}
    client.post(url, told)
    row.refresh_from_db()
    assert (row.mode, row.config) == ("shadow", {"handler": row.name})
    connected(("c1", "a"))
    relayed()
    assert Delivery.objects.get().state == "shown"
