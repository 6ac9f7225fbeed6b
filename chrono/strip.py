"""Opening hours day by day, as people check them: what is open, and why it is not."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chrono.business import BusinessTime
from chrono.spans import Span, Spans
from chrono.zones import DAY, start_of


class Day(NamedTuple):
    """A local date. length is 24 h unless clocks change; opens are its open spans, cut to it.

    notes say in words what is special: a holiday, a schedule that closes, an emergency.
    """

    date: date
    length: timedelta
    opens: tuple[Span, ...]
    notes: tuple[str, ...]

    @property
    def clocks_change(self) -> bool:
        return self.length != DAY


def days(hours: BusinessTime, zone: ZoneInfo, first: date, count: int) -> Iterator[Day]:
    """Yield so many local dates from the first on. A date that clocks skip has no length."""
    every = hours.spans(first - hours.reach - DAY, first + (count + 1) * DAY)
    for number in range(count):
        day = first + number * DAY
        start = start_of(day, timedelta(), zone)
        if start is None:
            yield Day(day, timedelta(), (), ("the clocks skip this date",))
            continue
        end = _start_after(day, zone)
        span = Span(start, end)
        opens = (every & Spans.of([span])).parts
        yield Day(day, span.length, opens, tuple(hours.notes(day, span)))


def _start_after(day: date, zone: ZoneInfo) -> datetime:
    following = day + DAY
    while (start := start_of(following, timedelta(), zone)) is None:
        following += DAY
    return start
