"""When the hours open and close around an instant. Pure."""

from datetime import datetime, timedelta
from typing import Final, Protocol

MOMENT: Final = timedelta(milliseconds=1)
LOOKAHEAD: Final = timedelta(days=1)


class OpeningHours(Protocol):
    """What the pages ask of opening hours; all instants are UTC."""

    def in_hours(self, at: datetime, /) -> bool: ...
    def within(self, start: datetime, end: datetime, /) -> timedelta: ...
    def after(self, start: datetime, amount: timedelta, /) -> datetime | None: ...
    def closed_by(self, at: datetime, /) -> str: ...
    def next_opening(self, after: datetime, /) -> datetime | None: ...


def opens_at(hours: OpeningHours, now: datetime) -> datetime | None:
    """Return when closed hours open next; None where they never do."""
    first = hours.after(now, MOMENT)
    return first - MOMENT if first else None


def closes_at(hours: OpeningHours, now: datetime) -> datetime | None:
    """Return when open hours close; None where they stay open for a day.

    Open time passes as fast as wall-clock time exactly up to the closing: halving finds it.
    """
    if hours.within(now, now + LOOKAHEAD) == LOOKAHEAD:
        return None
    still_open, closed = 0, LOOKAHEAD // MOMENT
    while closed - still_open > 1:
        middle = (still_open + closed) // 2
        amount = middle * MOMENT
        if hours.within(now, now + amount) == amount:
            still_open = middle
        else:
            closed = middle
    return now + still_open * MOMENT
