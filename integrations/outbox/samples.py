"""A made-up message of each Common Event: what a test shows and sends."""

from datetime import datetime, timedelta
from typing import Any, Final

from chrono import instants
from conversations.domain import holds
from conversations.domain.events import Name
from integrations.outbox.messages import Message

CONVERSATION: Final = "00000000-0000-4000-8000-000000000001"
_SESSION: Final = "00000000-0000-4000-8000-000000000002"
_PARTICIPANT: Final = "00000000-0000-4000-8000-000000000003"
_USER: Final = {"user_id": "00000000-0000-4000-8000-000000000004", "user_name": "Ada Example"}
_QUEUE: Final = {"queue_id": "00000000-0000-4000-8000-000000000005", "queue_name": "Test queue"}
_CLOCK: Final = "next_response"
_TARGET: Final = timedelta(hours=4)
_WARNED_BEFORE: Final = timedelta(minutes=30)
_BEGAN_BEFORE: Final = timedelta(minutes=12)
_UNTOUCHED: Final = timedelta(hours=48)
_HELD_FOR: Final = timedelta(minutes=5)


def sample(topic: str, *, test_id: str, now: datetime) -> Message:
    """Return a message that says so much as a real one of this topic, of nobody real.

    It has no link: there is no page of a conversation that never was.
    """
    told = {"started_at": now - _BEGAN_BEFORE, **_QUEUE, **_more(topic, now)}
    return Message(
        id=test_id,
        name=topic,
        at=now,
        recorded_at=now,
        conversation_id=CONVERSATION,
        media_type="message",
        message_type="open",
        direction="inbound",
        provider="PureCloud Messaging",
        address_to="test-customer",
        address_from="test-integration",
        is_test=True,
        **told,
    )


def _more(topic: str, now: datetime) -> dict[str, Any]:
    """Return what this event tells beside what all tell."""
    participant = {"participant_id": _PARTICIPANT, **_USER}
    of_session = {**participant, "session_id": _SESSION, "subject": _SESSION}
    told: dict[str, dict[str, Any]] = {
        Name.CONVERSATION_CREATED: {"started_at": now, "queue_id": "", "queue_name": ""},
        Name.PARTICIPANT_ADDED: {**participant, "purpose": "agent", "subject": _PARTICIPANT},
        Name.CONVERSATION_ENDED: {"subject": "1"},
        Name.CONVERSATION_REOPENED: {"subject": "1"},
        Name.HOLD_STARTED: {**of_session, "subject": holds.subject(_SESSION, now)},
        Name.HOLD_ENDED: {**of_session, "subject": holds.subject(_SESSION, now - _HELD_FOR)},
        Name.AGENT_TRANSFERRED: {**of_session, "disconnect_type": "transfer"},
        Name.AGENT_DISCONNECTED: {**of_session, "disconnect_type": "client"},
        Name.HANDOVER_ENDED: {**of_session, "disconnect_type": "client"},
        Name.SLA_WARNED: _of_clock(now, left=_WARNED_BEFORE),
        Name.SLA_BREACHED: _of_clock(now, left=timedelta()),
        Name.SLA_ESCALATED: _of_clock(now, left=timedelta(), suffix=":rung:0"),
        Name.SLA_WITHDRAWN: _of_clock(now, left=timedelta(), reason="the agent answered"),
        Name.CONVERSATION_FORCED: {**of_session, **_forced(now)},
    }
    return told.get(topic, of_session)


def _forced(now: datetime) -> dict[str, Any]:
    """Return what is told of an agent who was taken off: untouched since two days ago."""
    since = now - _UNTOUCHED
    more = {
        "action": "requeue",
        "mode": "live",
        "afterS": f"{_UNTOUCHED.total_seconds():.0f}",
        "untouchedSince": instants.isoformat(since),
        "policyId": "0",
        "policy": "Answer within 4 hours",
    }
    subject = f"{_SESSION}@{instants.to_ms(since)}"
    return {"subject": subject, "started_at": since, "more": more}


def _of_clock(now: datetime, *, left: timedelta, suffix: str = "", **told: str) -> dict[str, Any]:
    """Return what an SLA clock's events tell: the customer waits since the conversation began."""
    due = now + left
    began, elapsed = due - _TARGET, _TARGET - left
    more = {
        "clock": _CLOCK,
        "startedAt": instants.isoformat(began),
        "dueAt": instants.isoformat(due),
        "targetS": f"{_TARGET.total_seconds():.0f}",
        "elapsedS": f"{elapsed.total_seconds():.0f}",
        "policyId": "0",
        "policy": "Answer within 4 hours",
        **told,
    }
    subject = f"{_CLOCK}@{instants.to_ms(began)}{suffix}"
    return {"subject": subject, "started_at": began, "more": more, **_USER}
