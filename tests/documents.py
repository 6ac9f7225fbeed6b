"""Analytics details as Genesys writes them, made as small as a test needs."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from chrono import instants

START = datetime(2026, 3, 27, 9, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """Return the instant so many minutes after the start of the tests' day."""
    return START + timedelta(minutes=minutes)


def text(minutes: float) -> str:
    return instants.isoformat(at(minutes))


def segment(kind: str, start: float, end: float | None = None, **rest: Any) -> dict[str, Any]:
    made = {"segmentType": kind, "segmentStart": text(start), **rest}
    return made if end is None else {**made, "segmentEnd": text(end)}


def session(name: str, *segments: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"sessionId": name, "mediaType": "email", "segments": list(segments), **rest}


def participant(name: str, purpose: str, *sessions: Any, **rest: Any) -> dict[str, Any]:
    return {"participantId": name, "purpose": purpose, "sessions": list(sessions), **rest}


def conversation(
    name: str, *participants: Any, start: float = 0, end: float | None = None, **rest: Any
) -> dict[str, Any]:
    made = {
        "conversationId": name,
        "conversationStart": text(start),
        "participants": list(participants),
        "originatingDirection": "inbound",
        **rest,
    }
    return made if end is None else {**made, "conversationEnd": text(end)}


def answered_email(name: str = "c1", *, user: str = "u1", end: float | None = 30) -> dict[str, Any]:
    """Return an e-mail that waits 5 minutes, is answered, and ends with after-call work."""
    closed = end is not None
    interact = segment("interact", 6, 28 if closed else None, queueId="q1")
    segments = [segment("alert", 5, 6, queueId="q1"), interact]
    if closed:
        interact["disconnectType"] = "client"
        segments.append(segment("wrapup", 28, end, queueId="q1", wrapUpCode="w1"))
    customer = session("s-customer", segment("interact", 0, 28 if closed else None))
    acd = session("s-acd", segment("interact", 0, 5, queueId="q1", disconnectType="transfer"))
    agent = session("s-agent", *segments, metrics=[{"name": "tAlert", "value": 60_000}])
    return conversation(
        name,
        participant("p-customer", "customer", customer, participantName="Ada"),
        participant("p-acd", "acd", acd),
        participant("p-agent", "agent", agent, userId=user),
        end=end,
    )


def raw(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()
