"""A press in Slack is an acknowledgement of the alert that the message told of."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Delivery, Destination
from integrations.outbox import alerts
from simulator.receivers import workspace
from simulator.receivers.server import Served
from simulator.receivers.slack import press
from simulator.receivers.workspace import Channel, Workspace
from sla.models import Alert
from tests import factories
from tests.db.sla.mirrored import fire_due
from tests.http.chat.conftest import relayed

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def alert(bot: Destination, slack: Workspace, live_server: Any, settings: Any) -> Alert:
    """An alert of a breach that Slack was told of just now."""
    slack.interactivity_url = f"{live_server.url}/hooks/slack/"
    Destination.objects.filter(pk=bot.pk).update(topics=["sla.breached"])
    begun = timezone.now().replace(microsecond=123_000) - timedelta(hours=4, minutes=10)
    clock = factories.clock(factories.conversation(started_at=begun), since=begun)
    made = factories.alert(clock, opened_at=begun + timedelta(hours=4))
    factories.timer(clock, due_at=begun + timedelta(hours=4))
    fire_due(timezone.now())
    assert relayed().through == 1
    return made


def test_the_alert_is_acknowledged_by_the_person_who_pressed(
    alert: Alert, served: Served, channel: Channel
) -> None:
    ts = channel.messages[0].ts
    for who in (("U0ADA", "ada.example"), ("U0BOB", "bob.example")):
        assert press(served.receivers, channel=workspace.CHANNEL, ts=ts, user=who) == 200

    seen = Alert.objects.get()
    assert (seen.state, seen.acknowledged_by) == ("acknowledged", "ada.example")
    assert seen.acknowledged_at == Delivery.objects.earliest("pk").acknowledgement.at
    [entry] = seen.entries.all()
    assert (entry.actor, entry.action) == ("ada.example", "acknowledged")
    assert entry.note == f"in {Destination.objects.get().name}"


def test_an_alert_that_somebody_has_is_left_to_them(
    alert: Alert, served: Served, channel: Channel
) -> None:
    Alert.objects.update(state="closed", reason="the agent answered")
    ts = channel.messages[0].ts
    assert press(served.receivers, channel=workspace.CHANNEL, ts=ts, user=("U0ADA", "ada")) == 200

    assert (Alert.objects.get().state, alert.entries.count()) == (
        "closed",
        0,
    )


def test_a_press_under_another_round_or_another_event_acknowledges_nothing(
    alert: Alert, now: datetime
) -> None:
    row = Delivery.objects.get()
    Alert.objects.update(round_at=alert.round_at + MINUTE)
    assert alerts.acknowledged(row, by="ada", at=now) == 0
    row.payload["about"] = {"userId": "u1"}
    assert alerts.acknowledged(row, by="ada", at=now) == 0
    assert Alert.objects.get().state == "open"


def test_how_telling_went_is_read_by_conversation(alert: Alert) -> None:
    [told] = alerts.tellings([alert.conversation.genesys_id])
    destination = Destination.objects.get()

    assert (told.topic, told.destination, told.kind) == ("sla.breached", destination.name, "slack")
    assert (told.state, told.failing, told.next_try) == ("delivered", "", None)


@pytest.mark.parametrize(
    ("row", "destination", "failing"),
    [
        ({"state": "waiting", "attempts": 2, "reason": "Slack says 429"}, {}, "Slack says 429"),
        ({"state": "waiting", "attempts": 1, "reason": ""}, {}, ""),
        ({"state": "waiting", "attempts": 0, "reason": ""}, {}, ""),
        ({"state": "dead", "reason": "no such channel"}, {}, "no such channel"),
        (
            {"state": "waiting"},
            {"disabled_at": "2026-11-20T08:00Z", "disabled_reason": "token revoked"},
            "stopped: token revoked",
        ),
        ({"state": "shown"}, {}, ""),
    ],
)
def test_what_fails_says_why(
    alert: Alert, row: dict[str, Any], destination: dict[str, Any], failing: str
) -> None:
    Delivery.objects.update(**row)
    Destination.objects.update(**destination)
    [told] = alerts.tellings([alert.conversation.genesys_id])

    assert told.failing == failing
    assert (told.next_try is not None) == ("429" in failing)
