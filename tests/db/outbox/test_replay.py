"""Telling destinations of events again: in order, under the same ids, and what was never told."""

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from conversations.models import CommonEvent
from integrations.domain.delivery import Pace
from integrations.management.commands import replay_events
from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import announce, claims, relay, replay
from simulator.receivers.server import Served
from tests.db.outbox.conftest import a_destination, an_event, message_id

pytestmark = pytest.mark.django_db(transaction=True)


def replayed(*arguments: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("replay_events", *arguments, stdout=out, **options)
    return out.getvalue()


def relayed() -> int:
    return relay.relay(now=timezone.now() + timedelta(seconds=2)).through


def heard(served: Served, name: str = "crm") -> list[str]:
    return [call.headers["webhook-id"] for call in served.receivers.heard(f"/hooks/{name}")]


def events(now: datetime, *names: str) -> None:
    """Write events c1/s1 and so on: conversation and subject, in order."""
    for name in names:
        an_event(now, *name.split("/"))


def subjects() -> list[str]:
    rows = Delivery.objects.order_by("pk")
    return [f"{row.conversation_id}/{row.payload['subject']}" for row in rows]


def test_a_conversation_is_told_again_in_order_under_the_same_ids(
    destination: Destination, served: Served, now: datetime
) -> None:
    events(now, "c1/s1", "c1/s2", "c1/s3", "c2/s4")
    relayed()
    first = heard(served)
    expected = [
        message_id(row) for row in Delivery.objects.filter(conversation_id="c1").order_by("pk")
    ]

    said = replayed("--conversation", "c1")

    assert said == (
        "3 events of 1 conversations, 1 destinations: 3 deliveries are sent again, "
        "0 for the first time\n"
    )
    assert relayed() == 3
    assert heard(served)[len(first) :] == expected
    assert Attempt.objects.count() == 7


def test_a_period_is_what_was_learned_in_it(destination: Destination, now: datetime) -> None:
    events(now, "c1/s1")
    events(now + timedelta(hours=1), "c1/s2", "c2/s1")
    events(now + timedelta(hours=2), "c2/s2")
    relayed()
    Delivery.objects.update(delivered_at=None)

    said = replayed("--from", "2026-03-27T17:45:00Z", "--to", "2026-03-27T18:45:00Z")
    assert said.startswith("2 events of 2 conversations, 1 destinations: 2 deliveries")
    assert relayed() == 2
    again = Delivery.objects.filter(delivered_at__isnull=False).order_by("pk")
    assert [row.key for row in again] == ["c1:agent.connected:s2", "c2:agent.connected:s1"]
    assert replayed("--from", "2026-03-27T18:45:00Z").startswith("1 events")


def test_what_one_was_never_told_goes_out_for_the_first_time(
    destination: Destination, served: Served, now: datetime
) -> None:
    events(now, "c1/s1", "c1/s2", "c2/s1")
    relayed()
    a_destination(served, "New")
    a_destination(served, "Other", topics=["hold.started"])

    said = replayed("--conversation", "c1", "--conversation", "c2", "--destination", "New")
    assert said.endswith("1 destinations: 0 deliveries are sent again, 3 for the first time\n")
    assert relayed() == 3
    assert len(heard(served, "new")) == 3
    assert len(heard(served)) == 3


def test_what_is_forgotten_stands_before_what_came_after_it(
    destination: Destination, served: Served, now: datetime
) -> None:
    events(now, "c1/s1", "c1/s2", "c1/s3", "c2/s1")
    relayed()
    ids = {row.key: message_id(row) for row in Delivery.objects.all()}
    Delivery.objects.filter(key="c1:agent.connected:s2").delete()
    was = Attempt.objects.filter(delivery__key="c1:agent.connected:s3").get()

    replayed("--conversation", "c1")

    assert subjects() == ["c1/s1", "c2/s1", "c1/s2", "c1/s3"]
    was.refresh_from_db()
    assert was.delivery.key == "c1:agent.connected:s3"
    assert relayed() == 3
    told = [ids[f"c1:agent.connected:{name}"] for name in ("s1", "s2", "s3")]
    assert heard(served)[4:] == told

    Delivery.objects.filter(key="c1:agent.connected:s1").delete()
    replayed("--conversation", "c1")
    assert relayed() == 3
    assert heard(served)[7:] == told


def test_what_is_under_way_keeps_its_place(destination: Destination, now: datetime) -> None:
    events(now, "c1/s1", "c1/s2")
    announce.announce(now=timezone.now())
    Delivery.objects.filter(key="c1:agent.connected:s1").delete()
    (parcel,) = claims.claim(destination_id=destination.pk, pace=Pace(), now=timezone.now())

    replayed("--conversation", "c1")

    row = Delivery.objects.get(key=parcel.key)
    assert (row.pk, row.fence, row.leased_until is not None) == (parcel.pk, parcel.fence, True)


def test_what_was_corrected_is_told_as_it_stands_now_where_it_was_never_told(
    served: Served, now: datetime
) -> None:
    an_event(now)
    CommonEvent.objects.update(revision=2, announced=True, at=now + timedelta(seconds=1))
    a_destination(served)
    replayed("--conversation", "c1")
    assert relayed() == 1
    (call,) = served.receivers.heard("/hooks/crm")
    assert call.body["timestamp"].startswith("2026-03-27T16:45:01")


def test_a_trial_changes_nothing(destination: Destination, now: datetime) -> None:
    events(now, "c1/s1", "c1/s2")
    relayed()
    Delivery.objects.filter(key__endswith="s2").delete()
    said = replayed("--conversation", "c1", "--dry-run")
    assert said.endswith("1 deliveries would be sent again, 1 for the first time\n")
    assert list(Delivery.objects.values_list("state", flat=True)) == ["delivered"]


def test_history_was_nobodys_news_and_is_not_told_now(
    destination: Destination, now: datetime
) -> None:
    an_event(now)
    CommonEvent.objects.update(historic=True)
    assert replayed("--conversation", "c1").startswith("0 events")


def test_many_are_asked_about_and_told_of_bit_by_bit(
    destination: Destination, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    events(now, "c1/s1", "c2/s1", "c3/s1")
    relayed()
    monkeypatch.setattr(replay_events, "MOST_UNASKED", 2)
    monkeypatch.setattr(replay, "BATCH", 1)
    monkeypatch.setattr("builtins.input", lambda: "no")
    assert "nothing was changed" in replayed("--from", "2026-03-27T00:00:00Z")
    said = replayed("--from", "2026-03-27T00:00:00Z", "--yes").splitlines()
    assert said[:2] == ["  1 of 3 events", "  2 of 3 events"]
    assert said[2].startswith("3 events of 3 conversations, 1 destinations: 3 deliveries")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "of what"),
        (("--to", "2026-03-27T00:00:00Z"), "of what"),
        (("--conversation", "c1", "--from", "2026-03-27T00:00:00Z"), "of what"),
        (("--conversation", "c9"), "c9 is not in the mirror"),
        (("--from", "yesterday"), "--from: 'yesterday' is not an ISO-8601 instant"),
        (("--from", "2026-03-27T00:00:00"), "lacks its time zone"),
        (("--from", "2026-03-27T00:00:00Z", "--to", "2026-03-26T00:00:00Z"), "must lie after"),
        (("--conversation", "c1", "--destination", "Nobody"), "no destination 'Nobody' that is on"),
    ],
)
def test_what_is_asked_for_wrongly_is_told(
    destination: Destination, arguments: tuple[str, ...], why: str
) -> None:
    with pytest.raises(CommandError, match=why):
        replayed(*arguments)
