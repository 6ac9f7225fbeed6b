"""What goes out is kept for its time, and forgets persons when they are to be forgotten."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from conversations.domain.personal import Identifier, Kind
from conversations.models import Participant
from integrations.erasure import requests
from integrations.models import Attempt, Delivery
from integrations.outbox import relay, retention
from simulator.receivers.server import Served
from tests.db.outbox.conftest import a_destination, an_event

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_was_told_is_kept_for_its_time(served: Served, now: datetime) -> None:
    a_destination(served)
    an_event(now, "c1")
    relay.relay(now=timezone.now())
    kept = timezone.now() + timedelta(days=29)
    assert retention.drop_old(now=kept) == 0
    assert retention.drop_old(now=kept + timedelta(days=2)) == 1
    assert not Attempt.objects.exists()


def test_what_waits_is_never_dropped(served: Served, now: datetime) -> None:
    served.receivers.faults.put([{"kind": "error", "status": 503}])
    a_destination(served)
    an_event(now)
    relay.relay(now=timezone.now())
    assert retention.drop_old(now=timezone.now() + timedelta(days=400)) == 0
    assert Delivery.objects.get().state == "waiting"


@pytest.mark.parametrize(
    "identifier", [Identifier(Kind.EXTERNAL_CONTACT, "x1"), Identifier(Kind.USER, "u1")]
)
def test_who_is_forgotten_is_forgotten_here_too(
    served: Served, now: datetime, identifier: Identifier
) -> None:
    a_destination(served, mode="shadow")
    event = an_event(now)
    Participant.objects.create(
        conversation=event.conversation,
        genesys_id="p1",
        ordinal=0,
        purpose="customer",
        external_contact_id="x1",
    )
    relay.relay(now=timezone.now())
    assert Attempt.objects.get().said != ""
    person = requests.Person(frozenset({identifier}), timezone.now())
    requests.erase(persons=[person], now=timezone.now())
    assert Attempt.objects.get().said == ""
