"""What is stored about one conversation, read as plain values: a fixed number of queries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import Q

from conversations.models import (
    CommonEvent,
    Conversation,
    Message,
    Metric,
    Participant,
    Segment,
    Session,
)
from dashboards.work import LegRow, SegmentRow
from handling.models import AgentHandling, Interruption
from sla.domain.words import users_in
from sla.models import Clock, ForcedEnd

SHOWN: Final = 2_000  # segments, and as many metrics: more would only be a blur


class Extra(NamedTuple):
    """What a segment says beside its times."""

    queue_id: str
    disconnect_type: str
    wrap_up_code: str
    wrap_up_note: str
    subject: str
    participant_id: int
    session_id: str
    ordinal: int


class MetricRow(NamedTuple):
    participant_id: int
    media_type: str
    name: str
    value: int
    emitted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A conversation and all that hangs on it."""

    conversation: Conversation
    participants: tuple[Participant, ...]
    sessions: tuple[Session, ...]
    segments: tuple[SegmentRow, ...]
    extras: dict[int, Extra]
    cut: bool
    suffered: tuple[LegRow, ...]
    caused: tuple[LegRow, ...]
    handlings: tuple[AgentHandling, ...]
    clocks: tuple[Clock, ...]
    forced: tuple[ForcedEnd, ...]
    events: tuple[CommonEvent, ...]
    messages: tuple[Message, ...]
    metrics: tuple[MetricRow, ...]
    surveys: tuple[Any, ...]
    evaluations: tuple[Any, ...]


def read(genesys_id: str) -> Stored | None:
    """Read a conversation by its Genesys id; None where the mirror has none of that id."""
    conversation = Conversation.objects.filter(genesys_id=genesys_id).first()
    if conversation is None:
        return None
    segments, extras = _segments(conversation)
    return Stored(
        conversation=conversation,
        participants=tuple(conversation.participants.order_by("ordinal", "pk")),
        sessions=tuple(conversation.sessions.order_by("started_at", "pk")[:SHOWN]),
        segments=segments[:SHOWN],
        extras=extras,
        cut=len(segments) > SHOWN,
        suffered=_legs(Q(handling__conversation=conversation)),
        caused=_legs(Q(interrupter=conversation)),
        handlings=tuple(conversation.handlings.order_by("started_at", "pk")),
        clocks=tuple(
            conversation.clocks.select_related("policy", "calendar").order_by("kind", "pk")
        ),
        forced=tuple(conversation.forced_ends.order_by("planned_at", "pk")[:SHOWN]),
        events=tuple(conversation.events.order_by("at", "pk")[:SHOWN]),
        messages=tuple(conversation.messages.order_by("sent_at", "pk")[:SHOWN]),
        metrics=_metrics(conversation),
        surveys=tuple(conversation.surveys.order_by("event_time", "pk")),
        evaluations=tuple(conversation.evaluations.order_by("event_time", "pk")),
    )


def agent_ids(stored: Stored) -> set[str]:
    """Return the Genesys ids of all agents that the page names."""
    steps = [step for clock in stored.clocks for step in clock.steps]
    return {
        *(participant.user_id for participant in stored.participants),
        *(leg.user_id for leg in stored.caused),
        *(message.user_id for message in stored.messages),
        *(quality.user_id for quality in (*stored.surveys, *stored.evaluations)),
        *(evaluation.evaluator_id for evaluation in stored.evaluations),
        *(user for step in steps for user in users_in(step.reason)),
        stored.conversation.user_id,
    }


def queue_ids(stored: Stored) -> set[str]:
    """Return the Genesys ids of all queues that the page names."""
    return {stored.conversation.queue_id, *(extra.queue_id for extra in stored.extras.values())}


def _segments(conversation: Conversation) -> tuple[tuple[SegmentRow, ...], dict[int, Extra]]:
    columns = (
        "pk",
        "session_id",
        "session__conversation_id",
        "session__media_type",
        "session__purpose",
        "session__user_id",
        "segment_type",
        "started_at",
        "ended_at",
        "queue_id",
        "disconnect_type",
        "wrap_up_code",
        "wrap_up_note",
        "subject",
        "session__participant_id",
        "session__genesys_id",
        "ordinal",
    )
    found = Segment.objects.filter(session__conversation=conversation)
    rows = list(found.order_by("started_at", "pk").values_list(*columns)[: SHOWN + 1])
    segments = (
        SegmentRow._make((*row[:3], conversation.genesys_id, *row[3:9]))  # the id is known already
        for row in rows
    )
    return tuple(segments), {row[0]: Extra._make(row[9:]) for row in rows}


def _legs(which: Q) -> tuple[LegRow, ...]:
    found = (
        Interruption.objects.filter(which)
        .select_related("handling__conversation", "interrupter")
        .order_by("started_at", "pk")[:SHOWN]
    )
    return tuple(_leg(leg) for leg in found)


def _leg(leg: Interruption) -> LegRow:
    return LegRow(
        conversation_pk=leg.handling.conversation_id,
        started_at=leg.started_at,
        ended_at=leg.ended_at,
        cause_pk=leg.interrupter_id,
        cause_id=leg.interrupter.genesys_id,
        cause_media=leg.interrupter.media_type,
        held_id=leg.handling.conversation.genesys_id,
        held_media=leg.handling.media_type,
        user_id=leg.handling.user_id,
        provisional=leg.provisional,
    )


def _metrics(conversation: Conversation) -> tuple[MetricRow, ...]:
    found = (
        Metric.objects.filter(session__conversation=conversation)
        .order_by("session__started_at", "session_id", "ordinal", "pk")
        .values_list(
            "session__participant_id", "session__media_type", "name", "value", "emitted_at"
        )
    )
    return tuple(MetricRow._make(row) for row in found[:SHOWN])
