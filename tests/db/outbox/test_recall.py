"""Notices that are taken back before anybody tried to send them."""

from datetime import datetime
from typing import Any

import pytest

from conversations.models import CommonEvent
from integrations.models import Delivery
from integrations.outbox.announce import announce
from simulator.receivers.server import Served
from tests.db.outbox.conftest import a_destination, an_event

pytestmark = pytest.mark.django_db
BACK = {"withdraws": "sla.breached", "withdrawsSubject": "s1"}


def breached(now: datetime) -> None:
    an_event(now, subject="s1", name="sla.breached")


def withdrawn(now: datetime) -> None:
    row = an_event(now, subject="s2", name="sla.withdrawn")
    CommonEvent.objects.filter(pk=row.pk).update(payload=BACK)


def topics(**only: Any) -> list[str]:
    return list(Delivery.objects.filter(**only).order_by("pk").values_list("topic", flat=True))


@pytest.mark.parametrize("together", [True, False])
def test_nobody_hears_of_what_was_taken_back_before_any_try(
    served: Served, now: datetime, *, together: bool
) -> None:
    a_destination(served, topics=["sla.breached"])
    breached(now)
    if not together:
        announce(now=now)
        assert topics() == ["sla.breached"]
    withdrawn(now)
    announce(now=now)

    assert topics() == []


@pytest.mark.parametrize(
    "tried", [{"attempts": 1}, {"state": "delivered", "sent_version": 1}, {"in_doubt": True}]
)
def test_what_may_have_been_heard_is_taken_back_by_a_word_of_its_own(
    served: Served, now: datetime, tried: dict[str, Any]
) -> None:
    a_destination(served, topics=["sla.breached"])
    breached(now)
    announce(now=now)
    Delivery.objects.update(**tried)
    withdrawn(now)
    announce(now=now)

    assert topics() == ["sla.breached", "sla.withdrawn"]


def test_each_destination_is_taken_at_its_word(served: Served, now: datetime) -> None:
    heard = a_destination(served, topics=["sla.breached"])
    a_destination(served, "Other", topics=["sla.breached"])
    breached(now)
    announce(now=now)
    Delivery.objects.filter(destination=heard).update(attempts=1)
    withdrawn(now)
    announce(now=now)

    assert topics(destination=heard) == topics() == ["sla.breached", "sla.withdrawn"]
