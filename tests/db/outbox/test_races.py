"""Several who announce and relay at once, a database that is away, and clocks that are set."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from conversations.models import CommonEvent
from integrations.domain.delivery import Pace, Told
from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import afterwards, announce, claims, healing, relay, turns
from simulator.receivers.server import Served
from tests.db.outbox.conftest import a_destination, an_event, message_id

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 4


def at_once(work: Callable[[], object]) -> None:
    """Do the same in several threads that start together, each with a connection of its own."""
    ready = threading.Barrier(WORKERS)

    def one(_: int) -> None:
        try:
            ready.wait(timeout=10)
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(one, range(WORKERS)))


def test_who_announces_and_relays_at_once_tells_each_event_once_and_in_order(
    destination: Destination, now: datetime, served: Served
) -> None:
    for number in range(120):
        an_event(now, f"c{number % 7}", f"s{number:03}")
    at_once(lambda: relay.relay(now=timezone.now()))
    while Delivery.objects.filter(state="waiting").exists():
        relay.relay(now=timezone.now())
    ids = [call.headers["webhook-id"] for call in served.receivers.calls]
    assert max(Counter(ids).values()) == 1
    told: dict[str, list[str]] = defaultdict(list)
    ordered: dict[str, list[str]] = defaultdict(list)
    for call in served.receivers.calls:
        told[call.body["data"]["conversationId"]].append(call.headers["webhook-id"])
    for row in Delivery.objects.order_by("pk"):
        ordered[row.conversation_id].append(message_id(row))
    assert told == ordered
    subjects = [row.payload["subject"] for row in Delivery.objects.order_by("pk")]
    assert subjects == sorted(subjects)


def test_what_is_put_right_while_it_is_announced_is_announced_again(
    destination: Destination, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite lets nobody write meanwhile, PostgreSQL lets whoever comes wait for the row."""
    event = an_event(now)
    threads: list[threading.Thread] = []

    def put_right() -> None:
        CommonEvent.objects.filter(pk=event.pk).update(announced=False)
        connection.close()

    def meanwhile(row: CommonEvent) -> Told:
        threads.append(threading.Thread(target=put_right))
        threads[0].start()
        time.sleep(0.3)
        return read(row)

    read = announce.told_of
    monkeypatch.setattr(announce, "told_of", meanwhile)
    assert announce.announce(now=timezone.now()) == 1
    threads[0].join()
    event.refresh_from_db()
    assert event.announced is False


def test_one_run_at_a_time_on_a_machine(destination: Destination, now: datetime) -> None:
    an_event(now)
    with turns.alone("deliver") as is_alone:
        assert is_alone
        assert relay.take_turn(now=timezone.now()) is None
    assert relay.take_turn(now=timezone.now()) == relay.Done(1, 1, 1)
    assert (settings.VAR_DIR / "deliver.lock").exists()


def test_a_slow_call_holds_no_turn_and_is_noted_when_it_comes_back(
    destination: Destination, now: datetime, served: Served
) -> None:
    served.receivers.faults.put([{"kind": "slow", "seconds": 3.0, "count": 1}])
    an_event(now, "c1", "s0")
    an_event(now, "c1", "s1")
    begun = time.monotonic()
    assert relay.take_turn(now=timezone.now()) == relay.Done(announced=2)
    assert time.monotonic() - begun < 2.5
    assert relay.take_turn(now=timezone.now()) == relay.Done()  # the second waits for the first
    assert afterwards.HANDS.finish(within_s=10)
    assert Attempt.objects.get().result == "delivered"
    assert relay.take_turn(now=timezone.now()) == relay.Done(0, 1, 1)
    assert len(served.receivers.calls) == 2


@contextmanager
def destinations_held() -> Iterator[None]:
    """Hold, in another connection, what whoever notes must have."""
    held, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            list(Destination.objects.select_for_update())
            held.set()
            leave.wait(20)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(hold)
        assert held.wait(10)
        try:
            yield
        finally:
            leave.set()


def impatiently_relayed() -> relay.Done:
    """Relay over a connection that waits for a lock for a moment only."""
    limit = {"sqlite": "PRAGMA busy_timeout = 100", "postgresql": "SET lock_timeout = '100ms'"}
    try:
        with connection.cursor() as cursor:
            cursor.execute(limit[connection.vendor])
        return relay.relay(now=timezone.now())
    finally:
        connection.close()


def test_what_comes_back_while_the_database_is_away_is_noted_later(
    destination: Destination, now: datetime, served: Served
) -> None:
    served.receivers.faults.put([{"kind": "slow", "seconds": 1.0, "count": 1}])
    an_event(now)
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(impatiently_relayed)
        while not served.receivers.faults.befallen:
            time.sleep(0.01)
        with destinations_held():
            while not served.receivers.calls:
                time.sleep(0.01)
            time.sleep(0.5)
            assert not run.done()
        assert run.result(30) == relay.Done(1, 1, 1)
    row = Delivery.objects.get()
    assert (row.state, row.in_doubt, len(served.receivers.calls)) == ("delivered", False, 1)


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_is_set_stops_nothing(
    hours: int, destination: Destination, now: datetime, served: Served
) -> None:
    """What another clock has written lies in the future, or in the past: all of it goes on."""
    was = timezone.now() - timedelta(hours=hours)
    an_event(now, "c1")
    an_event(now, "c2")
    announce.announce(now=was)
    claims.claim(destination_id=destination.pk, pace=Pace(at_once=1, per_s=0.1), now=was)
    Destination.objects.update(open_until=was + timedelta(minutes=5))
    assert relay.relay(now=timezone.now()).through == 2
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["delivered", "delivered"]
    assert len(served.receivers.calls) == 2


def test_what_others_hold_rightly_is_not_healed_away(
    destination: Destination, now: datetime
) -> None:
    an_event(now)
    announce.announce(now=timezone.now())
    claims.claim(destination_id=destination.pk, pace=Pace(), now=timezone.now())
    opened = timezone.now() + timedelta(minutes=5)
    Destination.objects.update(open_until=opened)
    assert healing.heal(now=timezone.now()) == 0
    assert Destination.objects.get().open_until == opened


def test_few_events_at_a_time_are_announced_to_very_many(
    served: Served, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce, "MOST_ORDERS", 4)
    for number in range(3):
        a_destination(served, f"d{number}")
    for number in range(3):
        an_event(now, f"c{number}")
    assert announce.announce(now=timezone.now()) == 1
    assert Delivery.objects.count() == 3
    relay.relay(now=timezone.now())
    assert Delivery.objects.filter(state="delivered").count() == 9
