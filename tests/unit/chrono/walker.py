"""Opening hours by looking at every ten minutes: slow, and of another making than the product's."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

STEP = timedelta(minutes=10)
DAY = timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def walk(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += STEP


@cache
def shown_by_clocks(
    zone: str, first: datetime, last: datetime
) -> Mapping[datetime, list[datetime]]:
    """Return, for each local time that clocks show, when they show it."""
    seen: dict[datetime, list[datetime]] = defaultdict(list)
    for step in walk(first - 5 * DAY, last + 5 * DAY):
        seen[step.astimezone(ZoneInfo(zone)).replace(tzinfo=None)].append(step)
    return dict(seen)


class Walker:
    """Which steps between two UTC dates are open. Hours as Hours.of takes them, in steps."""

    def __init__(self, first: date, last: date, **written: Any) -> None:
        self.written = written
        self.first = datetime.combine(first, datetime.min.time(), tzinfo=UTC)
        self.last = datetime.combine(last, datetime.min.time(), tzinfo=UTC)
        self.seen = shown_by_clocks(written["timezone"], self.first, self.last)
        self.dates = {local.date() for local in self.seen}
        self.open = self._open("hours") - self._open("breaks")

    def in_hours(self, at: datetime) -> bool:
        return at in self.open

    def within(self, start: datetime, end: datetime) -> timedelta:
        if end < start:
            return -self.within(end, start)
        return sum(step in self.open for step in walk(start, end)) * STEP

    def after(self, start: datetime, amount: timedelta) -> datetime | None:
        at = start
        while amount:
            if at >= self.last:
                return None
            amount -= STEP * (at in self.open)
            at += STEP
        return at

    def before(self, start: datetime, amount: timedelta) -> datetime | None:
        at = start
        while amount:
            if at <= self.first:
                return None
            at -= STEP
            amount -= STEP * (at in self.open)
        return at

    def _open(self, what: str) -> set[datetime]:
        found: set[datetime] = set()
        for n in range(-3, (self.last - self.first).days + 3):
            day = (self.first + n * DAY).date()
            for opens, closes in self._intervals(what, day):
                found |= set(walk(*self._bounds(day, opens, closes)))
        return found

    def _intervals(self, what: str, day: date) -> list[list[str]]:
        if what == "breaks":
            return list(self.written.get("breaks", {}).get(day.isoformat(), []))
        if day.isoformat() in self.written.get("holidays", []):
            return []
        weekly = self.written["hours"].get(WEEKDAYS[day.weekday()], [])
        return list(self.written.get("overrides", {}).get(day.isoformat(), weekly))

    def _bounds(self, day: date, opens: str, closes: str) -> tuple[datetime, datetime]:
        start, end = self._local(day, opens), self._local(day, closes)
        if day not in self.dates or opens == closes:
            return self.first, self.first
        return self._shown(start)[0], self._shown(end + DAY if end < start else end)[-1]

    def _local(self, day: date, time: str) -> datetime:
        hour, minute = map(int, time.split(":"))
        return datetime.combine(day, datetime.min.time()) + timedelta(hours=hour, minutes=minute)

    def _shown(self, local: datetime) -> list[datetime]:
        """Return when clocks showed a local time; skipped, it is later by what they skipped."""
        if local in self.seen:
            return self.seen[local]
        below = max(shown for shown in self.seen if shown < local)
        above = min(shown for shown in self.seen if shown > local)
        return self.seen[local + (above - below - STEP)]
