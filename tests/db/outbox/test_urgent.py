"""What tells of a wait goes ahead of everything else that a destination is to be told."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from conversations.models import CommonEvent
from integrations.domain.delivery import Order, Outcome, Pace, Result
from integrations.models import Delivery, Destination
from integrations.outbox import announce, claims, orders, outcomes, registry, relay, replay
from integrations.outbox.outcomes import Tried
from simulator.receivers.server import Served
from tests.db.outbox.conftest import a_destination, an_event

pytestmark = pytest.mark.django_db(transaction=True)

ESCALATED, WITHDRAWN, CONNECTED = "sla.escalated", "sla.withdrawn", "agent.connected"
ONE = Pace(at_once=1, per_s=1000.0)


@pytest.fixture
def everything(served: Served) -> Destination:
    return a_destination(served, topics=[ESCALATED, WITHDRAWN, CONNECTED])


def told(served: Served) -> list[tuple[str, str]]:
    calls = served.receivers.heard("/hooks/crm")
    return [(call.body["type"], call.body["data"]["conversationId"]) for call in calls]


def claimed(destination: Destination, now: datetime, pace: Pace = ONE) -> list[str]:
    return [one.key for one in claims.claim(destination_id=destination.pk, pace=pace, now=now)]


def through(destination: Destination, now: datetime) -> list[str]:
    """Send what may be sent, one after the other; return the keys in that order."""
    found = []
    while taken := claims.claim(destination_id=destination.pk, pace=ONE, now=now):
        found += [one.key for one in taken]
        tried = [Tried(one, Outcome(Result.DELIVERED), now) for one in taken]
        outcomes.note(
            destination_id=destination.pk, kind=registry.kind("webhook"), tried=tried, now=now
        )
        now += timedelta(seconds=1)
    return found


def test_an_escalation_goes_ahead_of_what_has_waited_for_longer(
    everything: Destination, now: datetime, served: Served
) -> None:
    for number in range(300):
        an_event(now, f"c{number}")
    announce.announce(now=now)
    an_event(now, "c299", name=ESCALATED)

    assert announce.announce(now=now + timedelta(seconds=9)) == 1
    row = Delivery.objects.get(topic=ESCALATED)
    assert (row.urgent, row.lane, row.conversation_id) == (True, "sla:c299", "c299")
    assert Delivery.objects.filter(urgent=True).count() == 1
    assert claimed(everything, now + timedelta(seconds=9)) == [row.key]


def test_it_is_among_the_first_that_are_sent(everything: Destination, served: Served) -> None:
    for number in range(40):
        an_event(timezone.now(), f"c{number}")
    announce.announce(now=timezone.now())
    an_event(timezone.now(), "c39", name=ESCALATED)

    relay.relay(now=timezone.now())

    assert (ESCALATED, "c39") in told(served)[: registry.kind("webhook").pace.at_once]
    assert len(told(served)) == 41


def test_it_is_announced_ahead_of_what_was_written_before(
    everything: Destination, now: datetime
) -> None:
    for number in range(3):
        an_event(now, f"c{number}")
    an_event(now, "c9", name=ESCALATED)

    assert [announce.announce(now=now, limit=2) for _ in range(4)] == [1, 2, 1, 0]
    in_order = Delivery.objects.order_by("pk").values_list("conversation_id", flat=True)
    assert list(in_order) == ["c9", "c0", "c1", "c2"]
    assert not CommonEvent.objects.filter(announced=False).exists()


def test_what_tells_of_one_wait_comes_in_its_order(everything: Destination, now: datetime) -> None:
    names = [CONNECTED, ESCALATED, WITHDRAWN]
    for conversation in ("c1", "c2"):
        for name in names:
            an_event(now, conversation, name=name)
    while announce.announce(now=now, limit=1):
        pass

    sent = [key.split(":")[:2] for key in through(everything, now)]

    assert sent == [
        *([c, name] for c in ("c1", "c2") for name in (ESCALATED, WITHDRAWN)),
        *([c, CONNECTED] for c in ("c1", "c2")),
    ]


def test_a_message_that_cannot_be_sent_keeps_no_escalation_of_its_conversation_back(
    everything: Destination, now: datetime, served: Served
) -> None:
    served.receivers.faults.put([{"kind": "error", "status": 500, "count": 1}])
    an_event(timezone.now())
    relay.relay(now=timezone.now())
    an_event(timezone.now(), name=ESCALATED)
    relay.relay(now=timezone.now())

    assert told(served) == [(ESCALATED, "c1")]
    assert Delivery.objects.get(state="waiting").topic == CONNECTED


def test_an_urgent_one_waits_for_the_one_before_it_in_its_lane(
    everything: Destination, now: datetime
) -> None:
    wanted = [
        Order(f"k{number}", "t", "c", {}, lane="one" if number < 3 else "", urgent=number == 2)
        for number in range(5)
    ]
    orders.write(destination_id=everything.pk, orders=wanted, now=now)

    assert claimed(everything, now, Pace(at_once=9, per_s=1000.0)) == ["k0", "k3", "k4"]


def test_all_that_may_go_is_claimed_at_once_urgent_or_not(
    everything: Destination, now: datetime
) -> None:
    wanted = [Order(f"k{n}", "t", "c", {}, urgent=n % 2 == 0) for n in range(9)]
    orders.write(destination_id=everything.pk, orders=wanted, now=now)

    four = claimed(everything, now, Pace(at_once=4, per_s=1000.0))
    assert four == ["k0", "k2", "k4", "k6"]
    later = now + timedelta(seconds=1)
    rest = claimed(everything, later, Pace(at_once=40, per_s=1000.0))
    assert rest == ["k1", "k3", "k5", "k7", "k8"]


def test_told_again_it_stays_urgent(everything: Destination, now: datetime) -> None:
    event = an_event(now, name=ESCALATED)
    announce.announce(now=now)
    Delivery.objects.all().delete()

    list(replay.replay(CommonEvent.objects.filter(pk=event.pk), [everything], now=now))

    row = Delivery.objects.get()
    assert (row.urgent, row.lane) == (True, "sla:c1")
