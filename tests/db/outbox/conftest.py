"""Receivers over real HTTP, and destinations that lead to them."""

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from conversations.models import CommonEvent, Conversation
from integrations.domain.delivery import Parcel
from integrations.models import Delivery, Destination
from integrations.outbox import announce, secrets
from simulator.clock import RunningClock
from simulator.receivers.server import Served, serving

SECRET = "whsec_" + base64.b64encode(b"0" * 32).decode()


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(RunningClock(timezone.now())) as running:
        yield running


def a_destination(served: Served, name: str = "CRM", **more: Any) -> Destination:
    """Make a webhook that is told of connected agents, live."""
    told = {
        "kind": "webhook",
        "mode": "live",
        "topics": ["agent.connected"],
        "config": {"url": f"{served.url}/hooks/{name.lower()}"},
        "created_at": timezone.now(),
    }
    made = Destination(name=name, **(told | more))
    secrets.put(made, {"secret": SECRET})
    made.save()
    announce.listen(made)
    return made


@pytest.fixture
def destination(served: Served) -> Destination:
    return a_destination(served)


def an_event(
    now: datetime, conversation: str = "c1", subject: str = "s1", name: str = "agent.connected"
) -> CommonEvent:
    """Make an event that nobody has been told of yet."""
    row, _ = Conversation.objects.get_or_create(
        genesys_id=conversation,
        defaults={"started_at": now, "observed_at": now, "content_hash": conversation.encode()},
    )
    return CommonEvent.objects.create(
        conversation=row,
        name=name,
        subject=subject,
        at=now,
        recorded_at=now,
        payload={"userId": "u1"},
        announced=False,
    )


def message_id(row: Delivery) -> str:
    """Return the id that each try of a delivery carries."""
    return Parcel._make(getattr(row, name) for name in Parcel._fields).message_id
