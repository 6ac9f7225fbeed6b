"""Topics of Genesys, one spelling each: v2.detail.events.conversation.{id}.user.end.

A WebSocket names the real id in a topic, EventBridge and triggers the literal {id}, and authors of
workflows write whatever their documentation shows: a bare id, or nothing at all.
"""

import re
from typing import Final

PLACEHOLDER: Final = "{id}"

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Whatever an author writes where an id belongs: {id}, {conversationId}, id, *.
_STANDS_FOR_ONE: Final = re.compile(r"\$?\{.*\}|id|\*", re.IGNORECASE)
# The part after one of these is an id, whatever it looks like.
_OWNERS: Final = tuple(
    tuple(owner.split("."))
    for owner in (
        "v2.detail.events.conversation",
        "v2.detail.events.agent",
        "v2.users",
        "v2.routing.queues",
        "v2.analytics.conversation",
        "v2.analytics.queues",
        "v2.analytics.users",
        "v2.operations.events",
    )
)
# What may follow directly where the id was left out.
_NO_IDS: Final = frozenset(
    {"customer", "acd", "user", "acw", "wrapup", "attributes", "contact", "flow", "outbound"}
    | {"voicemail", "state", "conversations", "activity", "presence", "routingstatus"}
    | {"metrics", "observations", "aggregates"}
)


def normalise(topic: str) -> tuple[str, str]:
    """Return a topic with {id} in place of its id, and that id; "" where it names none."""
    parts = topic.strip().split(".")
    at = _place_of_id(parts)
    if at is None:
        return ".".join(parts), ""
    if at < len(parts) and parts[at].lower() in _NO_IDS:
        return ".".join([*parts[:at], PLACEHOLDER, *parts[at:]]), ""
    found = "" if at >= len(parts) or _STANDS_FOR_ONE.fullmatch(parts[at]) else parts[at]
    return ".".join([*parts[:at], PLACEHOLDER, *parts[at + 1 :]]), found


def _place_of_id(parts: list[str]) -> int | None:
    """Return where the id of a topic stands or should stand; None where it has none."""
    for owner in _OWNERS:
        if tuple(parts[: len(owner)]) == owner and len(parts) > len(owner):
            return len(owner)
    for at, part in enumerate(parts):
        if _UUID.fullmatch(part) or (at and part == PLACEHOLDER):
            return at
    return None
