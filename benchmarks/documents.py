"""Realistic analytics details for the benchmarks: about 57 rows and 10 KB a conversation."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from chrono import instants

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
MEDIA = ("voice", "voice", "message", "email", "chat")


def documents(count: int, *, seed: int = 7) -> Iterator[bytes]:
    """Yield raw JSON of conversations: IVR, queue, customer and one or two agents."""
    rng = random.Random(seed)
    agents = [_id(rng) for _ in range(200)]
    queues = [_id(rng) for _ in range(12)]
    for number in range(count):
        start = START + timedelta(seconds=number * 3)
        yield json.dumps(_conversation(rng, start, agents, queues)).encode()


def _conversation(
    rng: random.Random, start: datetime, agents: list[str], queues: list[str]
) -> dict[str, Any]:
    media, queue, customer = rng.choice(MEDIA), rng.choice(queues), _id(rng)
    flow_end = start + timedelta(milliseconds=rng.randrange(5_000, 60_000))
    participants = [_flow(rng, media, start, flow_end)]
    at = flow_end
    for _ in range(rng.choice((1, 1, 1, 2))):
        answered = at + timedelta(milliseconds=rng.randrange(3_000, 120_000))
        participants.append(_acd(rng, media, queue, customer, (at, answered)))
        agent, at = _agent(rng, media, queue, customer, answered)
        participants.append({**agent, "userId": rng.choice(agents)})
    participants.insert(0, _customer(rng, media, customer, start, at))
    return {
        "conversationId": _id(rng),
        "conversationStart": instants.isoformat(start),
        "conversationEnd": instants.isoformat(at),
        "divisionIds": [_id(rng)],
        "originatingDirection": "inbound",
        "mediaStatsMinConversationMos": 4.88,
        "participants": participants,
    }


def _flow(rng: random.Random, media: str, start: datetime, end: datetime) -> dict[str, Any]:
    steps = [start + (end - start) * part / 4 for part in range(5)]
    segments = [_segment("ivr" if media == "voice" else "system", a, b) for a, b in pairwise(steps)]
    names = ("nFlow", "tFlow", "tIvr", "nFlowOutcome", "tFlowOutcome", "tFlowExit")
    return _participant(rng, "ivr", [_session(rng, media, "", segments, names)])


def _customer(
    rng: random.Random, media: str, session_id: str, start: datetime, end: datetime
) -> dict[str, Any]:
    segments = [_segment("interact", start, end) | {"disconnectType": "peer"}]
    session = _session(rng, media, "", segments, ("nConnected", "tConnected", "oMediaCount"))
    return _participant(rng, "customer", [session | {"sessionId": session_id}])


def _acd(
    rng: random.Random, media: str, queue: str, peer: str, span: tuple[datetime, datetime]
) -> dict[str, Any]:
    segments = [_segment("interact", *span) | {"disconnectType": "transfer", "queueId": queue}]
    return _participant(rng, "acd", [_session(rng, media, peer, segments, ("nOffered", "tAcd"))])


def _agent(
    rng: random.Random, media: str, queue: str, peer: str, at: datetime
) -> tuple[dict[str, Any], datetime]:
    kinds = ["alert", *["interact", "hold"] * rng.randrange(2, 5), "interact", "wrapup"]
    segments = []
    for kind in kinds:
        end = at + timedelta(milliseconds=rng.randrange(5_000, 180_000))
        segments.append(_segment(kind, at, end) | {"queueId": queue})
        at = end
    segments[-2]["disconnectType"] = "client"
    segments[-1] |= {"disconnectType": "client", "wrapUpCode": _id(rng), "wrapUpNote": "solved"}
    talk = kinds.count("interact")
    names = ("tAlert", "tAnswered", *["tTalk"] * talk, *["tHeld"] * (talk - 1))
    names += ("tTalkComplete", "tHeldComplete", "tAcw", "tHandle")
    return _participant(rng, "agent", [_session(rng, media, peer, segments, names)]), at


def _participant(
    rng: random.Random, purpose: str, sessions: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "participantId": _id(rng),
        "participantName": f"{purpose} {rng.randrange(10_000)}",
        "purpose": purpose,
        "sessions": sessions,
    }


def _session(
    rng: random.Random,
    media: str,
    peer: str,
    segments: list[dict[str, Any]],
    names: tuple[str, ...],
) -> dict[str, Any]:
    end = segments[-1]["segmentEnd"]
    return {
        "sessionId": _id(rng),
        "mediaType": media,
        "direction": "inbound",
        "provider": "Edge",
        "peerId": peer,
        "ani": f"tel:+1555010{rng.randrange(10_000):04d}",
        "dnis": "tel:+15550100000",
        "addressFrom": f"customer{rng.randrange(10_000)}@example.invalid",
        "edgeId": _id(rng),
        "protocolCallId": _id(rng),
        "remoteNameDisplayable": "Customer",
        "requestedRoutings": ["Standard"],
        "usedRouting": "Standard",
        "selectedAgentId": _id(rng),
        "flow": {"flowId": _id(rng), "flowName": "Main", "flowType": "INBOUNDCALL"},
        "segments": segments,
        "metrics": [
            {"name": name, "value": rng.randrange(600_000), "emitDate": end} for name in names
        ],
    }


def _segment(kind: str, start: datetime, end: datetime) -> dict[str, Any]:
    return {
        "segmentStart": instants.isoformat(start),
        "segmentEnd": instants.isoformat(end),
        "segmentType": kind,
        "conference": False,
        "requestedRoutingSkillIds": [],
    }


def _id(rng: random.Random) -> str:
    return str(UUID(int=rng.getrandbits(128)))
