"""What is known of a conversation at one moment: frozen values, as Genesys tells them.

Named tuples, not dataclasses: a conversation has some 57 of them, and making a frozen dataclass
costs five times as much. All instants are UTC to the millisecond; an absent text is "".
"""

from datetime import datetime
from typing import NamedTuple


class Segment(NamedTuple):
    """One stretch of a session in one state. ended_at is None while it lasts."""

    segment_type: str
    started_at: datetime
    ended_at: datetime | None = None
    queue_id: str = ""
    disconnect_type: str = ""  # canonical spelling: see disconnects.canonical
    wrap_up_code: str = ""
    wrap_up_note: str = ""
    subject: str = ""
    conference: bool = False
    source_conversation_id: str = ""
    destination_conversation_id: str = ""


class Metric(NamedTuple):
    """One metric of a session: t* in milliseconds, n* counts, o* observations."""

    name: str
    value: int
    emitted_at: datetime | None = None


class Session(NamedTuple):
    """One communication of a participant: the unit of agent work."""

    genesys_id: str
    media_type: str
    direction: str = ""
    provider: str = ""
    message_type: str = ""
    peer_id: str = ""
    ani: str = ""
    dnis: str = ""
    address_from: str = ""
    address_to: str = ""
    segments: tuple[Segment, ...] = ()
    metrics: tuple[Metric, ...] = ()

    @property
    def started_at(self) -> datetime | None:
        """The start of its first segment; None where it has none."""
        return min([s.started_at for s in self.segments], default=None)

    @property
    def ended_at(self) -> datetime | None:
        """The end of its last segment; None while one is open or where it has none."""
        ends = [s.ended_at for s in self.segments]
        return None if None in ends else max([e for e in ends if e], default=None)


class Participant(NamedTuple):
    """A person or system in the conversation. Genesys gives it no times of its own."""

    genesys_id: str
    purpose: str
    user_id: str = ""
    name: str = ""
    external_contact_id: str = ""
    team_id: str = ""
    attributes: str = "{}"  # JSON object, keys sorted: only async jobs tell them
    sessions: tuple[Session, ...] = ()


class Survey(NamedTuple):
    """A customer's survey. It arrives days later and may change after that."""

    genesys_id: str
    status: str = ""
    form_id: str = ""
    form_name: str = ""
    survey_type: str = ""
    queue_id: str = ""
    user_id: str = ""
    event_time: datetime | None = None
    completed_at: datetime | None = None
    total_score: int | None = None
    promoter_score: int | None = None


class Evaluation(NamedTuple):
    """A supervisor's evaluation of an agent. It arrives days later and may change after that."""

    genesys_id: str
    status: str = ""
    form_id: str = ""
    form_name: str = ""
    queue_id: str = ""
    user_id: str = ""
    evaluator_id: str = ""
    event_time: datetime | None = None
    released: bool = False
    rescored: bool = False
    deleted: bool = False
    total_score: int | None = None
    total_critical_score: int | None = None


class Resolution(NamedTuple):
    """Whether a later contact was avoided."""

    event_time: datetime | None
    queue_id: str = ""
    user_id: str = ""
    next_contact_avoided: int | None = None


class Conversation(NamedTuple):
    """A conversation and all below it. ended_at is None while it is open."""

    genesys_id: str
    started_at: datetime
    ended_at: datetime | None = None
    originating_direction: str = ""
    external_tag: str = ""
    division_ids: tuple[str, ...] = ()
    message_type: str = ""  # of its first session with a customer that has one
    skill_ids: tuple[str, ...] = ()  # asked for by the latest segment that names any
    language_id: str = ""  # the same
    participants: tuple[Participant, ...] = ()
    surveys: tuple[Survey, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    resolutions: tuple[Resolution, ...] = ()


class Snapshot(NamedTuple):
    """A conversation as it was read at an instant, and the hash of the document it came in."""

    conversation: Conversation
    observed_at: datetime
    content_hash: bytes  # 16 bytes
    document: bytes = b""  # the raw JSON, kept compressed for replay; empty: not kept
