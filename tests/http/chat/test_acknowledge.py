"""Acknowledging in Slack: from the button to the message that says who, through a real gunicorn."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
import requests
from django.utils import timezone

from integrations.models import Acknowledgement, Delivery, Destination
from integrations.slack import acknowledge
from simulator.receivers import workspace
from simulator.receivers.server import Served
from simulator.receivers.slack import press, signed
from simulator.receivers.workspace import Channel, Workspace, look
from tests.http.chat.conftest import an_event, relayed
from tests.web import web_server

pytestmark = pytest.mark.django_db(transaction=True)
ADA = ("U0ADA", "ada.example")


@pytest.fixture
def told(
    bot: Destination, now: datetime, slack: Workspace, live_server: Any, settings: Any
) -> Delivery:
    """A message in Slack whose button leads to us."""
    slack.interactivity_url = f"{live_server.url}/hooks/slack/"
    an_event(now)
    relayed()
    return Delivery.objects.get()


def pressed(served: Served, channel: Channel, who: tuple[str, str] = ADA) -> int:
    ts = channel.messages[0].ts
    return press(served.receivers, channel=workspace.CHANNEL, ts=ts, user=who)


def test_a_press_is_written_down_and_the_message_says_who(
    told: Delivery, served: Served, channel: Channel
) -> None:
    assert pressed(served, channel) == 200
    row = Acknowledgement.objects.get()
    assert (row.delivery_id, row.user_id, row.user_name) == (told.pk, "U0ADA", "ada.example")
    assert "ada" not in str(Delivery.objects.latest("pk").payload)
    assert relayed().through == 1
    (posted,) = channel.messages
    assert "Acknowledged by ada.example, " in look(posted)
    assert "Ada Lovelace took the call" in look(posted)
    assert look(posted).endswith("(edited)")
    assert workspace.buttons(posted) == []


def test_only_the_first_press_counts(told: Delivery, served: Served, channel: Channel) -> None:
    assert pressed(served, channel) == pressed(served, channel, ("U0BOB", "bob")) == 200
    assert Acknowledgement.objects.get().user_id == "U0ADA"
    assert Delivery.objects.count() == 2


def test_a_change_whose_answer_is_lost_is_made_again_and_a_deleted_message_is_let_go(
    told: Delivery, served: Served, channel: Channel
) -> None:
    served.receivers.faults.put([{"kind": "drop_after", "path": "*chat.update", "count": 1}])
    pressed(served, channel)
    assert relayed().through == 0
    change = Delivery.objects.get(state="waiting")
    channel.messages.clear()
    relayed(change.due_at - timezone.now())
    change.refresh_from_db()
    assert (change.state, change.reason) == ("dead", "Slack says message_not_found")
    assert Destination.objects.get().disabled_at is None


def a_form(**more: Any) -> bytes:
    payload = {
        "type": "block_actions",
        "user": {"id": "U0ADA", "name": "ada"},
        "container": {"channel_id": "C0ALERTS", "message_ts": "1.2"},
        "actions": [{"action_id": "acknowledge", "value": "1"}],
    } | more
    return urlencode({"payload": msgspec.json.encode(payload).decode()}).encode()


def posted(url: str, body: bytes, **headers: str) -> int:
    at = str(int(timezone.now().timestamp()))
    mine = signed(workspace.SIGNING_SECRET, at, body)
    return requests.post(url, data=body, headers=mine | headers, timeout=10).status_code


FORGED = [
    {"X-Slack-Signature": "v0=" + "0" * 64},
    {"X-Slack-Signature": ""},
    {"X-Slack-Signature": "v0=é".encode().decode("latin-1")},
    {"X-Slack-Request-Timestamp": ""},
    {"X-Slack-Request-Timestamp": "1"},
    {"X-Slack-Request-Timestamp": "9" * 40},
    {"X-Slack-Request-Timestamp": "-1"},
]


@pytest.mark.parametrize("headers", FORGED)
def test_what_slack_has_not_signed_now_is_refused(
    told: Delivery, slack: Workspace, headers: dict[str, str]
) -> None:
    assert posted(slack.interactivity_url, a_form(), **headers) == 401
    assert not Acknowledgement.objects.exists()


@pytest.mark.parametrize("seconds", [-301, 330])
def test_an_old_or_early_request_is_refused_although_it_is_signed(
    told: Delivery, slack: Workspace, seconds: int
) -> None:
    body, at = a_form(), str(int(timezone.now().timestamp()) + seconds)
    headers = signed(workspace.SIGNING_SECRET, at, body)
    answer = requests.post(slack.interactivity_url, data=body, headers=headers, timeout=10)
    assert answer.status_code == 401


def test_another_secret_and_another_body_are_refused(told: Delivery, slack: Workspace) -> None:
    body, at = a_form(), str(int(timezone.now().timestamp()))
    for headers in (signed("6" * 32, at, body), signed(workspace.SIGNING_SECRET, at, body + b"x")):
        answer = requests.post(slack.interactivity_url, data=body, headers=headers, timeout=10)
        assert answer.status_code == 401


NOT_OURS = [
    a_form(type="view_submission"),
    a_form(actions=[{"action_id": "another", "value": "1"}]),
    a_form(actions=[{"action_id": "acknowledge", "value": "test"}]),
    a_form(actions=[{"action_id": "acknowledge", "value": "\uff19"}]),
    a_form(actions=[{"action_id": "acknowledge", "value": "9" * 30}]),
    a_form(actions=[]),
    a_form(user={"id": "U\u0000"}),
    a_form(user=None),
    a_form(container={"channel_id": "C0ALERTS", "message_ts": ""}),
    *(b"", b"payload=", b"payload=nonsense", b"payload=%7B%7D", b"\xff\xfe", b"&" * 100),
    b"payload=" + b"[" * 5_000,
]


@pytest.mark.parametrize("body", NOT_OURS)
def test_what_is_no_press_of_ours_is_answered_and_forgotten(
    told: Delivery, slack: Workspace, body: bytes
) -> None:
    assert posted(slack.interactivity_url, body) == 200
    assert not Acknowledgement.objects.exists()


def test_a_press_of_another_apps_message_is_not_taken(told: Delivery, slack: Workspace) -> None:
    press_ = acknowledge.Press(told.pk, "U0ADA", "ada", "C0ALERTS", "1.2")
    assert acknowledge.record(press_, [told.destination_id + 1], now=timezone.now()) is False
    value = {"action_id": "acknowledge", "value": str(told.pk + 1)}
    assert posted(slack.interactivity_url, a_form(actions=[value])) == 200
    assert not Acknowledgement.objects.exists()


def test_a_name_cannot_break_out(told: Delivery, slack: Workspace, channel: Channel) -> None:
    user = {"id": "U0EVE", "name": "<!here>\r\n\u0000*eve*"}
    container = {"channel_id": "C0ALERTS", "message_ts": channel.messages[0].ts}
    value = {"action_id": "acknowledge", "value": str(told.pk)}
    body = a_form(user=user, container=container, actions=[value])
    assert posted(slack.interactivity_url, body) == 200
    assert relayed().through == 1
    kinds = [one["type"] for one in workspace.inlines(channel.messages[0])]
    assert kinds == ["text", "text", "text", "link", "text"]
    assert "<" not in channel.messages[0].text


def test_only_post_is_taken_and_no_more_than_a_quarter_of_a_mebibyte(
    told: Delivery, slack: Workspace
) -> None:
    url = slack.interactivity_url
    assert requests.get(url, timeout=10).status_code == 405
    assert posted(url, b"x" * (256 * 1024 + 1)) == 413


@pytest.fixture(scope="module")
def gunicorn(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    with django_db_blocker.unblock(), web_server() as web:
        yield web.url


@pytest.mark.usefixtures("bot")
def test_through_gunicorn_a_press_is_answered_in_time(
    gunicorn: str, now: datetime, slack: Workspace, served: Served, channel: Channel
) -> None:
    slack.interactivity_url = f"{gunicorn}/hooks/slack"
    an_event(now)
    relayed()
    begun = timezone.now()
    assert pressed(served, channel) == 200
    assert (timezone.now() - begun).total_seconds() < 3
    assert relayed().through == 1
    assert "Acknowledged by ada.example" in look(channel.messages[0])
