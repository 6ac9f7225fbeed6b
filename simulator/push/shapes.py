"""The bodies that receivers get: a data action's, as its author wrote it, or EventBridge's."""

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

import msgspec

from chrono.instants import from_ms, isoformat
from simulator.push.plan import Destination
from simulator.world.feed import Occurrence

Body = dict[str, Any]

_encode = msgspec.json.Encoder(order="sorted").encode
_ID: Final = re.compile(r"(?<=\.)[0-9a-f]{8}-[0-9a-f]{4}-[^.]+")
_CONTRACT: Final = (
    "conversationId",
    "participantId",
    "sessionId",
    "userId",
    "queueId",
    "mediaType",
    "disconnectType",
    "eventTime",
)


def topic_kind(topic: str) -> str:
    """Return a topic with {id} in place of its id."""
    return _ID.sub("{id}", topic)


def trigger(occurrence: Occurrence, of: Destination) -> Body:
    """Write our own contract, as a data action's template fills it in.

    A workflow does not know its topic: the author wrote it down, with {id}. TopLevelPrimitives has
    dropped lists and objects; what the event lacks is there and unset.
    """
    told = dict.fromkeys(_CONTRACT, of.unset)
    told |= {k: _primitive(v, of) for k, v in occurrence.body.items() if _is_primitive(v)}
    return {"topic": topic_kind(occurrence.topic), **told}


def connect(occurrence: Occurrence, of: Destination, names: Mapping[str, str]) -> Body:
    """Write what a workflow sends that tells a bot of its agent: a type in place of the topic."""
    body = occurrence.body
    user_id = body.get("userId") or of.unset
    return {
        "conversationId": body["conversationId"],
        "userId": user_id,
        "userName": names.get(user_id, of.unset),
        "type": "eventAgentConnect",
        "provider": body.get("provider") or of.unset,
        "externalId": body.get("addressTo") or of.unset,
    }


def handover(occurrence: Occurrence, of: Destination) -> Body:
    """Write what a workflow sends that tells a bot of a handover's end: userId is an address."""
    return {
        "userId": occurrence.body.get("addressTo") or of.unset,
        "topic": topic_kind(occurrence.topic).replace("{id}", "id"),
        "disconnectType": occurrence.body.get("disconnectType") or of.unset,
    }


def envelope(told: Occurrence, sent: Occurrence, organization_id: str, region: str) -> Body:
    """Wrap an event as EventBridge does. Its id is the same whenever the same event comes."""
    id_ = blake2b(f"{told.topic}\n{told.at}\n".encode() + _encode(told.body), digest_size=16)
    at = isoformat(from_ms(sent.body.get("eventTime") or sent.at))
    return {
        "version": "0",
        "id": str(UUID(bytes=id_.digest())),
        "detail-type": topic_kind(sent.topic),
        "source": f"aws.partner/genesys.com/cloud/{organization_id}/simulator",
        "account": "123456789012",
        "time": f"{at[:19]}Z",
        "region": region,
        "resources": [],
        "detail": {
            "topicName": sent.topic,
            "version": "2",
            "eventBody": sent.body,
            "metadata": {"CorrelationId": str(UUID(bytes=id_.digest()[::-1]))},
            "timestamp": at,
        },
    }


def _is_primitive(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float))


def _primitive(value: Any, of: Destination) -> Any:
    if value is None or value == "":
        return of.unset
    if not of.strings or isinstance(value, str):
        return value
    return str(value).lower()
