"""The demo's destinations: each is one that its kind's own form would have made."""

from datetime import datetime

import pytest
from django.utils import timezone
from pytest_django import Settings

from conversations.models import Audience, CommonEvent, Conversation, Participant, Session
from dcm import receivers
from integrations.models import Delivery, Destination
from integrations.outbox import registry, relay, secrets
from simulator.clock import RunningClock
from simulator.receivers.server import serving

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_is_what_an_administrator_could_have_entered(now: datetime) -> None:
    assert receivers.make_missing(now=now)
    assert not receivers.make_missing(now=now)
    for row in Destination.objects.all():
        kind = registry.kind(row.kind)
        hidden = secrets.of(row)
        kind.settings_of(row, hidden)
        form = kind.form({**row.config, **hidden})
        assert form.is_valid(), (row.name, form.errors)
        assert set(row.topics) <= set(kind.topics)
        assert row.topics
    assert Destination.objects.count() == Audience.objects.count() == len(receivers.RECEIVERS)
    assert receivers.page() == "http://127.0.0.1:8099/receivers"


def test_each_is_taken_by_the_simulators_receivers(now: datetime, settings: Settings) -> None:
    with serving(RunningClock(timezone.now())) as served:
        settings.SIMULATOR_PORT = int(served.url.rpartition(":")[2])
        receivers.make_missing(now=now)
        open_messaging(now)
        done = relay.relay(now=timezone.now())
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    told = {row.name for row in Destination.objects.exclude(delivered_at=None)}
    # A case is needed before Salesforce is told of anything: tests/http/salesforce has them.
    assert told == {one.name for one in receivers.RECEIVERS if one.kind != "salesforce"}
    assert done.through == len(served.receivers.calls) == Delivery.objects.count()


def open_messaging(now: datetime) -> None:
    """Have an agent been connected in a conversation of Open Messaging, and its handover ended."""
    row = Conversation.objects.create(
        genesys_id="c1", started_at=now, observed_at=now, content_hash=b"1" * 16
    )
    for ordinal, purpose in enumerate(("customer", "agent")):
        who = Participant.objects.create(
            conversation=row, genesys_id=f"p-{purpose}", ordinal=ordinal, purpose=purpose
        )
        Session.objects.create(
            conversation=row,
            participant=who,
            genesys_id=f"s-{purpose}",
            ordinal=0,
            purpose=purpose,
            media_type="message",
            message_type="open",
            provider="PureCloud Messaging",
            address_to="customer-1",
        )
    for name in ("agent.connected", "handover.ended"):
        about = {
            "userId": "u1",
            "mediaType": "message",
            "sessionId": "s-agent",
            "disconnectType": "client",
        }
        CommonEvent.objects.create(
            conversation=row,
            name=name,
            subject="s1",
            at=now,
            recorded_at=now,
            payload=about,
            announced=False,
        )
