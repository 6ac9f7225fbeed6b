"""Slack by an incoming webhook: over HTTP, to a channel, with every answer that Slack knows."""

from datetime import datetime

import pytest
from django.utils import timezone

from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import outcomes
from simulator.receivers.server import Served
from simulator.receivers.slack import panel
from simulator.receivers.workspace import Channel, Workspace
from tests.http.chat.conftest import Fault, an_event, assert_tried_again, relayed, texts

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_event_is_a_message_in_the_channel(
    incoming: Destination, now: datetime, channel: Channel, served: Served
) -> None:
    an_event(now)
    assert relayed().through == 1
    assert texts(channel) == ["Ada Lovelace took the call"]
    assert Attempt.objects.get().said == "ok"
    (row,) = panel(served.receivers).rows
    assert row[1] == "#alerts"
    assert "Open the conversation <http://127.0.0.1:8000/conversations/c1/" in row[2]
    assert "Acknowledge" not in row[2]


STOPS = [
    ("no_service", 404, "make a new one"),
    ("channel_not_found", 404, "there is no such channel"),
    ("channel_is_archived", 410, "the channel is archived"),
    ("action_prohibited", 403, "does not let this webhook post"),
    ("invalid_token", 403, "copy it again"),
    ("user_not_found", 400, "make a new one"),
    ("a_word_of_next_year", 400, "Slack says a_word_of_next_year"),
]


@pytest.mark.parametrize("case", STOPS)
def test_a_word_of_slack_stops_the_destination_and_tells_what_to_do(
    incoming: Destination,
    now: datetime,
    channel: Channel,
    slack: Workspace,
    case: tuple[str, int, str],
) -> None:
    word, status, told = case
    slack.words = [word]
    an_event(now)
    relayed()
    incoming.refresh_from_db()
    assert incoming.disabled_at is not None
    assert word in incoming.disabled_reason
    assert told in incoming.disabled_reason
    assert Attempt.objects.get().status == status
    outcomes.enable(destination_id=incoming.pk, now=timezone.now())
    assert relayed().through == 1
    assert texts(channel) == ["Ada Lovelace took the call"]


def test_a_message_that_slack_does_not_take_stands_in_nobodys_way(
    incoming: Destination, now: datetime, channel: Channel, slack: Workspace
) -> None:
    slack.words = ["invalid_blocks"]
    an_event(now)
    an_event(now, subject="s2", name="hold.ended")
    relayed()
    incoming.refresh_from_db()
    assert incoming.disabled_at is None
    states = list(Delivery.objects.order_by("pk").values_list("state", "reason"))
    assert states == [("dead", "Slack says invalid_blocks"), ("delivered", "")]
    assert texts(channel) == ["Ada Lovelace ended the hold"]


FAULTS: list[Fault] = [
    ({"kind": "html", "status": 200}, "failed", "HTTP 200, but not Slack's ok"),
    ({"kind": "html", "status": 503}, "failed", "HTTP 503"),
    ({"kind": "error", "status": 429, "retry_after": 30}, "failed", "HTTP 429"),
    ({"kind": "drop"}, "lost", "127.0.0.1"),
    ({"kind": "drop_after"}, "lost", "127.0.0.1"),
]


@pytest.mark.usefixtures("incoming")
@pytest.mark.parametrize("case", FAULTS)
def test_what_may_be_mended_is_tried_again(
    now: datetime, channel: Channel, served: Served, case: Fault
) -> None:
    assert_tried_again(served, case, now)
    assert len(channel.messages) == (2 if case[0]["kind"] == "drop_after" else 1)


def test_no_more_than_a_message_a_second_is_sent(
    incoming: Destination, now: datetime, channel: Channel
) -> None:
    for number in range(6):
        an_event(now, f"c{number}")
    assert relayed().through == 6
    times = [posted.at for posted in channel.messages]
    assert (times[-1] - times[0]).total_seconds() > 4
    assert Attempt.objects.exclude(result="delivered").count() == 0


def test_more_than_slack_takes_is_answered_429(
    incoming: Destination, now: datetime, channel: Channel, slack: Workspace
) -> None:
    channel.spent_to = timezone.now().timestamp() + 3
    an_event(now)
    relayed()
    assert Attempt.objects.get().status == 429
    assert channel.messages == []


def test_nothing_secret_is_logged_or_told(
    incoming: Destination, now: datetime, slack: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    slack.hooks.clear()
    an_event(now)
    relayed()
    incoming.refresh_from_db()
    told = [caplog.text, incoming.disabled_reason, Attempt.objects.get().reason]
    assert not any("T0SIMULATOR" in text or "Ada" in text for text in told)
