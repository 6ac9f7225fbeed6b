"""Whoever is away while a customer waits is told within half a minute of their return."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from integrations.domain.delivery import (
    MOST_ATTEMPTS,
    PAUSES,
    PROBE,
    Outcome,
    Pace,
    Result,
    breaks_for,
    pause_after,
    tries_by,
)
from integrations.models import Delivery, Destination
from integrations.outbox import announce, claims, outcomes, registry, relay
from integrations.outbox.outcomes import Tried
from simulator.receivers.server import Served
from tests.db.outbox.conftest import a_destination, an_event

pytestmark = pytest.mark.django_db(transaction=True)

ESCALATED, CONNECTED = "sla.escalated", "agent.connected"
SECOND, A_DAY = timedelta(seconds=1), timedelta(days=1)
AWAY = Outcome(Result.FAILED, "HTTP 503", status=503)
THROUGH = Outcome(Result.DELIVERED)
SOON = 1.2 * PROBE  # with its jitter


@pytest.fixture
def everything(served: Served) -> Destination:
    return a_destination(served, topics=[ESCALATED, CONNECTED])


def tried(destination: Destination, outcome: Outcome, now: datetime) -> list[str]:
    """Claim what may be sent, and have it come out so; return the topics."""
    taken = claims.claim(destination_id=destination.pk, pace=Pace(), now=now)
    outcomes.note(
        destination_id=destination.pk,
        kind=registry.kind("webhook"),
        tried=[Tried(one, outcome, now) for one in taken],
        now=now,
    )
    return [one.topic for one in taken]


def next_try(destination: Destination) -> datetime:
    """Return when something can be sent next."""
    destination.refresh_from_db()
    due = min(Delivery.objects.filter(state="waiting").values_list("due_at", flat=True))
    return max(due, destination.open_until or due)


def ordered(now: datetime, *names: str) -> None:
    for number, name in enumerate(names):
        an_event(now, f"c{number}", name=name)
    announce.announce(now=now)
    announce.announce(now=now)


def test_who_is_away_is_asked_after_all_along(everything: Destination, now: datetime) -> None:
    ordered(now, ESCALATED)
    at, asked = now, [now]
    while at - now < timedelta(hours=1):
        assert tried(everything, AWAY, at) == [ESCALATED]
        at = next_try(everything)
        asked.append(at)

    assert max(later - earlier for earlier, later in pairwise(asked)) <= SOON
    assert Delivery.objects.get().attempts == tries_by(timedelta(hours=1))
    assert tried(everything, THROUGH, at) == [ESCALATED]
    assert Delivery.objects.get().state == "delivered"


def test_it_is_given_up_no_sooner_than_anything_else(
    everything: Destination, now: datetime
) -> None:
    ordered(now, ESCALATED)
    tried(everything, AWAY, now)
    last = now + sum(PAUSES, timedelta())
    Delivery.objects.update(attempts=MOST_ATTEMPTS - 2, due_at=last - 20 * SECOND)
    tried(everything, AWAY, last - 20 * SECOND)
    assert Delivery.objects.get().state == "waiting"

    Destination.objects.update(open_until=None)
    Delivery.objects.update(due_at=last)
    tried(everything, AWAY, last)
    assert Delivery.objects.get().state == "dead"


def test_sent_again_after_days_it_has_all_its_pauses(
    everything: Destination, now: datetime
) -> None:
    ordered(now - 3 * A_DAY, ESCALATED)
    for number in range(4):
        Destination.objects.update(open_until=None)
        at = now + number * A_DAY
        Delivery.objects.update(due_at=at)
        tried(everything, AWAY, at)
        waits = Delivery.objects.get().due_at - at
        assert 0.8 * PAUSES[number] <= waits <= 1.2 * PAUSES[number]


def test_what_asks_for_a_longer_wait_is_obeyed(everything: Destination, now: datetime) -> None:
    ordered(now, ESCALATED)
    tried(everything, AWAY._replace(status=429, retry_after=600.0), now)
    assert Delivery.objects.get().due_at == now + timedelta(seconds=600)


def test_a_message_that_fails_while_others_get_through_has_longer_and_longer_pauses(
    everything: Destination, now: datetime
) -> None:
    ordered(now, ESCALATED)
    for number in range(5):
        due_at = Delivery.objects.get(topic=ESCALATED).due_at
        Destination.objects.update(delivered_at=due_at - 5 * SECOND, failures=0, open_until=None)
        tried(everything, AWAY, due_at)
        waits = Delivery.objects.get().due_at - due_at
        assert 0.8 * PAUSES[number] <= waits <= 1.2 * PAUSES[number]
    assert Delivery.objects.get().attempts == 5


def test_what_is_not_urgent_has_the_usual_pauses(everything: Destination, now: datetime) -> None:
    ordered(now, CONNECTED)
    at = now
    for _ in range(7):
        tried(everything, AWAY, at)
        at = next_try(everything)
    everything.refresh_from_db()
    assert (everything.failures, Delivery.objects.get().attempts) == (7, 7)
    assert at - now > timedelta(minutes=60)


def test_what_comes_while_the_breaker_is_open_for_long_shortens_it(
    everything: Destination, now: datetime, served: Served
) -> None:
    ordered(now, CONNECTED)
    away = now + timedelta(seconds=300)
    Destination.objects.update(failures=9, open_until=away)
    claims.hurry(now=now)
    everything.refresh_from_db()
    assert everything.open_until == away

    an_event(now, "c9", name=ESCALATED)
    assert relay.relay(now=now).announced == 1
    everything.refresh_from_db()
    assert everything.open_until is not None
    assert PROBE - SECOND < everything.open_until - now < PROBE + SECOND
    assert relay.relay(now=everything.open_until).through == 2


def test_over_the_wire_it_is_told_soon_after_they_are_back(
    everything: Destination, now: datetime, served: Served
) -> None:
    served.receivers.faults.put([{"kind": "error", "status": 503}])
    ordered(now, ESCALATED, CONNECTED)
    at = now
    for _ in range(45):
        relay.relay(now=at)
        at = next_try(everything)
    assert at - now >= timedelta(minutes=12)
    served.receivers.faults.put([])
    back = at - 1.2 * PROBE  # at the worst it returned right after the try before
    assert relay.relay(now=at).through == 2
    assert at - back <= timedelta(seconds=30)


def test_a_worker_that_died_with_it_keeps_it_for_less_than_half_a_minute(
    everything: Destination, now: datetime
) -> None:
    ordered(now, ESCALATED, CONNECTED)
    claims.claim(destination_id=everything.pk, pace=Pace(), now=now)
    leases = Delivery.objects.order_by("topic").values_list("topic", "leased_until")
    assert list(leases) == [(CONNECTED, now + 60 * SECOND), (ESCALATED, now + 25 * SECOND)]
    again = claims.claim(destination_id=everything.pk, pace=Pace(), now=now + 25 * SECOND)
    assert [one.topic for one in again] == [ESCALATED]


@pytest.mark.parametrize(
    ("age_s", "tries"),
    [(0, 1), (4.9, 1), (5, 2), (24.9, 2), (25, 3), (85, 4), (96_684, 12), (96_685, 13), (1e6, 13)],
)
def test_tries_are_counted_as_the_pauses_alone_would_make_them(age_s: float, tries: int) -> None:
    assert tries_by(timedelta(seconds=age_s)) == tries


def test_pauses_are_cut_for_what_is_urgent() -> None:
    assert pause_after(1, None, 0.5, probes=True) == timedelta(seconds=5)
    assert pause_after(9, None, 0.5, probes=True) == PROBE
    assert pause_after(9, 90.0, 0.5, probes=True) == timedelta(seconds=90)
    assert pause_after(MOST_ATTEMPTS, None, 0.5, probes=True) is None
    assert [breaks_for(n, urgent=True) for n in (4, 5, 99)] == [None, 10 * SECOND, PROBE]
