"""Round the clock: open time that never closes, so it passes as fast as the clock on the wall."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from chrono.business import DAY, BusinessTime
from chrono.spans import Span, Spans


class RoundTheClock(BusinessTime):
    """Always open, and asked as opening hours are."""

    def spans(self, first: date, last: date) -> Spans:
        begins, ends = (datetime.combine(day, time(), tzinfo=UTC) for day in (first, last))
        return Spans((Span(begins, ends + DAY),))

    def opens_after(self, day: date) -> bool:
        return True

    def opens_before(self, day: date) -> bool:
        return True

    @property
    def reach(self) -> timedelta:
        return DAY


ALWAYS: Final = RoundTheClock()
