"""The clocks that a simulated contact centre can live on."""

import time
from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Something that tells the simulated instant, in UTC."""

    def now(self) -> datetime:
        """Return the simulated instant."""
        ...


class RunningClock:
    """Simulated time that runs on its own: start, plus the real seconds since, times speed.

    Raises ValueError where speed is not positive.
    """

    def __init__(self, start: datetime, *, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError(f"speed is {speed}: time runs forward, give a number above 0")
        self._start = start
        self._speed = speed
        self._anchor = time.monotonic()

    def now(self) -> datetime:
        elapsed = time.monotonic() - self._anchor
        return self._start + timedelta(seconds=elapsed * self._speed)


class ManualClock:
    """Simulated time that stands still until it is moved. For tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def set(self, at: datetime) -> None:
        """Move to an instant. Raises ValueError where it lies in the past."""
        if at < self._now:
            raise ValueError(f"it is {self._now} already: time does not go back to {at}")
        self._now = at

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds. Raises ValueError where they are negative."""
        self.set(self._now + timedelta(seconds=seconds))
