"""What the world knows of its conversations. Instants are milliseconds since 1970, UTC.

These rows are the truth: documents are drawn from them, and a mirror must come to hold them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Sender(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    AUTO_REPLY = "auto_reply"
    DRAFT = "draft"  # begun by an agent, not sent


class Cause(StrEnum):
    """Why a session went on hold."""

    INTERRUPTED = "interrupted"  # by work on a medium that may interrupt it
    SWITCHED = "switched"  # the agent turned to other work of the same medium
    BREAK = "break"
    OFF_SHIFT = "off_shift"
    MANUAL = "manual"
    CONSULT = "consult"


def _unwatched() -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Segment:
    """One stretch of a session in one state. end is None while it lasts."""

    segment_type: str
    start: int
    end: int | None = None
    queue_id: str = ""
    disconnect_type: str = ""
    wrap_up_code: str = ""
    wrap_up_note: str = ""
    subject: str = ""
    conference: bool = False
    source_conversation_id: str = ""
    destination_conversation_id: str = ""


class Metric(NamedTuple):
    """One metric of a session: t* in milliseconds, n* counts."""

    name: str
    value: int
    emitted: int


@dataclass(slots=True)
class Session:
    """One communication of a participant."""

    id: str
    purpose: str  # of its participant
    media: str
    direction: str = "inbound"
    provider: str = ""
    message_type: str = ""
    peer_id: str = ""
    ani: str = ""
    dnis: str = ""
    address_from: str = ""
    address_to: str = ""
    queue_id: str = ""  # written on its segments
    subject: str = ""  # written on its segments
    flow_id: str = ""
    flow_name: str = ""
    flow_type: str = ""
    flow_exit: str = ""
    segments: list[Segment] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    # Called after each change of its segments and each message in it.
    touched: Callable[[], None] = field(default=_unwatched, repr=False, compare=False)

    @property
    def open_segment(self) -> Segment | None:
        """The segment that lasts; None once the session is over."""
        last = self.segments[-1] if self.segments else None
        return last if last and last.end is None else None


@dataclass(slots=True)
class Participant:
    """A person or system in a conversation."""

    id: str
    purpose: str
    user_id: str = ""
    name: str = ""
    external_contact_id: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    sessions: list[Session] = field(default_factory=list)


@dataclass(slots=True)
class Message:
    """One e-mail or message. user_id is the agent's who wrote it."""

    id: str
    at: int
    sender: Sender
    session_id: str
    user_id: str = ""
    auto_generated: bool = False


@dataclass(slots=True)
class Hold:
    """Why a session of an agent stood still, and what took the agent away as it began."""

    session_id: str
    user_id: str
    start: int
    cause: Cause
    end: int | None = None
    by_conversation_id: str = ""
    by_session_id: str = ""


@dataclass(slots=True)
class Spell:
    """A state of an agent: a presence or a routing status. end is None while it lasts."""

    value: str
    start: int
    end: int | None = None


@dataclass(slots=True)
class Survey:
    """A customer's survey."""

    id: str
    status: str
    form_id: str
    form_name: str
    queue_id: str
    user_id: str
    event_time: int
    survey_type: str = "Web"
    completed: int | None = None
    total_score: int | None = None
    promoter_score: int | None = None


@dataclass(slots=True)
class Evaluation:
    """A supervisor's evaluation of an agent."""

    id: str
    status: str
    form_id: str
    form_name: str
    queue_id: str
    user_id: str
    evaluator_id: str
    event_time: int
    released: bool = False
    rescored: bool = False
    deleted: bool = False
    total_score: int | None = None
    total_critical_score: int | None = None


@dataclass(slots=True)
class Resolution:
    """Whether the customer had to come back."""

    event_time: int
    queue_id: str
    user_id: str
    next_contact_avoided: int


@dataclass(slots=True)
class Conversation:
    """A conversation and all that hangs on it. end is None while it is open."""

    id: str
    media: str
    start: int
    direction: str
    division_ids: list[str]
    customer_name: str
    customer_address: str
    our_address: str
    subject: str = ""
    end: int | None = None
    external_tag: str = ""
    skill_ids: tuple[str, ...] = ()  # asked for, as its segments in queues tell
    language_id: str = ""
    priority: int = 0
    label: str = ""
    auto_generated: bool = False  # its first message was written by a machine
    participants: list[Participant] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    surveys: list[Survey] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    resolutions: list[Resolution] = field(default_factory=list)

    @property
    def sessions(self) -> list[Session]:
        return [session for participant in self.participants for session in participant.sessions]
