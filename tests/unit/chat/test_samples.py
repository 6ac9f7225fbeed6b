"""What a test says: so much as a real message of its topic, and that it is one."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conversations.domain.events import Name
from integrations.mail import letter
from integrations.outbox import wording
from integrations.outbox.samples import sample
from integrations.slack import blocks
from integrations.teams import card
from integrations.webhooks import bodies

AT = datetime(2026, 3, 27, 16, 45, 0, 123_456, tzinfo=UTC)


def body(name: str) -> Any:
    return json.loads(bodies.standard(sample(name, test_id="test_1", now=AT)))


@pytest.mark.parametrize(
    ("name", "headline"),
    [
        ("conversation.created", "A conversation began"),
        ("participant.added", "Ada Example joined the conversation"),
        ("agent.connected", "Ada Example took the conversation"),
        ("hold.started", "Ada Example put the conversation on hold"),
        ("hold.ended", "Ada Example ended the hold after 5 min 00 s"),
        ("agent.transferred", "Ada Example transferred the conversation"),
        ("agent.disconnected", "Ada Example left the conversation"),
        ("handover.ended", "No agent has the conversation any more"),
        ("conversation.ended", "The conversation ended after 12 min 00 s"),
        ("conversation.reopened", "The conversation was opened again"),
        ("sla.warned", "An SLA clock of the conversation is running out"),
        ("sla.breached", "An SLA clock of the conversation has run out"),
        (
            "conversation.forced",
            "Ada Example was taken off the conversation: untouched for too long",
        ),
    ],
)
def test_a_test_says_that_it_is_one(name: str, headline: str) -> None:
    told = wording.words_of(sample(name, test_id="test_1", now=AT), UTC)
    assert told.headline == f"Test from DCM: {headline}"
    assert told.link == ""
    assert "Open the conversation" not in json.dumps(blocks.written(told))
    assert "actions" not in card.envelope(told)["attachments"][0]["content"]
    assert letter.text(told).startswith("Test from DCM: ")


@pytest.mark.parametrize("name", Name)
def test_a_tests_body_says_so_too_and_leads_nowhere(name: Name) -> None:
    assert body(name)["test"] is True
    assert body(name)["data"]["link"] == ""


def test_what_has_just_begun_has_nobody_yet() -> None:
    told = body("conversation.created")
    assert told["data"]["startedAt"] == told["timestamp"] == "2026-03-27T16:45:00.123Z"
    assert {told["data"][key] for key in ("purpose", "userId", "userName", "queueId")} == {""}


def test_of_a_clock_the_last_half_hour_or_none_is_left() -> None:
    told = {name: body(name)["data"] for name in ("sla.warned", "sla.breached")}
    assert [one["elapsedS"] for one in told.values()] == ["12600", "14400"]
    assert told["sla.warned"]["dueAt"] == "2026-03-27T17:15:00.123Z"
    assert told["sla.breached"]["dueAt"] == "2026-03-27T16:45:00.123Z"
    assert told["sla.breached"]["startedAt"] == "2026-03-27T12:45:00.123Z"
    began = AT - timedelta(hours=4)
    assert told["sla.breached"]["subject"] == f"next_response@{began.timestamp() * 1000:.0f}"
