"""Handle time by local day: UTC instants cut at local midnights, so a day has 23 to 25 hours."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chrono.instants import from_ms, to_ms
from handling.domain.results import Handling


class DayFigures(NamedTuple):
    """Milliseconds of one local day."""

    gross: int = 0
    interrupted: int = 0

    @property
    def adjusted(self) -> int:
        return self.gross - self.interrupted


def by_day(handlings: Iterable[Handling], zone: ZoneInfo) -> dict[date, DayFigures]:
    """Return what fell on each local day that saw any handle time, in order."""
    gross: dict[date, int] = {}
    interrupted: dict[date, int] = {}
    for handling in handlings:
        for start, end in handling.worked:
            _add(gross, start, end, zone)
        for leg in handling.legs:
            _add(interrupted, leg.start, leg.end, zone)
    return {day: DayFigures(gross[day], interrupted.get(day, 0)) for day in sorted(gross)}


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a local day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def local_date(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def _add(sums: dict[date, int], start: int, end: int, zone: ZoneInfo) -> None:
    for day, length in _pieces(start, end, zone):
        sums[day] = sums.get(day, 0) + length


def _pieces(start: int, end: int, zone: ZoneInfo) -> Iterator[tuple[date, int]]:
    day = local_date(from_ms(start), zone)
    while start < end:
        cut = min(end, to_ms(midnight(day + timedelta(days=1), zone)))
        if start < cut:
            yield day, cut - start
            start = cut
        day += timedelta(days=1)
