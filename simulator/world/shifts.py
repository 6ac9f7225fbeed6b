"""Who is at work when."""

from datetime import date, timedelta
from functools import partial
from random import Random

from simulator.world.calendar import Calendar
from simulator.world.desk import Away, Desk
from simulator.world.engine import MINUTE, Timeline

_STAGGERED = 45 * MINUTE  # not all go at once
# Share of the shift, length in minutes, what it is.
_BREAKS = ((0.25, 15, Away.BREAK), (0.5, 30, Away.MEAL), (0.78, 15, Away.BREAK))
_SETTLING_IN = 4 * MINUTE  # between arriving and going on queue


class Shifts:
    """Plans the shifts of all agents, a local day at a time."""

    def __init__(
        self, timeline: Timeline, calendar: Calendar, desks: list[Desk], draw: Random
    ) -> None:
        self.timeline = timeline
        self.calendar = calendar
        self.desks = desks
        self._draw = draw

    def begin(self) -> None:
        """Plan today, and what is left of the shifts that began yesterday."""
        today = self.calendar.day_of(self.timeline.now)
        self._plan(today - timedelta(days=1))
        self._plan_on(today)

    def _plan_on(self, day: date) -> None:
        self._plan(day)
        tomorrow = day + timedelta(days=1)
        self.timeline.at(self.calendar.instant(tomorrow, 0), lambda: self._plan_on(tomorrow))

    def _plan(self, day: date) -> None:
        for desk in self.desks:
            jitter = self._draw.randrange(-8 * MINUTE, 8 * MINUTE)
            if day.weekday() not in desk.agent.days_off:
                self._plan_shift(desk, day, jitter)

    def _plan_shift(self, desk: Desk, day: date, jitter: int) -> None:
        first, last = desk.agent.shift
        start = self.calendar.instant(day, first) + jitter
        end = self.calendar.instant(day, last) + jitter
        if end <= self.timeline.now:
            return
        self.timeline.at(start - _SETTLING_IN, desk.arrive)
        self.timeline.at(start, desk.begin_shift)
        self.timeline.at(end, desk.end_shift)
        for share, minutes, kind in _BREAKS:
            at = start + round((end - start) * share) + self._draw.randrange(_STAGGERED)
            if at > self.timeline.now:
                self.timeline.at(at, partial(desk.begin_break, kind))
                self.timeline.at(at + minutes * MINUTE, desk.end_break)
