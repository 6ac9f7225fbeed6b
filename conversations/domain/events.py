"""Common Events: what happened to a conversation, found between two states of it.

Each state implies a set of events, each with a key made of what it is about. What is new between
two states is what the later one implies and the earlier one did not; so repeated, late and
reordered snapshots tell each event once.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import NamedTuple

from conversations.domain import holds
from conversations.domain.disconnects import TRANSFERS
from conversations.domain.facts import Conversation, Participant, Segment, Session

# Between two sessions of one handover (user.end, acd.start, user.start) nobody may be there for a
# few seconds; what is longer ends the handover, or the conversation.
GRACE = timedelta(seconds=5)
AGENT_PURPOSES = frozenset({"agent", "user"})
# Who takes a mail while on a call is connected, and the mail on hold before anything else.
CONNECTED = frozenset({"interact", "hold", "parked"})
HANDOVER_PURPOSES = AGENT_PURPOSES | {"acd"}


class Name(StrEnum):
    """The names of the Common Events."""

    CONVERSATION_CREATED = "conversation.created"
    PARTICIPANT_ADDED = "participant.added"
    AGENT_CONNECTED = "agent.connected"
    HOLD_STARTED = "hold.started"
    HOLD_ENDED = "hold.ended"
    AGENT_TRANSFERRED = "agent.transferred"
    AGENT_DISCONNECTED = "agent.disconnected"
    HANDOVER_ENDED = "handover.ended"
    CONVERSATION_ENDED = "conversation.ended"
    CONVERSATION_REOPENED = "conversation.reopened"


HOLDS = frozenset({Name.HOLD_STARTED, Name.HOLD_ENDED})


About = tuple[tuple[str, str], ...]


class CommonEvent(NamedTuple):
    """One event. subject is the participant, session, hold or number that it is about, or ""."""

    name: Name
    conversation_id: str
    subject: str
    at: datetime
    about: About = ()

    @property
    def identity(self) -> tuple[str, str]:
        """What tells it from the conversation's other events, whenever and however it is found."""
        return self.name.value, self.subject


_ORDER = attrgetter("at", "name", "subject")
_START = attrgetter("started_at")


class Stretch(NamedTuple):
    """A run of sessions with no longer gap than GRACE; ended_at is None while one is open."""

    first_session: str
    started_at: datetime
    ended_at: datetime | None


class Spoken(NamedTuple):
    """A session that has begun, its participant, and its bounds."""

    participant: Participant
    session: Session
    started_at: datetime
    ended_at: datetime | None


class Seen(NamedTuple):
    """A conversation as it was read at an instant; begun are its sessions in order of start."""

    conversation: Conversation
    observed_at: datetime
    begun: tuple[Spoken, ...]


def look(conversation: Conversation, observed_at: datetime) -> Seen:
    """Return a conversation as it was read at an instant."""
    begun = [
        Spoken(participant, session, start, session.ended_at)
        for participant in conversation.participants
        for session in participant.sessions
        if (start := session.started_at)
    ]
    begun.sort(key=lambda spoken: (spoken.started_at, spoken.session.genesys_id))
    return Seen(conversation, observed_at, tuple(begun))


def diff(before: Seen | None, after: Seen) -> list[CommonEvent]:
    """Return the events that after implies and before did not, in order of time."""
    found = list(implied(after))
    if before:
        known = {event.identity for event in implied(before)}
        found = [event for event in found if event.identity not in known]
    found.sort(key=_ORDER)
    return found


def settled(seen: Seen) -> bool:
    """Tell whether time alone adds no event; else the same document must be looked at again."""
    if seen.conversation.ended_at:
        return True
    last = _stretches(_only(seen.begun, HANDOVER_PURPOSES))[-1:]
    return not last or last[0].ended_at is None or _is_over(last[0], seen)


def implied(seen: Seen) -> Iterator[CommonEvent]:
    """Yield every event that a state implies, whenever it happened."""
    conversation, _, begun = seen
    name_of = conversation.genesys_id
    yield CommonEvent(Name.CONVERSATION_CREATED, name_of, "", conversation.started_at)
    first_start: dict[str, datetime] = {}
    for spoken in begun:
        first_start.setdefault(spoken.participant.genesys_id, spoken.started_at)
    for participant in conversation.participants:
        at = first_start.get(participant.genesys_id, conversation.started_at)
        yield _participant_added(name_of, participant, at)
    for spoken in begun:
        if spoken.participant.purpose in AGENT_PURPOSES:
            yield from _agent_events(name_of, spoken, begun)
    for stretch in _stretches(_only(begun, HANDOVER_PURPOSES)):
        if _is_over(stretch, seen):
            assert stretch.ended_at is not None
            yield CommonEvent(Name.HANDOVER_ENDED, name_of, stretch.first_session, stretch.ended_at)
    yield from _ends_and_reopenings(conversation, _stretches(begun))


def _participant_added(name_of: str, participant: Participant, at: datetime) -> CommonEvent:
    return CommonEvent(
        Name.PARTICIPANT_ADDED,
        name_of,
        participant.genesys_id,
        at,
        (
            ("participantId", participant.genesys_id),
            ("purpose", participant.purpose),
            ("userId", participant.user_id),
        ),
    )


def _agent_events(name_of: str, spoken: Spoken, begun: Sequence[Spoken]) -> Iterator[CommonEvent]:
    """Yield what one agent session tells: a ring alone is no connection, a hold no end."""
    session = spoken.session
    connected_at = min(
        (s.started_at for s in session.segments if s.segment_type in CONNECTED), default=None
    )
    about = about_session(spoken)
    is_agent = spoken.participant.purpose == "agent"
    if connected_at and is_agent:
        yield CommonEvent(Name.AGENT_CONNECTED, name_of, session.genesys_id, connected_at, about)
    if is_agent:
        for hold in holds.of(session.segments):
            yield from hold_events(name_of, session.genesys_id, hold, about)
    last = _last_with_disconnect(session)
    if last is None or last.ended_at is None:
        return
    about += (("disconnectType", last.disconnect_type),)
    if last.disconnect_type in TRANSFERS:
        yield CommonEvent(Name.AGENT_TRANSFERRED, name_of, session.genesys_id, last.ended_at, about)
    elif connected_at and is_agent and not _user_stays(spoken, last.ended_at, begun):
        yield CommonEvent(
            Name.AGENT_DISCONNECTED, name_of, session.genesys_id, last.ended_at, about
        )


def about_session(spoken: Spoken) -> About:
    """Return what every event of an agent's session tells along."""
    session = spoken.session
    return (
        ("participantId", spoken.participant.genesys_id),
        ("sessionId", session.genesys_id),
        ("userId", spoken.participant.user_id),
        ("mediaType", session.media_type),
        ("queueId", next((s.queue_id for s in session.segments if s.queue_id), "")),
    )


def hold_events(
    name_of: str, session_id: str, hold: holds.Hold, about: About
) -> Iterator[CommonEvent]:
    """Yield what one hold tells, under one subject."""
    subject = holds.subject(session_id, hold.started_at)
    yield CommonEvent(Name.HOLD_STARTED, name_of, subject, hold.started_at, about)
    if hold.ended_at:
        yield CommonEvent(Name.HOLD_ENDED, name_of, subject, hold.ended_at, about)


def _last_with_disconnect(session: Session) -> Segment | None:
    """Return the segment in which the session was disconnected: after-call work comes later."""
    ended = [s for s in session.segments if s.disconnect_type and s.segment_type != "wrapup"]
    return ended[0] if len(ended) == 1 else max(ended, key=_START, default=None)


def _user_stays(spoken: Spoken, at: datetime, begun: Sequence[Spoken]) -> bool:
    """Tell whether the user holds another session then, as when each sent e-mail makes one."""
    return any(
        other.session is not spoken.session
        and _is_same(other.participant, spoken.participant)
        and other.started_at <= at
        and (other.ended_at is None or other.ended_at > at)
        for other in begun
    )


def _is_same(one: Participant, other: Participant) -> bool:
    """Tell whether two participants are one user; one without a user is only itself."""
    return one.user_id == other.user_id if one.user_id else one.genesys_id == other.genesys_id


def _ends_and_reopenings(
    conversation: Conversation, stretches: list[Stretch]
) -> Iterator[CommonEvent]:
    """Yield each end and each reopening, numbered: a conversation may end more than once."""
    name_of = conversation.genesys_id
    for number, stretch in enumerate(stretches, start=1):
        if number > 1:
            yield CommonEvent(
                Name.CONVERSATION_REOPENED, name_of, str(number - 1), stretch.started_at
            )
        if number < len(stretches) and stretch.ended_at:
            yield CommonEvent(Name.CONVERSATION_ENDED, name_of, str(number), stretch.ended_at)
    if conversation.ended_at:
        number = max(len(stretches), 1)
        yield CommonEvent(Name.CONVERSATION_ENDED, name_of, str(number), conversation.ended_at)


def _only(begun: Sequence[Spoken], purposes: frozenset[str]) -> list[Spoken]:
    return [spoken for spoken in begun if spoken.participant.purpose in purposes]


def _stretches(begun: Sequence[Spoken]) -> list[Stretch]:
    """Join sessions, in order of their start, that follow one another within GRACE."""
    joined: list[Stretch] = []
    for spoken in begun:
        last = joined[-1] if joined else None
        if last and (last.ended_at is None or spoken.started_at <= last.ended_at + GRACE):
            joined[-1] = last._replace(ended_at=_later(last.ended_at, spoken.ended_at))
        else:
            joined.append(Stretch(spoken.session.genesys_id, spoken.started_at, spoken.ended_at))
    return joined


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return None if one is None or other is None else max(one, other)


def _is_over(stretch: Stretch, seen: Seen) -> bool:
    """Tell whether nobody took over within GRACE; the end of the conversation decides at once."""
    if stretch.ended_at is None:
        return False
    return seen.conversation.ended_at is not None or seen.observed_at > stretch.ended_at + GRACE
