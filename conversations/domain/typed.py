"""Common Events as extension code gets them: for each a frozen value, whose fields have types."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

import msgspec

from conversations.domain.events import Name


class Event(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What every Common Event tells. Ids are Genesys's; what is not known is "".

    key tells the event from all others, for ever, however often it is told. revision counts how
    often a reading put right what was told first. recorded_at is when DCM learned of it.
    """

    name: ClassVar[Name]

    key: str
    conversation_id: str
    at: datetime
    recorded_at: datetime
    revision: int = 0
    media_type: str = ""
    queue_id: str = ""


class ConversationCreated(Event, frozen=True, kw_only=True, rename="camel"):
    """A conversation has come into the mirror; at is when it began."""

    name = Name.CONVERSATION_CREATED


class ParticipantAdded(Event, frozen=True, kw_only=True, rename="camel"):
    """Somebody has joined: a customer, a queue, an agent. user_id is an agent's or user's."""

    name = Name.PARTICIPANT_ADDED

    participant_id: str = ""
    purpose: str = ""
    user_id: str = ""


class _OfAgent(Event, frozen=True, kw_only=True, rename="camel"):
    """What is told along of an agent's session."""

    participant_id: str = ""
    session_id: str = ""
    user_id: str = ""


class AgentConnected(_OfAgent, frozen=True, kw_only=True, rename="camel"):
    """An agent has answered: not merely been rung at.

    consult: connected to another agent only, who has the customer. again: the same agent was
    connected already, as where each e-mail that is sent is a session of its own.
    """

    name = Name.AGENT_CONNECTED

    consult: bool = False
    again: bool = False


class AgentTransfers(_OfAgent, frozen=True, kw_only=True, rename="camel"):
    """An agent has handed the conversation on, to a queue or to somebody."""

    name = Name.AGENT_TRANSFERRED

    disconnect_type: str = ""


class AgentDisconnects(_OfAgent, frozen=True, kw_only=True, rename="camel"):
    """An agent's session has ended, and nobody was handed the conversation by that."""

    name = Name.AGENT_DISCONNECTED

    disconnect_type: str = ""


class HoldStarted(_OfAgent, frozen=True, kw_only=True, rename="camel"):
    """An agent has put the customer on hold. hold_id is the same when it ends."""

    name = Name.HOLD_STARTED

    hold_id: str = msgspec.field(default="", name="subject")


class HoldEnded(_OfAgent, frozen=True, kw_only=True, rename="camel"):
    """The hold of this hold_id is over."""

    name = Name.HOLD_ENDED

    hold_id: str = msgspec.field(default="", name="subject")


class HandoverEnded(_OfAgent, frozen=True, kw_only=True, rename="camel"):
    """No agent has the conversation any more, and nobody is queued: a bot may go on.

    The session is the one that left last. first_session_id is the one that the handover began with.
    """

    name = Name.HANDOVER_ENDED

    first_session_id: str = msgspec.field(default="", name="subject")
    disconnect_type: str = ""


class ConversationEnded(Event, frozen=True, kw_only=True, rename="camel"):
    """A conversation has ended. number counts its ends, from 1: it may be reopened."""

    name = Name.CONVERSATION_ENDED

    number: int = msgspec.field(default=1, name="subject")


class ConversationReopened(Event, frozen=True, kw_only=True, rename="camel"):
    """A conversation goes on after its end number so and so."""

    name = Name.CONVERSATION_REOPENED

    number: int = msgspec.field(default=1, name="subject")


class _OfClock(Event, frozen=True, kw_only=True, rename="camel"):
    """What is told along of an SLA clock. Seconds are business time.

    clock is first_response, next_response or resolution; started_at is since when the customer
    waits; user_id is who has the conversation, or had it last.
    """

    clock: str
    started_at: datetime
    due_at: datetime | None = None
    target_s: int = 0
    elapsed_s: int = 0
    policy_id: str = ""
    policy: str = ""
    user_id: str = ""


class _OfTimer(_OfClock, frozen=True, kw_only=True, rename="camel"):
    """What is told along of a timer. verified: Genesys confirmed it just before."""

    rung: str = ""
    verified: bool = False


class SlaWarned(_OfTimer, frozen=True, kw_only=True, rename="camel"):
    """A clock runs, and has reached the time at which its policy warns."""

    name = Name.SLA_WARNED


class SlaBreached(_OfTimer, frozen=True, kw_only=True, rename="camel"):
    """A clock runs beyond its target."""

    name = Name.SLA_BREACHED


class SlaEscalated(_OfTimer, frozen=True, kw_only=True, rename="camel"):
    """A rung of the ladder is reached; audience says whom it tells."""

    name = Name.SLA_ESCALATED

    ladder: str = ""
    audience: str = ""


class SlaWithdrawn(_OfClock, frozen=True, kw_only=True, rename="camel"):
    """What was told turns out not to have been so: withdraws names the event, reason says why.

    withdraws_subject is what stands behind the name in the key of that event.
    """

    name = Name.SLA_WITHDRAWN

    rung: str = ""
    withdraws: str = ""
    withdraws_subject: str = ""
    reason: str = ""


class ConversationForced(_OfAgent, frozen=True, kw_only=True, rename="camel"):
    """DCM has ended an agent's session that nobody had touched for too long, and it is over.

    action is disconnect, or requeue: put back into its queue. mode is live: a dry run is not told.
    after_s is what the policy allows, untouched_since when it was touched last.
    """

    name = Name.CONVERSATION_FORCED

    action: str
    mode: str = "live"
    after_s: int = 0
    untouched_since: datetime | None = None
    policy_id: str = ""
    policy: str = ""


EVENTS: Final[tuple[type[Event], ...]] = (
    ConversationCreated,
    ParticipantAdded,
    AgentConnected,
    AgentTransfers,
    AgentDisconnects,
    HandoverEnded,
    ConversationEnded,
    ConversationReopened,
    HoldStarted,
    HoldEnded,
    SlaWarned,
    SlaBreached,
    SlaEscalated,
    SlaWithdrawn,
    ConversationForced,
)
_BY_NAME: Final = {event.name.value: event for event in EVENTS}


def key_of(conversation_id: str, name: str, subject: str) -> str:
    """Return what tells an event from every other, for ever."""
    return f"{conversation_id}:{name}:{subject}"


def event_of(name: str, about: Mapping[str, Any], **told: Any) -> Event:
    """Return an event of this name from what its row tells; about is its payload.

    told are conversationId, subject, at, recordedAt and, where it was put right, revision. Instants
    may be text. Raises KeyError where no event has this name, and msgspec.ValidationError where
    something cannot be read.
    """
    key = key_of(told["conversationId"], name, told["subject"])
    return msgspec.convert({**about, **told, "key": key}, _BY_NAME[name], strict=False)
