"""Average handle time without the seconds that other work took, beside the raw one.

Sums come from the daily rollup, by the local day on which the agent's part was completed, as
Genesys counts. A mean divides a sum by the number handled; means are never averaged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, DurationField, ExpressionWrapper, F, QuerySet, Sum, Window
from django.db.models.functions import RowNumber
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from dashboards import format as write
from dashboards.days import chosen
from handling.models import AgentHandling, DailyHandling, Interruption


@dataclass(frozen=True, slots=True)
class Query:
    """The page's filter; empty means all. start and end are days of the centre, both in it."""

    start: date
    end: date
    media: str = ""
    queue: str = ""
    agent: str = ""
    by: str = "queue"
    errors: tuple[str, ...] = ()

    @classmethod
    def of(cls, told: Mapping[str, str], *, today: date) -> "Query":
        """Read a query string; a day that is none is named in errors, and the default taken."""
        days = chosen(told, today=today)
        return cls(
            start=days.start,
            end=days.end,
            media=told.get("media", ""),
            queue=told.get("queue", ""),
            agent=told.get("agent", ""),
            by="agent" if told.get("by") == "agent" else "queue",
            errors=days.errors,
        )

    @property
    def columns(self) -> dict[str, str]:
        """Return the chosen values by the column that they stand in."""
        values = {"media_type": self.media, "queue_id": self.queue, "user_id": self.agent}
        return {column: value for column, value in values.items() if value}

    @property
    def grouped_by(self) -> str:
        """Return the column that rows are grouped by: agents below a queue."""
        return "user_id" if self.queue or self.by == "agent" else "queue_id"


class Sums(NamedTuple):
    """Handle time of a group, in ms."""

    handled: int = 0
    interrupted: int = 0
    gross_ms: int = 0
    adjusted_ms: int = 0
    interrupted_ms: int = 0
    other_hold_ms: int = 0

    def __add__(self, other: tuple[Any, ...]) -> "Sums":
        return Sums(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def raw_s(self) -> int | None:
        return write.mean_seconds(self.gross_ms, self.handled)

    @property
    def adjusted_s(self) -> int | None:
        return write.mean_seconds(self.adjusted_ms, self.handled)

    @property
    def difference_s(self) -> int | None:
        """Return what the shown means differ by, so that the page adds up to the second."""
        if self.raw_s is None or self.adjusted_s is None:
            return None
        return self.raw_s - self.adjusted_s


class Cause(NamedTuple):
    """How much time the work of one medium took from other work."""

    media_type: str
    legs: int
    took: timedelta


class Group(NamedTuple):
    """One row: a queue or an agent, and a medium."""

    genesys_id: str
    media_type: str
    sums: Sums
    p90_ms: int | None


def sums_by(query: Query, column: str) -> dict[tuple[str, str], Sums]:
    """Read the sums by a column and medium: one query."""
    found = (
        DailyHandling.objects.filter(date__range=(query.start, query.end), **query.columns)
        .values_list(column, "media_type")
        .annotate(*(Sum(name) for name in Sums._fields))
    )
    return {(row[0], row[1]): Sums(*row[2:]) for row in found}


def groups(query: Query) -> list[Group]:
    """Read the rows of the page, the largest difference first: two queries."""
    p90 = nineties(query)
    found = [
        Group(genesys_id, media_type, sums, p90.get((genesys_id, media_type)))
        for (genesys_id, media_type), sums in sums_by(query, query.grouped_by).items()
    ]
    return sorted(found, key=lambda g: (-(g.sums.difference_s or 0), g.genesys_id, g.media_type))


def nineties(query: Query) -> dict[tuple[str, str], int]:
    """Read the 90th percentile of adjusted ms by group, nearest rank: one query."""
    parts = [query.grouped_by, "media_type"]
    ranked = completed(query).annotate(
        tenfold_rank=Window(RowNumber(), partition_by=parts, order_by=["adjusted_ms", "pk"]) * 10,
        ninefold_count=Window(Count("pk"), partition_by=parts) * 9,
    )
    found = ranked.filter(
        GreaterThanOrEqual(F("tenfold_rank"), F("ninefold_count")),
        LessThan(F("tenfold_rank") - 10, F("ninefold_count")),
    )
    return {(row[0], row[1]): row[2] for row in found.values_list(*parts, "adjusted_ms")}


def causes(query: Query) -> list[Cause]:
    """Read by which medium time was taken, the most first: one query."""
    columns = {f"handling__{column}": value for column, value in query.columns.items()}
    length = ExpressionWrapper(F("ended_at") - F("started_at"), output_field=DurationField())
    found = (
        Interruption.objects.filter(
            handling__completed_on__range=(query.start, query.end), **columns
        )
        .values_list("interrupter__media_type")
        .annotate(legs=Count("pk"), took=Sum(length))
    )
    return sorted((Cause(*row) for row in found), key=lambda cause: -cause.took)


def completed(query: Query) -> QuerySet[AgentHandling]:
    """Return the parts of agents in conversations that the filter keeps."""
    days = (query.start, query.end)
    return AgentHandling.objects.filter(completed_on__range=days, **query.columns)


def interruptions(handlings: Iterable[int]) -> dict[int, list[Interruption]]:
    """Read the interruptions of handlings with their causes, in order: one query."""
    found: dict[int, list[Interruption]] = {}
    legs = Interruption.objects.filter(handling_id__in=list(handlings))
    for leg in legs.select_related("interrupter").order_by("started_at", "pk"):
        found.setdefault(leg.handling_id, []).append(leg)
    return found
