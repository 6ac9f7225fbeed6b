"""A calendar's days in words: what is open, which days are longer or shorter, why one is shut."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from chrono.spans import Span
from chrono.strip import Day, days
from chrono.zones import zone_named
from sla.models import Calendar
from sla.selectors import hours_of

SHOWN: Final = 14


class Line(NamedTuple):
    """One day: Mon 23 Nov, its open times or "closed", how long that is, and what is special."""

    day: str
    open: str
    total: str
    why: str
    is_open: bool


def lines(calendar: Calendar, first: date, count: int) -> Iterator[Line]:
    """Yield so many days from a local date on. Raises HoursError where hours cannot be read."""
    hours, zone = hours_of(calendar), zone_named(calendar.timezone)
    for day in days(hours, zone, first, count):
        yield _line(day, zone)


def _line(day: Day, zone: ZoneInfo) -> Line:
    notes = list(day.notes)
    if day.clocks_change and day.length:
        notes.append(f"clocks change: the day has {_amount(day.length)}")
    times = ", ".join(_times(span, day, zone) for span in day.opens)
    total = sum((span.length for span in day.opens), timedelta())
    shown = f"{day.date:%a} {day.date.day} {day.date:%b %Y}"
    return Line(shown, times or "closed", _amount(total), "; ".join(notes), bool(times))


def _times(span: Span, day: Day, zone: ZoneInfo) -> str:
    start, end = span.start.astimezone(zone), span.end.astimezone(zone)
    closes = "24:00" if end.date() > day.date else f"{end:%H:%M}"
    return f"{start:%H:%M}\N{EN DASH}{closes}"


def _amount(length: timedelta) -> str:
    minutes = length // timedelta(minutes=1)
    return f"{minutes // 60}:{minutes % 60:02d} h" if minutes % 60 else f"{minutes // 60} h"
