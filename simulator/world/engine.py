"""A discrete-event engine: actions on a timeline, done in the order of their instants."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass

SECOND = 1_000  # all lengths and instants of the world are milliseconds
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Action = Callable[[], None]


@dataclass(slots=True, eq=False)
class Timer:
    """An action that waits for its instant (ms since 1970, UTC)."""

    due: int
    action: Action
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class Timeline:
    """What has been planned. It knows no clock: whoever holds it says how far to go.

    instant_over is called whenever all that happens at an instant has happened.
    """

    def __init__(self, now: int) -> None:
        self.now = now
        self.instant_over: Action = _nothing
        # What was planned first goes first at the same instant: the number decides.
        self._planned: list[tuple[int, int, Timer]] = []
        self._order = 0

    def at(self, due: int, action: Action) -> Timer:
        """Plan an action for an instant; one that has passed means now."""
        self._order += 1
        timer = Timer(max(due, self.now), action)
        heapq.heappush(self._planned, (timer.due, self._order, timer))
        return timer

    def after(self, length: int, action: Action) -> Timer:
        """Plan an action for so many milliseconds from now."""
        return self.at(self.now + length, action)

    def run_until(self, instant: int) -> None:
        """Do all that is due up to and at an instant, then stand there."""
        while self._planned and self._planned[0][0] <= instant:
            _, _, timer = heapq.heappop(self._planned)
            if not timer.cancelled:
                if timer.due > self.now:
                    self.instant_over()
                self.now = timer.due
                timer.action()
        self.instant_over()
        self.now = max(self.now, instant)


def _nothing() -> None:
    """Do nothing."""
