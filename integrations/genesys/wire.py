"""The shapes in which Genesys writes analytics details, as far as the mirror has columns for them.

Keys without a field here are left to the raw snapshot. Lengths and ranges are those of the
mirror's columns: msgspec names the path of whatever does not fit.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

Id = Annotated[str, Meta(max_length=100)] | None
Word = Annotated[str, Meta(max_length=30)] | None
Direction = Annotated[str, Meta(max_length=20)] | None
Name = Annotated[str, Meta(max_length=200)] | None
# JSON writes a whole number as 1 or 1.0. The limits are those of the columns.
Count = (
    Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
    | Annotated[float, Meta(ge=-(2**31), le=2**31 - 1)]
    | None
)
Value = (
    Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
    | Annotated[float, Meta(ge=-(2**53), le=2**53)]
    | None
)


class _Wire(Struct, rename="camel", gc=False):
    """One object of the answer."""


class Segment(_Wire):
    segment_start: str | None = None
    segment_end: str | None = None
    segment_type: Word = None
    queue_id: Id = None
    disconnect_type: Word = None
    wrap_up_code: Id = None
    wrap_up_note: str | None = None
    subject: str | None = None
    conference: bool | None = None
    source_conversation_id: Id = None
    destination_conversation_id: Id = None
    requested_routing_skill_ids: list[str] | None = None
    requested_language_id: Id = None


class Metric(_Wire):
    name: Id = None
    value: Value = None
    emit_date: str | None = None


class Session(_Wire):
    session_id: Id = None
    media_type: Word = None
    direction: Direction = None
    provider: Name = None
    message_type: Word = None
    peer_id: Id = None
    ani: str | None = None
    dnis: str | None = None
    address_from: str | None = None
    address_to: str | None = None
    segments: list[Segment] | None = None
    metrics: list[Metric] | None = None


class Participant(_Wire):
    participant_id: Id = None
    purpose: Word = None
    user_id: Id = None
    participant_name: str | None = None
    external_contact_id: Id = None
    team_id: Id = None
    attributes: dict[str, Any] | None = None
    sessions: list[Session] | None = None


class Survey(_Wire):
    survey_id: Id = None
    survey_status: Word = None
    survey_form_id: Id = None
    survey_form_name: str | None = None
    survey_type: Word = None
    queue_id: Id = None
    user_id: Id = None
    event_time: str | None = None
    survey_completed_date: str | None = None
    o_survey_total_score: Count = None
    survey_promoter_score: Count = None


class Evaluation(_Wire):
    evaluation_id: Id = None
    evaluation_status: Word = None
    form_id: Id = None
    form_name: str | None = None
    queue_id: Id = None
    user_id: Id = None
    evaluator_id: Id = None
    event_time: str | None = None
    released: bool | None = None
    rescored: bool | None = None
    deleted: bool | None = None
    o_total_score: Count = None
    o_total_critical_score: Count = None


class Resolution(_Wire):
    event_time: str | None = None
    queue_id: Id = None
    user_id: Id = None
    n_next_contact_avoided: Count = None


class Conversation(_Wire):
    conversation_id: Id = None
    conversation_start: str | None = None
    conversation_end: str | None = None
    originating_direction: Direction = None
    external_tag: Name = None
    division_ids: list[str] | None = None
    participants: list[Participant] | None = None
    surveys: list[Survey] | None = None
    evaluations: list[Evaluation] | None = None
    resolutions: list[Resolution] | None = None
