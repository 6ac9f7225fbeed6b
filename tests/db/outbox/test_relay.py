"""The whole way out, from a Common Event to somebody else's server."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from integrations.domain.delivery import BREAKS_AFTER, Pace
from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import announce, claims, outcomes, relay
from simulator.receivers.server import Served
from tests.db.outbox.conftest import a_destination, an_event, message_id

pytestmark = pytest.mark.django_db(transaction=True)


def relayed(after: timedelta = timedelta()) -> relay.Done:
    return relay.relay(now=timezone.now() + after)


def told(served: Served, name: str = "crm") -> list[str]:
    return [
        call.body["data"]["conversationId"] for call in served.receivers.heard(f"/hooks/{name}")
    ]


def test_an_event_reaches_a_webhook_once(
    destination: Destination, now: datetime, served: Served
) -> None:
    an_event(now)
    assert relayed() == relay.Done(announced=1, tried=1, through=1)
    row = Delivery.objects.get()
    assert (row.state, row.sent_version, row.attempts) == ("delivered", 1, 1)
    assert (Attempt.objects.get().status, Attempt.objects.get().result) == (204, "delivered")
    (call,) = served.receivers.heard("/hooks/crm")
    assert call.headers["webhook-id"] == message_id(row)
    assert relayed() == relay.Done()


def test_a_failure_is_tried_again_when_its_pause_is_over(
    destination: Destination, now: datetime, served: Served
) -> None:
    served.receivers.faults.put([{"kind": "error", "status": 503, "count": 1}])
    an_event(now)
    assert relayed().through == 0
    row = Delivery.objects.get()
    assert (row.state, row.reason, row.attempts) == (
        "waiting",
        "HTTP 503: it is not available now",
        1,
    )
    assert row.in_doubt is False
    assert relayed() == relay.Done()
    assert relay.relay(now=row.due_at).through == 1


def test_retry_after_is_obeyed(destination: Destination, now: datetime, served: Served) -> None:
    rule = {"kind": "error", "status": 429, "retry_after": 600, "count": 1}
    served.receivers.faults.put([rule])
    an_event(now)
    begun = timezone.now()
    relayed()
    assert Delivery.objects.get().due_at >= begun + timedelta(seconds=600)


def test_an_answer_that_was_lost_leaves_a_doubt_and_the_same_id_goes_out_twice(
    destination: Destination, now: datetime, served: Served
) -> None:
    served.receivers.faults.put([{"kind": "drop_after", "count": 1}])
    an_event(now)
    relayed()
    row = Delivery.objects.get()
    assert (row.in_doubt, Attempt.objects.get().result) == (True, "lost")
    assert relay.relay(now=row.due_at).through == 1
    first, second = served.receivers.heard("/hooks/crm")
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert Delivery.objects.get().in_doubt is False


def test_within_a_conversation_the_next_waits_for_the_one_before(
    destination: Destination, now: datetime, served: Served
) -> None:
    served.receivers.faults.put([{"kind": "error", "status": 500, "count": 1}])
    for number in range(3):
        an_event(now, "c1", f"s{number}")
    relayed()
    an_event(now, "c2")
    relayed()
    assert told(served) == ["c2"]
    relayed(timedelta(minutes=1))
    assert told(served) == ["c2", "c1", "c1", "c1"]
    sent = [call.headers["webhook-id"] for call in served.receivers.heard("/hooks/crm")[1:]]
    ordered = Delivery.objects.filter(conversation_id="c1").order_by("pk")
    assert sent == [message_id(row) for row in ordered]


def test_what_is_refused_is_given_up_and_the_next_goes_on(
    destination: Destination, now: datetime, served: Served
) -> None:
    served.receivers.faults.put([{"kind": "error", "status": 422, "count": 1}])
    an_event(now, "c1", "s0")
    an_event(now, "c1", "s1")
    relayed()
    states = list(Delivery.objects.order_by("pk").values_list("state", "reason"))
    assert states == [("dead", "HTTP 422: it does not take this message"), ("delivered", "")]


def test_a_destination_that_refuses_everything_is_stopped_and_nothing_is_lost(
    destination: Destination, now: datetime, served: Served
) -> None:
    served.receivers.faults.put([{"kind": "error", "status": 410}])
    an_event(now)
    relayed()
    destination.refresh_from_db()
    assert destination.disabled_at is not None
    assert destination.disabled_reason == "HTTP 410: it is gone for good. Ask for its new address"
    an_event(now, "c2")
    assert relayed() == relay.Done(announced=1)
    served.receivers.faults.put([])
    outcomes.enable(destination_id=destination.pk, now=timezone.now())
    assert relayed().through == 2
    assert sorted(told(served)) == ["c1", "c2"]


def test_in_shadow_mode_it_is_rendered_and_logged_and_not_sent(
    served: Served, now: datetime
) -> None:
    a_destination(served, mode="shadow")
    an_event(now)
    relayed()
    assert Delivery.objects.get().state == "shown"
    assert '"conversationId":"c1"' in Attempt.objects.get().said
    assert told(served) == []


def test_nobody_who_is_off_is_told_and_without_anybody_nothing_waits(
    served: Served, now: datetime
) -> None:
    row = a_destination(served, mode="off")
    announce.listen(row)
    an_event(now)
    relayed()
    assert Delivery.objects.count() == 0


def test_the_breaker_opens_and_what_waited_is_due_when_it_gets_through(
    destination: Destination, now: datetime, served: Served
) -> None:
    served.receivers.faults.put([{"kind": "error", "status": 500}])
    for number in range(8):
        an_event(now, f"c{number}")
    relayed()
    destination.refresh_from_db()
    assert destination.failures >= BREAKS_AFTER  # those that were under way together count too
    assert destination.open_until
    assert relay.relay(now=destination.open_until - timedelta(seconds=2)).tried == 0
    served.receivers.faults.put([])
    assert relay.relay(now=destination.open_until).through == 8
    destination.refresh_from_db()
    assert destination.failures == 0
    assert sorted(told(served)) == [f"c{number}" for number in range(8)]


def test_only_what_was_asked_for_is_told(served: Served, now: datetime) -> None:
    a_destination(served, "Other", topics=["hold.started"])
    a_destination(served, "Queue", queue_ids=["q9"])
    a_destination(served, "Medium", media_types=["voice"])
    an_event(now)
    relayed()
    assert Delivery.objects.count() == 0


def test_a_lease_that_ran_out_leaves_a_doubt(
    destination: Destination, now: datetime, served: Served
) -> None:
    an_event(now)
    announce.announce(now=timezone.now())
    (parcel,) = claims.claim(destination_id=destination.pk, pace=Pace(), now=timezone.now())
    assert parcel.in_doubt is False
    assert relayed().tried == 0
    later = timezone.now() + claims.LEASE + timedelta(seconds=2)
    (again,) = claims.claim(destination_id=destination.pk, pace=Pace(), now=later)
    assert (again.in_doubt, again.attempts) == (True, 2)
