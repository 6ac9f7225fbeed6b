"""A conversation as it was read at an instant, by what began in it and in which order."""

from datetime import datetime
from operator import attrgetter
from typing import Final, NamedTuple

from conversations.domain.disconnects import TRANSFERS
from conversations.domain.facts import Conversation, Participant, Segment, Session
from conversations.domain.talks import Talk

AGENT_PURPOSES: Final = frozenset({"agent", "user"})
# Who takes a mail while on a call is connected, and the mail on hold before anything else.
CONNECTED: Final = frozenset({"interact", "hold", "parked"})
_START: Final = attrgetter("started_at")


class Spoken(NamedTuple):
    """A session that has begun, its participant, and its bounds.

    talked_until leaves after-call work out; it is None while the communication lasts.
    """

    participant: Participant
    session: Session
    started_at: datetime
    ended_at: datetime | None
    talked_until: datetime | None


class Seen(NamedTuple):
    """A conversation as it was read at an instant; begun are its sessions in order of start."""

    conversation: Conversation
    observed_at: datetime
    begun: tuple[Spoken, ...]


def look(conversation: Conversation, observed_at: datetime) -> Seen:
    """Return a conversation as it was read at an instant."""
    begun = [
        Spoken(participant, session, start, session.ended_at, _talked_until(session))
        for participant in conversation.participants
        for session in participant.sessions
        if (start := session.started_at)
    ]
    begun.sort(key=lambda spoken: (spoken.started_at, spoken.session.genesys_id))
    return Seen(conversation, observed_at, tuple(begun))


def talk_of(spoken: Spoken) -> Talk | None:
    """Return an agent's session from its connection on; None where it only rings."""
    session = spoken.session
    starts = [s.started_at for s in session.segments if s.segment_type in CONNECTED]
    if not starts:
        return None
    last = last_with_disconnect(session)
    return Talk(
        session.genesys_id,
        spoken.participant.user_id,
        spoken.participant.genesys_id,
        session.media_type,
        min(starts),
        spoken.talked_until,
        transferred=last is not None and last.disconnect_type in TRANSFERS,
    )


def last_with_disconnect(session: Session) -> Segment | None:
    """Return the segment in which the session was disconnected: after-call work comes later."""
    ended = [s for s in session.segments if s.disconnect_type and s.segment_type != "wrapup"]
    return ended[0] if len(ended) == 1 else max(ended, key=_START, default=None)


def _talked_until(session: Session) -> datetime | None:
    """Return the end of its last segment that is no after-call work; None while one is open."""
    segments = session.segments
    if segments[-1].segment_type != "wrapup" and len(segments) == 1:
        return segments[0].ended_at
    ends = [s.ended_at for s in segments if s.segment_type != "wrapup"]
    if None in ends:
        return None
    return max([end for end in ends if end], default=session.started_at)
