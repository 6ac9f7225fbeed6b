"""What the SLA report counts: waits that are over, by when they ended."""

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Count, DurationField, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from dashboards.report.query import GROUPS, Query
from dashboards.zones import of_centre
from sla.models import Clock, Wait

LISTED: Final = 100
MS: Final = timedelta(milliseconds=1)


class Sums(NamedTuple):
    """How many waits there were, how many were met, and how long they took in all, in ms.

    used counts as the policy measures; paused and lasted are time by the clock on the wall.
    """

    waits: int = 0
    met: int = 0
    used_ms: int = 0
    paused_ms: int = 0
    lasted_ms: int = 0

    @property
    def closed_ms(self) -> int:
        """What is left of how long they lasted: nothing paused them, but it was closed."""
        return max(self.lasted_ms - self.used_ms - self.paused_ms, 0)

    @property
    def breached(self) -> int:
        return self.waits - self.met

    def __add__(self, other: tuple[Any, ...]) -> "Sums":
        return Sums(*(a + b for a, b in zip(self, other, strict=True)))


def groups(query: Query) -> dict[Any, Sums]:
    """Count waits by what the query groups by: one statement."""
    column = GROUPS[query.by][1]
    waits = _over(query)
    if query.by == "day":
        waits = waits.annotate(day=TruncDate("ended_at", tzinfo=of_centre()))
    counted = waits.values(column).annotate(
        waits=Count("pk"),
        kept=Count("pk", filter=Q(met=True)),
        used=Sum("elapsed_ms"),
        paused=Sum("paused_ms"),
        lasted=Sum(F("ended_at") - F("started_at"), output_field=DurationField()),
    )
    rows = counted.order_by(column).values_list(column, "waits", "kept", "used", "paused", "lasted")
    return {group: Sums._make((*sums, lasted // MS)) for group, *sums, lasted in rows}


def waits(query: Query, *, limit: int | None = LISTED) -> list[Wait]:
    """Read the waits that a query keeps, the latest of those that took longest beyond first."""
    found = _over(query).select_related("conversation", "policy")
    over = F("elapsed_ms") - F("target_s") * 1000
    return list(found.annotate(over=over).order_by("met", "-over", "pk")[:limit])


def still_breached(query: Query, *, now: datetime) -> int:
    """Count the waits that go on beyond their target: they are in no number of what is over."""
    columns = {"queue_id": "conversation__queue_id", "user_id": "conversation__user_id"}
    chosen = {columns.get(name, name): value for name, value in query.columns.items()}
    late = Q(breached=True) | Q(breaches_at__lt=now)
    running = Clock.objects.filter(late, state=Clock.State.RUNNING, **chosen)
    return running.exclude(kind=Clock.Kind.FORGOTTEN).count()


def _over(query: Query) -> QuerySet[Wait]:
    """Return the waits that a query keeps. Forgotten work is no customer's wait."""
    span = query.span
    found = Wait.objects.filter(
        ended_at__gte=span.start, ended_at__lt=span.end, **query.columns
    ).exclude(kind=Clock.Kind.FORGOTTEN)
    return found.filter(met=query.result == "met") if query.result else found
