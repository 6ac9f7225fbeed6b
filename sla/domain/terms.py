"""What a policy promises: targets in business time, and the rules by which clocks stand still."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from chrono.business import BusinessTime


class Kind(StrEnum):
    """The clocks of a conversation."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


class OnChange(StrEnum):
    """What a running clock does when its policy or calendar changes."""

    RECOMPUTE = "recompute"  # as if the new terms had held from its start
    KEEP = "keep"  # the terms that it started with hold to its end


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A policy and its opening hours. A target that is None means no such clock.

    Targets and warn_after are business time, force_disconnect_after is wall-clock time from the
    conversation's start, and warn_percents are of each target.
    """

    hours: BusinessTime
    first_response: timedelta | None = None
    next_response: timedelta | None = None
    resolution: timedelta | None = None
    warn_after: timedelta | None = None
    warn_percents: tuple[float, ...] = ()
    force_disconnect_after: timedelta | None = None
    waiting_on_customer_pauses: bool = False
    states_pause: bool = True
    on_change: OnChange = OnChange.RECOMPUTE

    def target(self, kind: Kind) -> timedelta | None:
        match kind:
            case Kind.FIRST_RESPONSE:
                return self.first_response
            case Kind.NEXT_RESPONSE:
                return self.next_response
            case Kind.RESOLUTION:
                return self.resolution

    def warnings(self, kind: Kind) -> tuple[timedelta, ...]:
        """Return the elapsed business times at which a clock warns, the earliest first."""
        target = self.target(kind)
        if target is None:
            return ()
        shares = {target * percent / 100 for percent in self.warn_percents}
        return tuple(sorted(shares | ({self.warn_after} if self.warn_after is not None else set())))
