"""How each road does, and what is missing: for pages and probes."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import Exists, OuterRef, Q

from integrations import gaps as missing
from integrations.models import Gap, HistoryDay, Watermark

# A gap that was filled stays in sight for so long.
SHOWN_FILLED: Final = timedelta(days=1)
MOST_GAPS: Final = 100


class Road(NamedTuple):
    """A road that is read. every is how often, where a schedule says so.

    missing_since is the start of the oldest gap that is not filled; overdue says that it should
    have got on by now.
    """

    road: str
    every: timedelta | None
    read_to: datetime | None
    succeeded_at: datetime | None
    failing_since: datetime | None
    detail: str
    running: bool
    overdue: bool
    missing_since: datetime | None


def roads(*, now: datetime) -> list[Road]:
    """Return every road that has run, by name: three queries."""
    since: dict[str, datetime] = {}
    for road, start in Gap.objects.filter(filled_at=None).values_list("road", "start"):
        since[road] = min(start, since.get(road, start))
    over = _loaded()
    found = [_road(row, since, now) for row in Watermark.objects.order_by("road")]
    return [one._replace(failing_since=None) if one.road in over else one for one in found]


def gaps(*, now: datetime) -> list[Gap]:
    """Return what is missing, newest first, and what was filled in the last day."""
    shown = Q(filled_at=None) | Q(filled_at__gt=now - SHOWN_FILLED)
    return list(Gap.objects.filter(shown).order_by("-start", "-pk")[:MOST_GAPS])


def _loaded() -> set[str]:
    """Return the roads without a schedule that have no day left to load: none of them can fail.

    A day that another road has read is not left.
    """
    elsewhere = HistoryDay.objects.filter(day=OuterRef("day"), state=HistoryDay.State.DONE)
    days = HistoryDay.objects.annotate(
        left=~Q(state__in=(HistoryDay.State.DONE, HistoryDay.State.FAILED)) & ~Exists(elsewhere)
    )
    told = set(days.values_list("road", "left").distinct())
    roads = {road for road, _ in told if missing.pace(road) is None}
    return {road for road in roads if (road, True) not in told}


def _road(row: Watermark, since: dict[str, datetime], now: datetime) -> Road:
    allowed = missing.patience(row.road)
    last = row.succeeded_at or row.started_at
    return Road(
        road=row.road,
        every=missing.pace(row.road),
        read_to=row.read_to,
        succeeded_at=row.succeeded_at,
        failing_since=row.failing_since,
        detail=row.detail,
        running=row.leased_until is not None and row.leased_until > now,
        overdue=allowed is not None and last is not None and now - last > allowed,
        missing_since=since.get(row.road),
    )
