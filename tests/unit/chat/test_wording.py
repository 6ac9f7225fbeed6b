"""What a message says in words: each Common Event its own, and nothing of anybody's in markup."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.domain.events import Name
from integrations.mail import letter
from integrations.outbox import wording
from integrations.outbox.messages import Message
from integrations.outbox.samples import sample
from integrations.slack import blocks
from integrations.teams import card

AT = datetime(2026, 3, 27, 16, 45, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
LINK = "https://dcm.example.org/conversations/c1/?a=1&b=2"
HOSTILE = (
    "<!here> <!channel> @channel <https://evil.example|click> <@U123> &lt;!here&gt; *b* _i_ ~s~ `c`"
    " [click](https://evil.example) **b** <at>Ada</at> {{DATE(2026-01-01T00:00:00Z)}} {name}"
    "\r\nBcc: victim@example.org\n\n.\r\n\u202eevil\u0000 https://evil.example ${x} {0.__class__}"
)


def a_message(name: str, **more: Any) -> Message:
    told: dict[str, Any] = {
        "id": "msg_1",
        "name": name,
        "at": AT,
        "recorded_at": AT,
        "conversation_id": "c1",
        "purpose": "agent",
        "user_name": "Ada Lovelace",
        "queue_name": "Support",
        "media_type": "voice",
        "started_at": AT - timedelta(minutes=12),
        "link": LINK,
    }
    if name in {"hold.started", "hold.ended"}:
        began = AT - timedelta(minutes=2, seconds=5)
        told["subject"] = f"s1@{round(began.timestamp() * 1000)}"
    return Message(**(told | more))


def said(name: str, **more: Any) -> str:
    return wording.words_of(a_message(name, **more), ZONE).headline


@pytest.mark.parametrize(
    ("name", "headline"),
    [
        ("conversation.created", "A call began"),
        ("participant.added", "Ada Lovelace joined the call"),
        ("agent.connected", "Ada Lovelace took the call"),
        ("hold.started", "Ada Lovelace put the call on hold"),
        ("hold.ended", "Ada Lovelace ended the hold after 2 min 05 s"),
        ("agent.transferred", "Ada Lovelace transferred the call"),
        ("agent.disconnected", "Ada Lovelace left the call"),
        ("handover.ended", "No agent has the call any more"),
        ("conversation.ended", "The call ended after 12 min 00 s"),
        ("conversation.reopened", "The call was opened again"),
        ("sla.warned", "An SLA clock of the call is running out"),
        ("sla.breached", "An SLA clock of the call has run out"),
        ("conversation.forced", "Ada Lovelace was taken off the call: untouched for too long"),
    ],
)
def test_each_common_event_has_words_of_its_own(name: str, headline: str) -> None:
    assert said(name) == headline


def test_no_common_event_is_without_words() -> None:
    assert {name.value for name in Name} <= set(wording._SAYS)


def test_what_is_not_known_is_left_out() -> None:
    bare = a_message("agent.connected", user_name="", queue_name="", media_type="", link="")
    told = wording.words_of(bare, ZONE)
    assert told.headline == "An agent took the conversation"
    assert [name for name, _ in told.facts] == ["At", "Conversation since", "Conversation"]
    assert said("participant.added", user_name="", purpose="acd") == "An acd joined the call"
    assert said("hold.ended", subject="s1") == "Ada Lovelace ended the hold"
    assert said("queue.overflow") == "Queue overflow"


def test_facts_are_in_the_zone_of_the_installation() -> None:
    told = wording.words_of(a_message("handover.ended", disconnect_type="client"), ZONE)
    assert told.line == (
        "Agent: Ada Lovelace · Queue: Support · Medium: voice · Ended by: client"
        " · At: 27 Mar 2026, 17:45:00 CET · Conversation since: 27 Mar 2026, 17:33:00 CET"
    )


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-1, "0 s"), (0.4, "0 s"), (59, "59 s"), (60, "1 min 00 s"), (3599.6, "1 h 00 min")],
)
def test_lengths_have_two_units(seconds: float, told: str) -> None:
    assert wording.lasting(timedelta(seconds=seconds)) == told


def test_slacks_message_to_the_letter() -> None:
    told = wording.words_of(a_message("hold.ended"), ZONE)
    facts = (
        "Queue: Support · Medium: voice · At: 27 Mar 2026, 17:45:00 CET"
        " · Conversation since: 27 Mar 2026, 17:33:00 CET"
    )
    headline = "Ada Lovelace ended the hold after 2 min 05 s"
    assert blocks.written(told, button="17") == {
        "text": f"{headline} · {facts}",
        "blocks": [
            {
                "type": "rich_text",
                "elements": [
                    {
                        "type": "rich_text_section",
                        "elements": [
                            {"type": "text", "text": headline, "style": {"bold": True}},
                            {"type": "text", "text": f"\n{facts}"},
                            {"type": "text", "text": "\n"},
                            {"type": "link", "url": LINK, "text": "Open the conversation"},
                        ],
                    }
                ],
            },
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "acknowledge",
                        "text": {"type": "plain_text", "text": "Acknowledge"},
                        "value": "17",
                    }
                ],
            },
        ],
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def test_teams_card_to_the_letter() -> None:
    told = wording.words_of(a_message("conversation.created", user_name="", started_at=AT), ZONE)
    assert card.envelope(told) == {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": [
                        a_line({"text": "A call began", "weight": "Bolder", "size": "Medium"}),
                        a_line({"text": "Queue: ", "isSubtle": True}, {"text": "Support"}),
                        a_line({"text": "Medium: ", "isSubtle": True}, {"text": "voice"}),
                        a_line(
                            {"text": "At: ", "isSubtle": True},
                            {"text": "27 Mar 2026, 17:45:00 CET"},
                        ),
                    ],
                    "msteams": {"width": "Full"},
                    "actions": [
                        {
                            "type": "Action.OpenUrl",
                            "title": "Open the conversation",
                            "url": LINK,
                        }
                    ],
                },
            }
        ],
    }


def a_line(*runs: dict[str, Any]) -> dict[str, Any]:
    told = [{"type": "TextRun", **run} for run in runs]
    return {"type": "RichTextBlock", "spacing": "Small", "inlines": told}


def hostile(name: str, text: str) -> Message:
    kept = sample(name, test_id="msg_1", now=AT)
    fields = ("user_name", "queue_name", "media_type", "purpose", "disconnect_type")
    return msgspec.structs.replace(kept, is_test=False, link=LINK, **dict.fromkeys(fields, text))


@pytest.mark.parametrize("name", [*Name, "sla.warned", "sla.breached", HOSTILE])
def test_hostile_text_stays_text(name: str) -> None:
    assert_harmless(hostile(name, HOSTILE))


@given(st.text(), st.sampled_from(list(Name)))
def test_whatever_is_written_stays_text(text: str, name: Name) -> None:
    assert_harmless(hostile(name, text))


def assert_harmless(message: Message) -> None:
    told = wording.words_of(message, ZONE)
    assert_literal_in_slack(blocks.written(told, button="1", footer=told.headline))
    assert_literal_in_teams(card.envelope(told))
    headers = letter.headers(message, told, "example.org")
    assert all("\n" not in value and "\r" not in value for value in headers.values())
    assert letter.text(told).count("\n") == len(told.facts) + 4


def assert_literal_in_slack(body: dict[str, Any]) -> None:
    """Only rich text's literal elements, one link of ours, and a fallback without < and >."""
    rest = body["text"]
    assert "<" not in rest
    assert ">" not in rest
    for entity in ("&amp;", "&lt;", "&gt;"):
        rest = rest.replace(entity, "")
    assert "&" not in rest
    rich, actions = body["blocks"]
    (section,) = rich["elements"]
    kinds = [one["type"] for one in section["elements"]]
    assert kinds == ["text", "text", "text", "link", "text"]
    assert all(one["text"] for one in section["elements"])
    assert section["elements"][3]["url"] == LINK
    assert [one["value"] for one in actions["elements"]] == ["1"]
    assert len(json.dumps(body)) < 20_000


def assert_literal_in_teams(body: dict[str, Any]) -> None:
    """Only text runs, which know no markdown, and one link of ours; within 28 KB."""
    content = body["attachments"][0]["content"]
    assert {line["type"] for line in content["body"]} == {"RichTextBlock"}
    runs = [run for line in content["body"] for run in line["inlines"]]
    assert {run["type"] for run in runs} == {"TextRun"}
    assert [action["url"] for action in content["actions"]] == [LINK]
    assert len(msgspec.json.encode(body)) <= card.MOST_BYTES


def test_one_line_drops_what_is_not_seen_and_cuts() -> None:
    assert wording.one_line("a\r\nb\u202ec\u0000\u2028d\ud800") == "a bc d"
    assert wording.one_line("x" * 500) == "x" * 119 + "…"
