"""Whether a stream of events has gone quiet, by how many of them were to be expected."""

from datetime import datetime
from math import exp
from typing import Final, NamedTuple

MEMORY_S: Final = 600.0
# So many events missing are no chance: at a steady rate once in 22,000 waits.
MISSING: Final = 10.0
LEAST_S: Final = 60.0


class Rate(NamedTuple):
    """How many events a second came lately, as reckoned at an instant."""

    per_s: float
    at: datetime

    def after(self, events: int, *, now: datetime) -> "Rate":
        """Return the rate after so many more events; what is long ago counts ever less."""
        passed = (now - self.at).total_seconds()
        if passed <= 0:
            return self
        kept = exp(-passed / MEMORY_S)
        return Rate(self.per_s * kept + events / passed * (1 - kept), now)

    def is_silent(self, quiet_s: float) -> bool:
        """Tell whether so many seconds without an event cannot be chance."""
        return quiet_s >= LEAST_S and self.per_s * quiet_s >= MISSING
