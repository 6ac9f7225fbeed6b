"""What the mirror and the handle times hold of one agent's day, read as plain values."""

from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Q

from chrono.spans import Span
from conversations.models import Segment
from dashboards.work import LegRow, SegmentRow
from handling.models import AgentHandling, Interruption

SHOWN: Final = 2_000  # segments; more would only be a blur
DAY: Final = timedelta(days=1)


class Handled(NamedTuple):
    """One conversation that the agent completed on the day."""

    media_type: str
    gross_ms: int
    adjusted_ms: int


def window(day: date, zone: ZoneInfo) -> Span:
    """Return the instants of a local day: 23 to 25 hours."""
    following = day + DAY
    return Span(
        datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC),
        datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC),
    )


def read_segments(user_id: str, whole: Span) -> list[SegmentRow]:
    """Read the segments of an agent that lie in a span, with one more than is shown."""
    lasting = Q(ended_at__isnull=True) | Q(ended_at__gt=whole.start)
    session_lasting = Q(session__ended_at__isnull=True) | Q(session__ended_at__gt=whole.start)
    found = (
        Segment.objects.filter(
            lasting,
            session_lasting,
            started_at__lt=whole.end,
            session__user_id=user_id,
            session__started_at__lt=whole.end,
        )
        .order_by("started_at", "pk")
        .values_list(
            "pk",
            "session_id",
            "session__conversation_id",
            "session__conversation__genesys_id",
            "session__media_type",
            "session__purpose",
            "session__user_id",
            "segment_type",
            "started_at",
            "ended_at",
        )
    )
    return [SegmentRow._make(row) for row in found[: SHOWN + 1]]


def read_legs(user_id: str, whole: Span) -> list[LegRow]:
    """Read the interruptions of an agent's work that lie in a span."""
    found = (
        Interruption.objects.filter(
            handling__user_id=user_id, started_at__lt=whole.end, ended_at__gt=whole.start
        )
        .order_by("started_at", "pk")
        .values_list(
            "handling__conversation_id",
            "started_at",
            "ended_at",
            "interrupter_id",
            "interrupter__genesys_id",
            "interrupter__media_type",
            "handling__conversation__genesys_id",
            "handling__media_type",
            "handling__user_id",
            "provisional",
        )
    )
    return [LegRow._make(row) for row in found]


def read_handled(user_id: str, whole: Span) -> list[Handled]:
    """Read what an agent completed in a span."""
    found = AgentHandling.objects.filter(
        user_id=user_id, ended_at__gte=whole.start, ended_at__lt=whole.end
    ).values_list(*Handled._fields)
    return [Handled._make(row) for row in found]
