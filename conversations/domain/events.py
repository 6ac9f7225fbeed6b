"""Common Events: what happened to a conversation, found between two states of it.

Each state implies a set of events, each with a key made of what it is about. What is new between
two states is what the later one implies and the earlier one did not; so repeated, late and
reordered snapshots tell each event once.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import NamedTuple

from conversations.domain import holds, talks
from conversations.domain.disconnects import TRANSFERS
from conversations.domain.facts import Conversation, Participant
from conversations.domain.seen import (
    AGENT_PURPOSES,
    Seen,
    Spoken,
    last_with_disconnect,
    talk_of,
)
from conversations.domain.stretches import Stretch, handovers, is_over, stretches
from conversations.domain.talks import Talk


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
    SLA_WARNED = "sla.warned"
    SLA_BREACHED = "sla.breached"
    SLA_ESCALATED = "sla.escalated"
    SLA_WITHDRAWN = "sla.withdrawn"
    CONVERSATION_FORCED = "conversation.forced"


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
# What tells that the customer notices nothing of it.
_CONSULT: About = (("consult", "true"),)
_AGAIN: About = (("again", "true"),)
# What is added to a session's id where its agent took the customer over after a consultation.
_TAKEN_OVER = "@taken-over"
_LONGEST = 100 - len(_TAKEN_OVER)


def diff(before: Seen | None, after: Seen) -> list[CommonEvent]:
    """Return the events that after implies and before did not, in order of time."""
    found = list(implied(after))
    if before:
        known = {event.identity for event in implied(before)}
        found = [event for event in found if event.identity not in known]
    found.sort(key=_ORDER)
    return found


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
    yield from _agents_events(name_of, begun)
    for stretch in handovers(begun):
        if is_over(stretch, seen):
            assert stretch.ended_at is not None
            yield CommonEvent(
                Name.HANDOVER_ENDED,
                name_of,
                stretch.first_session,
                stretch.ended_at,
                _who_left_last(stretch.last),
            )
    yield from _ends_and_reopenings(conversation, stretches(begun))


def _who_left_last(last: Spoken) -> About:
    """Return what a handover's end tells of the session that left last, and why it did.

    Mostly an agent's. Where a customer gives up in the queue it is the queue's: that the agent
    before had transferred says nothing of the end.
    """
    left = last_with_disconnect(last.session)
    return (*about_session(last), ("disconnectType", left.disconnect_type if left else ""))


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


def _agents_events(name_of: str, begun: Sequence[Spoken]) -> Iterator[CommonEvent]:
    """Yield what agents' sessions tell, and of other users' who hands on."""
    mine = [spoken for spoken in begun if spoken.participant.purpose in AGENT_PURPOSES]
    found = {spoken.session.genesys_id: talk_of(spoken) for spoken in mine}
    known = [talk for talk in found.values() if talk]
    for spoken in mine:
        talk, about = found[spoken.session.genesys_id], about_session(spoken)
        if spoken.participant.purpose == "agent":
            if talk:
                yield from connections(name_of, talk, known, about)
            for hold in holds.of(spoken.session.segments):
                yield from hold_events(name_of, spoken.session.genesys_id, hold, about)
        if talk and talks.is_consult(talk, known) and not talks.took_over_at(talk, known):
            about += _CONSULT
        yield from _leaving(name_of, spoken, talk, begun, about)


def connections(
    name_of: str, talk: Talk, known: Sequence[Talk], about: About
) -> Iterator[CommonEvent]:
    """Yield that an agent is connected: to the customer, or (consult) to another agent only.

    Who takes over after a consultation is connected again, then to the customer. A further session
    of a user who is connected already says so (again).
    """
    name, session_id = Name.AGENT_CONNECTED, talk.session_id
    if talks.is_consult(talk, known):
        yield CommonEvent(name, name_of, session_id, talk.connected_at, about + _CONSULT)
        if at := talks.took_over_at(talk, known):
            yield CommonEvent(name, name_of, f"{session_id[:_LONGEST]}{_TAKEN_OVER}", at, about)
    else:
        told = about + _AGAIN if talks.is_again(talk, known) else about
        yield CommonEvent(name, name_of, session_id, talk.connected_at, told)


def _leaving(
    name_of: str, spoken: Spoken, talk: Talk | None, begun: Sequence[Spoken], about: About
) -> Iterator[CommonEvent]:
    """Yield how an agent's session ended: a ring alone is no connection, its end no leaving."""
    last = last_with_disconnect(spoken.session)
    if last is None or last.ended_at is None:
        return
    about += (("disconnectType", last.disconnect_type),)
    subject, at = spoken.session.genesys_id, last.ended_at
    if last.disconnect_type in TRANSFERS:
        yield CommonEvent(Name.AGENT_TRANSFERRED, name_of, subject, at, about)
    elif talk and spoken.participant.purpose == "agent" and not _user_stays(spoken, at, begun):
        yield CommonEvent(Name.AGENT_DISCONNECTED, name_of, subject, at, about)


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


def _user_stays(spoken: Spoken, at: datetime, begun: Sequence[Spoken]) -> bool:
    """Tell whether the user holds another session then, as when each sent e-mail makes one."""
    return any(
        other.session is not spoken.session
        and _is_same(other.participant, spoken.participant)
        and other.started_at <= at
        and (other.talked_until is None or other.talked_until > at)
        for other in begun
    )


def _is_same(one: Participant, other: Participant) -> bool:
    """Tell whether two participants are one user; one without a user is only itself."""
    return one.user_id == other.user_id if one.user_id else one.genesys_id == other.genesys_id


def _ends_and_reopenings(
    conversation: Conversation, found: Sequence[Stretch]
) -> Iterator[CommonEvent]:
    """Yield each end and each reopening, numbered: a conversation may end more than once."""
    name_of = conversation.genesys_id
    for number, stretch in enumerate(found, start=1):
        if number > 1:
            yield CommonEvent(
                Name.CONVERSATION_REOPENED, name_of, str(number - 1), stretch.started_at
            )
        if number < len(found) and stretch.ended_at:
            yield CommonEvent(Name.CONVERSATION_ENDED, name_of, str(number), stretch.ended_at)
    if conversation.ended_at:
        number = max(len(found), 1)
        yield CommonEvent(Name.CONVERSATION_ENDED, name_of, str(number), conversation.ended_at)
