"""An agent's work, read from the mirror as a sweep takes it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from chrono.instants import to_ms
from chrono.spans import Span, Spans
from conversations.models import Agent, Metric, Segment, Session
from handling.domain import media
from handling.domain.reconcile import SessionRecord
from handling.domain.sessions import CONSULT, LIVE, STATE_OF_SEGMENT_TYPE, AgentSession, Rules
from handling.models import AgentHandling, Utilization

# More alternatives than this make a query that no index helps: then the hull is read instead.
MOST_SPANS = 20


@dataclass(slots=True)
class Extent:
    """What an agent's own sessions in one conversation say beside their states."""

    conversation_id: int
    started_at: datetime
    ended_at: datetime | None  # empty while a session is open
    queue_id: str = ""
    queued_at: datetime = field(default=datetime.min.replace(tzinfo=UTC))
    genesys_handle_ms: int | None = None

    def add(self, other: "Extent") -> None:
        """Widen by another session of the same conversation."""
        self.started_at = min(self.started_at, other.started_at)
        if self.ended_at is not None:
            self.ended_at = other.ended_at and max(self.ended_at, other.ended_at)
        if other.queue_id and other.queued_at >= self.queued_at:
            self.queue_id, self.queued_at = other.queue_id, other.queued_at


class Surroundings(NamedTuple):
    """All that an agent had around some conversations, and those conversations' own extents.

    Conversations are named by Genesys id in sessions and extents; ids has their primary keys.
    """

    sessions: list[AgentSession]
    extents: dict[str, Extent]
    ids: dict[str, int]


def purposes() -> tuple[str, ...]:
    """Return whose sessions are work: agents', and other users' where they count."""
    return ("agent", "user") if settings.COUNT_NON_ACD else ("agent",)


def rules(user_id: str) -> Rules:
    """Return what the settings, the organisation's utilization and the agent's own say."""
    organization = Utilization.objects.values_list("organization", flat=True).first()
    own = Agent.objects.filter(genesys_id=user_id).values_list("utilization", flat=True).first()
    states = {kind: at for kind, at in STATE_OF_SEGMENT_TYPE.items() if at != LIVE}
    return Rules(
        interrupted_by=media.matrix(organization or {}, own),
        consult_interrupts=settings.CONSULT_INTERRUPTS,
        states={**states, **dict.fromkeys(settings.LIVE_SEGMENT_TYPES, LIVE)},
    )


def own_sessions(user_id: str) -> QuerySet[Session]:
    """Return the sessions that are this agent's work and have begun."""
    found = Session.objects.filter(user_id=user_id, purpose__in=purposes())
    # SQLite takes the partial index of users' sessions only where its condition is said.
    return found.filter(started_at__isnull=False).exclude(user_id="")


def touching(
    user_id: str, start: datetime | None, end: datetime, rows: QuerySet[AgentHandling]
) -> QuerySet[Session]:
    """Return an agent's sessions in the conversations that touch a window, or that rows tell of.

    A row may tell of a time at which its conversation has nothing any more. start None: from the
    first.
    """
    window = own_sessions(user_id).filter(started_at__lte=end)
    if start is not None:
        window = window.filter(Q(ended_at__isnull=True) | Q(ended_at__gte=start))
    return own_sessions(user_id).filter(
        Q(conversation_id__in=window.values("conversation_id"))
        | Q(conversation_id__in=rows.values("conversation_id"))
    )


def surroundings(affected: QuerySet[Session], user_id: str, now: datetime) -> Surroundings:
    """Return an agent's work at the times of the affected sessions: it decides their figures."""
    found = Surroundings([], {}, {})
    own = list(affected.values_list("conversation_id", "started_at", "ended_at"))
    if not own:
        return found
    around = _overlapping([row[1:] for row in own], now)
    wanted = {row[0] for row in own}
    segments = _segments(user_id, around)
    for pk, conversation_id, name, media_type, consult in _named(user_id, around):
        parts = segments.get(pk, [])
        pieces = tuple((kind, to_ms(a), to_ms(b) if b else None) for kind, a, b, _ in parts)
        role = CONSULT if consult else ""
        found.sessions.append(AgentSession(name, user_id, media_type, pieces, role))
        found.ids[name] = conversation_id
        if conversation_id in wanted and parts and not consult:
            extent = _extent(conversation_id, parts, now)
            found.extents.setdefault(name, extent).add(extent)
    _tell_genesys_handle(found.extents.values(), affected)
    return found


def _overlapping(extents: list[tuple[datetime | None, datetime | None]], now: datetime) -> Q:
    spans = [
        Span(start.astimezone(UTC), max(start, end or now).astimezone(UTC) + timedelta.resolution)
        for start, end in extents
        if start is not None
    ]
    parts = Spans.of(spans).parts
    if len(parts) > MOST_SPANS:
        parts = (Span(parts[0].start, parts[-1].end),)
    found = Q()
    for part in parts:
        ends_later = Q(ended_at__isnull=True) | Q(ended_at__gte=part.start)
        found |= Q(started_at__lt=part.end) & ends_later
    return found


def _named(user_id: str, around: Q) -> Iterable[tuple[int, int, str, str, bool]]:
    """Tell a consult leg by its peer: another agent's session, beside a customer's."""
    beside = Session.objects.filter(conversation_id=OuterRef("conversation_id"))
    peer = beside.filter(genesys_id=OuterRef("peer_id"), purpose__in=("agent", "user"))
    consult = Exists(peer.exclude(user_id=OuterRef("user_id"))) & Exists(
        beside.filter(purpose__in=("customer", "external"))
    )
    context = own_sessions(user_id).filter(around)
    return context.annotate(consult=consult).values_list(
        "pk", "conversation_id", "conversation__genesys_id", "media_type", "consult"
    )


_OwnSegment = tuple[str, datetime, datetime | None, str]


def _segments(user_id: str, around: Q) -> dict[int, list[_OwnSegment]]:
    rows = (
        Segment.objects.filter(session__in=own_sessions(user_id).filter(around))
        .order_by("session_id", "ordinal")
        .values_list("session_id", "segment_type", "started_at", "ended_at", "queue_id")
    )
    return {
        session_id: [row[1:] for row in own]
        for session_id, own in groupby(rows.iterator(), key=itemgetter(0))
    }


def _extent(conversation_id: int, segments: list[_OwnSegment], now: datetime) -> Extent:
    last_start = max(start for _, start, _, _ in segments)
    ends = [end for _, start, end, _ in segments if end is not None or start == last_start]
    closed = [end for end in ends if end is not None and end <= now]
    queued_at, queue_id = max(
        ((start, queue) for _, start, _, queue in segments if queue), default=(last_start, "")
    )
    return Extent(
        conversation_id=conversation_id,
        started_at=min(start for _, start, _, _ in segments),
        ended_at=max(closed) if len(closed) == len(ends) else None,
        queue_id=queue_id,
        queued_at=queued_at,
    )


def _tell_genesys_handle(extents: Iterable[Extent], affected: QuerySet[Session]) -> None:
    totals = dict(
        Metric.objects.filter(name="tHandle", session__in=affected)
        .values_list("session__conversation_id")
        .annotate(total=Sum("value"))
    )
    for extent in extents:
        extent.genesys_handle_ms = totals.get(extent.conversation_id)


def sessions_with_handle_time() -> Iterator[SessionRecord]:
    """Return every session of a user that Genesys told a tHandle for, with segments and metrics."""
    told = Metric.objects.filter(name="tHandle").values("session_id")
    rows = (
        Session.objects.filter(pk__in=told)
        .exclude(user_id="")
        .select_related("conversation")
        .prefetch_related("segments", "metrics")
        .order_by("pk")
    )
    for row in rows.iterator(chunk_size=500):
        yield SessionRecord(
            conversation_id=row.conversation.genesys_id,
            session_id=row.genesys_id,
            segments=tuple(
                (s.segment_type, to_ms(s.started_at), to_ms(s.ended_at) if s.ended_at else None)
                for s in row.segments.all()
            ),
            metrics=tuple(
                (m.name, m.value, to_ms(m.emitted_at) if m.emitted_at else None)
                for m in row.metrics.all()
            ),
        )


def users_with_work() -> list[str]:
    """Return everyone who has sessions that are work, or rows that say so."""
    working = Session.objects.filter(purpose__in=purposes()).exclude(user_id="")
    known = AgentHandling.objects.values_list("user_id", flat=True)
    return sorted({*working.values_list("user_id", flat=True).distinct(), *known.distinct()})
