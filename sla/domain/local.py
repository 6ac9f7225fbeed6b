"""Local times of day that repeat: quiet hours of a ladder, shifts of a rota. Right by DST."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from chrono.spans import Span
from chrono.zones import DAY, end_of, start_of, zone_named

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Daily(NamedTuple):
    """From one local time to another on some weekdays (of the start); none: on each.

    An end at or before the start is on the next day. A time that clocks skip is later by the gap.
    Raises HoursError where the time zone is none.
    """

    start: time
    end: time
    timezone: str
    weekdays: Collection[str] = ()

    def around(self, at: datetime) -> Span | None:
        """Return the span that an instant lies in; None where it lies in none."""
        zone = zone_named(self.timezone)
        today = at.astimezone(zone).date()
        spans = (self._on(day, zone) for day in (today - DAY, today))
        return next((span for span in spans if span and span.start <= at < span.end), None)

    def _on(self, day: date, zone: ZoneInfo) -> Span | None:
        if self.weekdays and WEEKDAYS[day.weekday()] not in self.weekdays:
            return None
        start = start_of(day, _since_midnight(self.start), zone)
        next_day = DAY if self.end <= self.start else timedelta()
        end = end_of(day + next_day, _since_midnight(self.end), zone)
        return Span(start, end) if start and start < end else None


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)
