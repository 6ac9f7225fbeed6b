"""Emergencies: open or closed for a time, whatever the hours beneath say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from chrono.business import EARLIEST, LATEST, BusinessTime
from chrono.spans import Span, Spans
from chrono.zones import DAY


class Emergency(NamedTuple):
    """Open or closed from an instant on, until another; None: until further notice."""

    opens: bool
    start: datetime
    end: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Overlaid(BusinessTime):
    """Opening hours under emergencies; of those that overlap, the later one in the row counts."""

    hours: BusinessTime
    emergencies: tuple[Emergency, ...]

    @property
    def reach(self) -> timedelta:
        return self.hours.reach

    def spans(self, first: date, last: date) -> Spans:
        # Local dates lie up to a day from UTC's.
        around = Span(_midnight(first, -DAY), _midnight(last, 2 * DAY))
        found = self.hours.spans(first, last)
        for emergency in self.emergencies:
            lasting = Spans.of([_span(emergency)]) & Spans.of([around])
            found = found | lasting if emergency.opens else found - lasting
        return found

    def opens_after(self, day: date) -> bool:
        lasting = [one for one in self.emergencies if one.end is None]
        if lasting and day > max(_edges(self.emergencies)).date():
            return lasting[-1].opens
        opened = any(one.opens and _span(one).end.date() >= day for one in self.emergencies)
        # Asked for that day first: hours by rules look at how far they have been tabulated.
        self.hours.in_hours(_midnight(day))
        return opened or self.hours.opens_after(day)

    def opens_before(self, day: date) -> bool:
        opened = any(one.opens and one.start.date() <= day for one in self.emergencies)
        return opened or self.hours.opens_before(day)

    def closed_by(self, at: datetime) -> str:
        lasting = (e for e in self.emergencies if e.start <= at and (e.end is None or at < e.end))
        last = next(iter(reversed(list(lasting))), None)
        if last is None or last.opens:
            return ""
        return f"closed by an emergency: {last.reason}" if last.reason else "closed by an emergency"

    def notes(self, day: date, span: Span) -> Iterable[str]:
        for one in self.emergencies:
            if (Spans.of([_span(one)]) & Spans.of([span])).parts:
                told = f"emergency: {'open' if one.opens else 'closed'}"
                yield f"{told}, {one.reason}" if one.reason else told
        yield from self.hours.notes(day, span)


def _edges(emergencies: Sequence[Emergency]) -> list[datetime]:
    return [at for one in emergencies for at in (one.start, one.end) if at]


def _span(emergency: Emergency) -> Span:
    start = min(max(emergency.start, EARLIEST), LATEST)
    return Span(start, max(start, min(emergency.end or LATEST, LATEST)))


def _midnight(day: date, by: timedelta = timedelta()) -> datetime:
    """Return a date's midnight in UTC, moved; where the calendar ends, that end."""
    at = datetime.combine(day, time.min, tzinfo=UTC)
    return min(max(at, EARLIEST - DAY), LATEST + DAY) + by
