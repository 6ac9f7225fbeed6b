"""Business time: how much open time lies between two instants, and when so much has passed.

Open time is kept as a table of its spans with running totals, and each answer is two binary
searches in it. The table grows on demand, in both directions, as far as the calendar goes.
"""

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from chrono.spans import Span, Spans

ZERO: Final = timedelta()
RESOLUTION: Final = timedelta.resolution
DAY: Final = timedelta(days=1)
# The ends of the calendar, less what zones and nights may add: beyond them nothing is open.
EARLIEST: Final = datetime(1, 3, 1, tzinfo=UTC)
LATEST: Final = datetime(9999, 11, 1, tzinfo=UTC)
# Local dates lie up to 26 h from UTC's, and a move over the date line skips one more.
MARGIN: Final = 3 * DAY
LEAST_GROWTH: Final = 400 * DAY
LOOK_BACK: Final = 50 * DAY
# Instants further apart than this get a table of their own: one from year 1 to 9999 takes a minute.
FAR: Final = 40_000 * DAY


class Table(NamedTuple):
    """All open spans from first up to last, with the open time before and by the end of each.

    The first is empty and lies at first, so that every instant has one at or before it.
    base is where a span would have begun had it always been open: base + used = instant.
    """

    first: datetime
    last: datetime
    opens: list[datetime]
    closes: list[datetime]
    opened: list[timedelta]
    closed: list[timedelta]
    base: list[datetime]


UNBUILT: Final = Table(EARLIEST, EARLIEST, [], [], [], [], [])


class BusinessTime(ABC):
    """Open time, asked for by instants, which must carry a zone. Answers are UTC and exact.

    Before March of year 1 and after October 9999 nothing is open.
    """

    _table: Table = UNBUILT

    @abstractmethod
    def spans(self, first: date, last: date) -> Spans:
        """Return the open spans that start on the local dates from first to last, both included.

        What starts on other dates may lack where it overlaps them.
        """

    @abstractmethod
    def opens_after(self, day: date) -> bool:
        """Tell whether anything may still open after a local date."""

    @abstractmethod
    def opens_before(self, day: date) -> bool:
        """Tell whether anything may have opened before a local date."""

    @property
    @abstractmethod
    def reach(self) -> timedelta:
        """How long after the local midnight that precedes its start a span may end at most."""

    def notes(self, day: date, span: Span) -> Iterable[str]:
        """Yield what is special about a local date, which is that span of instants, in words."""
        return ()

    def closed_by(self, at: datetime) -> str:
        """Say which emergency closes it at an instant; "" where its own hours hold."""
        return ""

    def in_hours(self, at: datetime) -> bool:
        """Tell whether it is open at an instant: at an opening it is, at a closing it is not."""
        if not EARLIEST <= at < LATEST:
            return False
        table = self._covering(at, at)
        return at < table.closes[bisect_right(table.opens, at) - 1]

    def within(self, start: datetime, end: datetime) -> timedelta:
        """Return the open time from start to end; negative where end comes first."""
        table = self._table
        if not table.first <= start <= table.last or not table.first <= end <= table.last:
            start, end = _clamped(start), _clamped(end)
            table = self._covering(min(start, end), max(start, end))
        return _used(table, end) - _used(table, start)

    def after(self, start: datetime, amount: timedelta) -> datetime | None:
        """Return the earliest instant from start on by which amount of open time has passed.

        Where it is used up at a closing, that is the closing; zero takes start itself. None where
        so much never passes. Raises ValueError where amount is negative.
        """
        if amount <= ZERO:
            return _unmoved(start, amount)
        first, last, opens, closes, _, closed, base = self._table
        if not first <= start <= last:
            start = _clamped(start)
            first, last, opens, closes, _, closed, base = self._covering(start, start)
        # Written out, not called: this is asked a million times over.
        at = bisect_right(opens, start) - 1
        goal = (start - base[at] if start < closes[at] else closed[at]) + amount
        found = bisect_left(closed, goal, at)
        if found < len(closed):
            return base[found] + goal
        missing = goal - closed[-1]
        reachable = missing <= LATEST - last and self._grows_later(missing)
        return self.after(start, amount) if reachable else None

    def at_the_latest(self, reached_at: datetime) -> datetime | None:
        """Return the last instant by which no more open time has passed than by this one.

        At a closing that is the next opening, else the instant itself; None where nothing opens.
        """
        if self.in_hours(reached_at):
            return reached_at
        found = self.after(reached_at, RESOLUTION)
        return None if found is None else found - RESOLUTION

    def next_opening(self, after: datetime) -> datetime | None:
        """Return the first opening later than an instant; None where none is within 400 days."""
        after = _clamped(after)
        latest = _moved(after, LEAST_GROWTH)
        opens = self._covering(after, latest).opens
        found = bisect_right(opens, after)
        return opens[found] if found < len(opens) and opens[found] <= latest else None

    def before(self, start: datetime, amount: timedelta) -> datetime | None:
        """Return the latest instant up to start from which on amount of open time has passed.

        Where it is used up at an opening, that is the opening; zero takes start itself. None where
        so much never passed. Raises ValueError where amount is negative.
        """
        table = self._table
        if amount <= ZERO:
            return _unmoved(start, amount)
        if not table.first <= start <= table.last:
            start = _clamped(start)
            table = self._covering(start, start)
        goal = _used(table, start) - amount
        if goal >= ZERO:
            return table.base[bisect_right(table.opened, goal) - 1] + goal
        reachable = -goal <= table.first - EARLIEST and self._grows_earlier(-goal)
        return self.before(start, amount) if reachable else None

    def _covering(self, first: datetime, last: datetime) -> Table:
        """Return a table that covers both instants: the one there is, or a longer one."""
        table = self._table
        if table is UNBUILT:
            return self._build(_moved(first, -LOOK_BACK), _moved(last, LEAST_GROWTH))
        if first - table.last > FAR or table.first - last > FAR:
            return self._build(_moved(first, -LOOK_BACK), _moved(last, LEAST_GROWTH))
        if first < table.first or last > table.last:
            return self._build(min(first, table.first), max(last, table.last))
        return table

    def _grows_later(self, missing: timedelta) -> bool:
        table = self._table
        if table.last >= LATEST or not self.opens_after((table.last - MARGIN).date()):
            return False
        self._build(table.first, _moved(table.last, _growth(table, missing)))
        return True

    def _grows_earlier(self, missing: timedelta) -> bool:
        table = self._table
        if table.first <= EARLIEST or not self.opens_before((table.first + MARGIN).date()):
            return False
        self._build(_moved(table.first, -_growth(table, missing)), table.last)
        return True

    def _build(self, first: datetime, last: datetime) -> Table:
        """Build a table and keep it: by one assignment, so that threads may share it."""
        first, last = first.astimezone(UTC), last.astimezone(UTC)
        spans = self.spans((first - self.reach - MARGIN).date(), (last + MARGIN).date())
        table = _tabulated(spans, first, last)
        object.__setattr__(self, "_table", table)
        return table


def _used(table: Table, at: datetime) -> timedelta:
    """Return the open time from the table's beginning to an instant in it."""
    found = bisect_right(table.opens, at) - 1
    return at - table.base[found] if at < table.closes[found] else table.closed[found]


def _tabulated(spans: Spans, first: datetime, last: datetime) -> Table:
    table = Table(first, last, [first], [first], [ZERO], [ZERO], [first])
    used = ZERO
    for span in spans.parts:
        opens, closes = max(span.start, first), min(span.end, last)
        if opens < closes:
            table.opens.append(opens)
            table.closes.append(closes)
            table.opened.append(used)
            table.base.append(opens - used)
            used += closes - opens
            table.closed.append(used)
    return table


def _growth(table: Table, missing: timedelta) -> timedelta:
    """Return by how much to lengthen a table: twice at least, else as open as it has been."""
    length = table.last - table.first
    share = min(length / table.closed[-1], 99.0) if table.closed[-1] else 1.0
    return max(LEAST_GROWTH, length, min(missing * share * 1.05, LATEST - EARLIEST))


def _unmoved(start: datetime, amount: timedelta) -> datetime:
    if amount < ZERO:
        raise ValueError(f"an amount of business time is not negative: {amount}")
    return start.astimezone(UTC)


def _clamped(at: datetime) -> datetime:
    return min(max(at, EARLIEST), LATEST)


def _moved(at: datetime, by: timedelta) -> datetime:
    """Return at + by, or the end of the calendar that lies before it."""
    if by > ZERO:
        return LATEST if LATEST - at < by else at + by
    return EARLIEST if EARLIEST - at > by else at + by
