"""Slack by an app: what Slack answers with HTTP 200, and that nothing arrives twice."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import announce, claims, outcomes, registry, relay, secrets
from integrations.outbox.samples import sample
from integrations.slack.bot import SlackBot
from simulator.receivers import workspace
from simulator.receivers.server import Served
from simulator.receivers.workspace import Channel, Workspace
from tests.http.chat.conftest import an_event, relayed, texts

pytestmark = pytest.mark.django_db(transaction=True)


def again() -> relay.Done:
    """Relay when the delivery that waits is due."""
    due_at = Delivery.objects.get(state="waiting").due_at
    return relay.relay(now=max(due_at, timezone.now()))


def test_an_event_is_a_message_with_a_button_and_an_id(
    bot: Destination, now: datetime, channel: Channel
) -> None:
    an_event(now)
    assert relayed().through == 1
    row = Delivery.objects.get()
    (posted,) = channel.messages
    assert texts(channel) == ["Ada Lovelace took the call"]
    assert row.remote_id == f"{workspace.CHANNEL}/{posted.ts}"
    assert posted.metadata
    assert posted.metadata["event_type"] == "dcm_delivery"
    assert list(posted.metadata["event_payload"]) == ["id"]
    assert posted.metadata["event_payload"]["id"].startswith("msg_")
    assert [button["value"] for button in workspace.buttons(posted)] == [str(row.pk)]


def test_without_a_signing_secret_there_is_no_button(
    bot: Destination, now: datetime, channel: Channel
) -> None:
    bot.sealed = b""
    secrets.put(bot, {"token": workspace.TOKEN})
    bot.save(update_fields=["sealed"])
    an_event(now)
    relayed()
    assert workspace.buttons(channel.messages[0]) == []


DOUBTS: list[dict[str, Any]] = [
    {"kind": "drop_after", "path": "*postMessage"},
    {"kind": "drop", "path": "*postMessage"},
    {"kind": "html", "status": 200, "path": "*postMessage"},
    {"kind": "error", "status": 502, "path": "*postMessage"},
]


@pytest.mark.parametrize("rule", DOUBTS)
def test_a_message_in_doubt_is_looked_up_and_stands_there_once(
    bot: Destination, now: datetime, channel: Channel, served: Served, rule: dict[str, Any]
) -> None:
    served.receivers.faults.put([{**rule, "count": 1}])
    an_event(now)
    relayed()
    row = Delivery.objects.get()
    assert (row.in_doubt, Attempt.objects.get().result) == (True, "lost")
    assert again().through == 1
    assert len(channel.messages) == 1
    row.refresh_from_db()
    assert row.remote_id == f"{workspace.CHANNEL}/{channel.messages[0].ts}"
    found = "found" if rule["kind"] == "drop_after" else "delivered"
    assert Attempt.objects.latest("pk").result == found


@pytest.mark.parametrize("word", ["internal_error", "fatal_error"])
def test_what_slack_did_although_it_says_an_error_is_found(
    bot: Destination, now: datetime, channel: Channel, slack: Workspace, word: str
) -> None:
    slack.words = [word]
    an_event(now)
    relayed()
    assert again().through == 1
    assert len(channel.messages) == 1


def test_a_message_of_whoever_died_after_sending_is_found(
    bot: Destination, now: datetime, channel: Channel
) -> None:
    an_event(now)
    announce.announce(now=timezone.now())
    kind = registry.kind("slack")
    (parcel,) = claims.claim(destination_id=bot.pk, pace=kind.pace, now=timezone.now())
    message = kind.messages(bot, [parcel])[parcel.pk]
    kind.test(kind.settings_of(bot, secrets.of(bot)), message)
    assert relayed(claims.LEASE + timedelta(seconds=2)).through == 1
    assert Attempt.objects.get().result == "found"
    assert len(channel.messages) == 1


def test_it_is_found_although_much_was_written_since(
    bot: Destination, now: datetime, channel: Channel, served: Served
) -> None:
    served.receivers.faults.put([{"kind": "drop_after", "path": "*postMessage", "count": 1}])
    an_event(now)
    relayed()
    for number in range(450):
        channel.add(timezone.now() + timedelta(seconds=1), {"text": f"{number} " + "x" * 2_000})
    again()
    assert Attempt.objects.latest("pk").result == "found"
    assert len(served.receivers.heard("/slack/api/conversations.history")) == 3


def test_while_it_cannot_be_looked_up_it_is_not_sent(
    bot: Destination, now: datetime, channel: Channel, served: Served
) -> None:
    rules = [
        {"kind": "drop_after", "path": "*postMessage", "count": 1},
        {"kind": "error", "status": 429, "retry_after": 60, "path": "*history", "count": 1},
        {"kind": "drop", "path": "*history", "count": 1},
    ]
    served.receivers.faults.put(rules)
    an_event(now)
    assert relayed().through == again().through == again().through == 0
    assert Delivery.objects.get().in_doubt is True
    assert len(channel.messages) == 1
    results = list(Attempt.objects.order_by("pk").values_list("result", "status"))
    assert results == [("lost", None), ("failed", 429), ("failed", None)]
    assert again().through == 1
    assert len(channel.messages) == 1


STOPS = [
    ("invalid_auth", "copy the app's Bot User OAuth Token again"),
    ("token_revoked", "install the app again"),
    ("missing_scope", "add chat:write"),
    ("channel_not_found", "/invite"),
    ("not_in_channel", "/invite"),
    ("is_archived", "the channel is archived"),
]


def break_it(slack: Workspace, channel: Channel, word: str) -> None:
    match word:
        case "invalid_auth":
            slack.tokens.clear()
        case "token_revoked":
            slack.revoked.add(workspace.TOKEN)
        case "missing_scope":
            slack.tokens[workspace.TOKEN] = frozenset()
        case "channel_not_found":
            slack.channels.clear()
        case "not_in_channel":
            channel.joined = False
        case "is_archived":
            channel.archived = True


@pytest.mark.parametrize("case", STOPS)
def test_what_the_app_may_not_stops_the_destination_and_nothing_is_lost(
    bot: Destination, now: datetime, channel: Channel, slack: Workspace, case: tuple[str, str]
) -> None:
    word, told = case
    break_it(slack, channel, word)
    an_event(now)
    relayed()
    bot.refresh_from_db()
    assert bot.disabled_reason.startswith(f"Slack says {word}: ")
    assert told in bot.disabled_reason
    slack.tokens, slack.revoked = {workspace.TOKEN: workspace.SCOPES}, set()
    slack.channels, channel.joined, channel.archived = {workspace.CHANNEL: channel}, True, False
    outcomes.enable(destination_id=bot.pk, now=timezone.now())
    assert relayed().through == 1
    assert texts(channel) == ["Ada Lovelace took the call"]


@pytest.mark.parametrize(
    "case",
    [
        ("ratelimited", "failed", "waiting"),
        ("service_unavailable", "failed", "waiting"),
        ("a_word_of_next_year", "failed", "waiting"),
        ("msg_too_long", "refused", "dead"),
        ("Not <a> word", "failed", "waiting"),
    ],
)
def test_other_words_are_tried_again_or_refuse_one_message(
    bot: Destination, now: datetime, slack: Workspace, case: tuple[str, str, str]
) -> None:
    word, result, state = case
    slack.words = [word]
    an_event(now)
    relayed()
    bot.refresh_from_db()
    assert bot.disabled_at is None
    assert (Attempt.objects.get().result, Delivery.objects.get().state) == (result, state)
    assert "<" not in Attempt.objects.get().reason


def test_more_than_slack_takes_is_tried_again(
    bot: Destination, now: datetime, channel: Channel
) -> None:
    channel.spent_to = timezone.now().timestamp() + 3
    an_event(now)
    relayed()
    assert (Attempt.objects.get().status, Attempt.objects.get().result) == (429, "failed")
    channel.spent_to = 0
    assert again().through == 1


def tried(bot: Destination) -> Any:
    kind = SlackBot()
    message = sample("hold.ended", test_id="test_1", now=timezone.now())
    return kind.test(kind.settings_of(bot, secrets.of(bot)), message)


def test_a_test_tells_that_messages_could_not_be_looked_up(
    bot: Destination, channel: Channel, slack: Workspace
) -> None:
    assert tried(bot).got_through
    slack.tokens[workspace.TOKEN] = frozenset({"chat:write"})
    outcome = tried(bot)
    assert not outcome.got_through
    assert outcome.reason.startswith("it arrived, but it cannot be looked up there: Slack says")
    assert "channels:history" in outcome.reason
    assert len(channel.messages) == 2
