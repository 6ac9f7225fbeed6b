"""A kind that goes wrong, wherever, costs its own deliveries at most, and never silently."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import pytest
from django.utils import timezone

from integrations.domain.delivery import MOST_ATTEMPTS, Outcome, Parcel, Result
from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import announce, claims, outcomes, relay
from integrations.outbox.outcomes import Tried
from integrations.outbox.registry import KINDS, kind
from integrations.webhooks.kind import Webhook
from simulator.receivers.server import Served
from tests.db.outbox.conftest import a_destination, an_event

pytestmark = pytest.mark.django_db(transaction=True)


class Clumsy(Webhook):
    """Goes wrong in the place that is named, for the conversation c1 alone."""

    name = "clumsy"
    place: ClassVar[str] = ""

    def _trip(self, place: str, conversation_id: str) -> None:
        if place == self.place and conversation_id == "c1":
            raise SystemExit("1") if place == "send" else KeyError("a secret")

    def orders(self, destination: Destination, told: Any, *, now: datetime) -> Any:
        for one in told:
            self._trip("orders", one.conversation_id)
        return super().orders(destination, told, now=now)

    def messages(self, destination: Destination, parcels: Sequence[Parcel]) -> Mapping[int, Any]:
        for one in parcels:
            self._trip("messages", one.conversation_id)
        return super().messages(destination, parcels)

    def render(self, settings: Any, message: Any) -> Any:
        self._trip("render", message.conversation_id)
        return super().render(settings, message)

    def send(self, settings: Any, letters: Any) -> Sequence[Outcome]:
        self._trip("send", letters[0].message.conversation_id)
        found = super().send(settings, letters)
        too_few = self.place == "few" and letters[0].message.conversation_id == "c1"
        return [] if too_few else found

    def settle(self, destination: Any, parcel: Parcel, outcome: Outcome, *, now: datetime) -> None:
        self._trip("settle", parcel.conversation_id)


@pytest.fixture(autouse=True)
def clumsy() -> Iterator[type[Clumsy]]:
    KINDS["clumsy"] = f"{__name__}.Clumsy"
    yield Clumsy
    Clumsy.place = ""
    del KINDS["clumsy"]
    kind.cache_clear()


@pytest.mark.parametrize(
    ("place", "state", "reason"),
    [
        ("orders", "dead", "it could not be ordered (KeyError): see the worker's log"),
        ("messages", "dead", "it could not be written (KeyError): see the worker's log"),
        ("render", "dead", "it could not be written (KeyError): see the worker's log"),
        ("send", "waiting", "internal error (SystemExit): see the worker's log"),
        ("few", "waiting", "internal error (ValueError): see the worker's log"),
        ("settle", "waiting", "what became of it could not be kept (KeyError): see the log"),
    ],
)
def test_what_goes_wrong_with_one_delivery_is_told_and_the_others_go_out(
    place: str, state: str, reason: str, served: Served, now: datetime
) -> None:
    Clumsy.place = place
    a_destination(served, kind="clumsy")
    for number in range(4):
        an_event(now, f"c{number}")
    relay.relay(now=timezone.now())
    rows = {row.conversation_id: row for row in Delivery.objects.all()}
    assert {key: row.state for key, row in rows.items()} == {
        "c0": "delivered",
        "c1": state,
        "c2": "delivered",
        "c3": "delivered",
    }
    assert rows["c1"].reason == reason
    assert rows["c1"].in_doubt is (state == "waiting")


def test_a_kind_that_is_not_there_any_more_holds_up_nobody(served: Served, now: datetime) -> None:
    gone = a_destination(served, "Gone")
    a_destination(served, "CRM")
    Destination.objects.filter(pk=gone.pk).update(kind="gone")
    an_event(now)
    assert relay.relay(now=timezone.now()).through == 1
    row = Delivery.objects.get(destination=gone)
    assert (row.state, row.reason) == (
        "dead",
        "it could not be ordered (KeyError): see the worker's log",
    )


def test_what_kills_its_worker_each_time_is_given_up(served: Served, now: datetime) -> None:
    a_destination(served)
    an_event(now, "c1", "s0")
    an_event(now, "c1", "s1")
    announce.announce(now=timezone.now())
    first, _ = Delivery.objects.order_by("pk")
    Delivery.objects.filter(pk=first.pk).update(attempts=MOST_ATTEMPTS)
    assert relay.relay(now=timezone.now()).through == 1
    first.refresh_from_db()
    assert (first.state, first.reason) == ("dead", relay.DIED)
    assert len(served.receivers.calls) == 1


def test_what_a_receiver_says_is_kept_whatever_stands_in_it(served: Served, now: datetime) -> None:
    a_destination(served)
    an_event(now)
    announce.announce(now=timezone.now())
    row = Delivery.objects.get()
    (parcel,) = claims.claim(
        destination_id=row.destination_id, pace=Webhook.pace, now=timezone.now()
    )
    said = Outcome(Result.DELIVERED, said="a\0b\ud800", remote_id="7" * 300)
    outcomes.note(
        destination_id=row.destination_id,
        kind=kind("webhook"),
        tried=[Tried(parcel, said, now)],
        now=timezone.now(),
    )
    row.refresh_from_db()
    assert Attempt.objects.get().said == "a␀b?"
    assert row.remote_id == "7" * 200


def test_a_destination_deleted_meanwhile_is_no_trouble(served: Served, now: datetime) -> None:
    a_destination(served)
    an_event(now)
    announce.announce(now=timezone.now())
    row = Delivery.objects.get()
    parcels = claims.claim(destination_id=row.destination_id, pace=Webhook.pace, now=timezone.now())
    Destination.objects.all().delete()
    tried = [Tried(one, Outcome(Result.DELIVERED), now) for one in parcels]
    assert (
        outcomes.note(
            destination_id=row.destination_id,
            kind=kind("webhook"),
            tried=tried,
            now=timezone.now(),
        )
        == 0
    )
