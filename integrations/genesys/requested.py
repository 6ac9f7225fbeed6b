"""What a conversation asks for, as its sessions and segments tell: skills, language, ..."""

from datetime import datetime
from typing import Final, NamedTuple

from integrations.genesys import wire
from integrations.genesys.moments import MOMENTS

_CUSTOMERS: Final = frozenset({"customer", "external"})


class Requested(NamedTuple):
    """The customer's kind of message, and the skills and the language that were asked for last."""

    message_type: str = ""
    skill_ids: tuple[str, ...] = ()
    language_id: str = ""


NOTHING: Final = Requested()


def of(read: wire.Conversation) -> Requested:
    """Return what a conversation asks for; its segments' starts must have been read as instants."""
    message_type = ""
    asking: list[tuple[datetime, wire.Segment]] = []
    for participant in read.participants or ():
        for session in participant.sessions or ():
            if session.message_type and not message_type and participant.purpose in _CUSTOMERS:
                message_type = session.message_type
            asking += [
                (_start(segment), segment)
                for segment in session.segments or ()
                if segment.requested_routing_skill_ids or segment.requested_language_id
            ]
    return _latest(message_type, asking) if message_type or asking else NOTHING


def _start(segment: wire.Segment) -> datetime:
    at = MOMENTS[segment.segment_start]
    assert at is not None
    return at


def _latest(message_type: str, asking: list[tuple[datetime, wire.Segment]]) -> Requested:
    """Return what the latest segment that names any asks for; of two at once, what stands last."""
    skill_ids: tuple[str, ...] = ()
    language_id = ""
    for _, segment in sorted(asking, key=lambda one: one[0]):
        skill_ids = tuple(segment.requested_routing_skill_ids or skill_ids)
        language_id = segment.requested_language_id or language_id
    return Requested(message_type, skill_ids, language_id)
