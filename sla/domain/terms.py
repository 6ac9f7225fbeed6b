"""What a policy promises: targets in business time, and the rules by which clocks stand still."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from chrono.business import BusinessTime


class Kind(StrEnum):
    """The clocks of a conversation."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"
    FORGOTTEN = "forgotten"  # of the agent who holds it: see forgotten.py


# What customers wait for: measured by a fold over the conversation's turns.
WAITS: Final = (Kind.FIRST_RESPONSE, Kind.NEXT_RESPONSE, Kind.RESOLUTION)


# The field of Terms that has the target of each.
_TARGETS: Final[Mapping[Kind, str]] = {
    Kind.FIRST_RESPONSE: "first_response",
    Kind.NEXT_RESPONSE: "next_response",
    Kind.RESOLUTION: "resolution",
}


class OnChange(StrEnum):
    """What a running clock does when its policy or calendar changes."""

    RECOMPUTE = "recompute"  # as if the new terms had held from its start
    KEEP = "keep"  # the terms that it started with hold to its end


class PromisedBy(NamedTuple):
    """Which versions of a policy and a calendar terms come from, in words.

    calendar_id None: round the clock. calendar_version None: the hours that it has now. told_from:
    what had fallen due by them before that instant alerts nobody; None: they held ever.
    """

    words: str = ""
    calendar_id: int | None = None
    calendar_version: int | None = None
    told_from: datetime | None = None


NOWHERE: Final = PromisedBy()


class Reopening(StrEnum):
    """What a resolution clock does when the conversation is opened again."""

    CONTINUE = "continue"
    RESTART = "restart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A policy and its opening hours. A target that is None means no such clock.

    Targets and warnings are time used up within hours, warn_percents are of each target, and
    force_disconnect_after is wall-clock time from the conversation's start.
    """

    hours: BusinessTime
    first_response: timedelta | None = None
    next_response: timedelta | None = None
    resolution: timedelta | None = None
    warnings: tuple[timedelta, ...] = ()
    warn_percents: tuple[float, ...] = ()
    force_disconnect_after: timedelta | None = None
    waiting_on_customer_pauses: bool = False
    pausing: frozenset[str] | None = None  # the reasons to wait that count; None: every one
    on_change: OnChange = OnChange.RECOMPUTE
    reopening: Reopening = Reopening.CONTINUE
    forgotten: timedelta | None = None  # so long without anything that an agent does
    away: timedelta | None = None  # so long held by an agent who is away
    promised_by: PromisedBy = NOWHERE

    def target(self, kind: Kind) -> timedelta | None:
        """Return what is promised of a clock; None for one of work, or where nothing is."""
        name = _TARGETS.get(kind)
        target: timedelta | None = getattr(self, name) if name else None
        return target

    def runs_as(self, other: "Terms") -> bool:
        """Tell whether clocks run and stand just when they do by other terms, in the same hours."""
        return (
            all((self.target(kind) is None) == (other.target(kind) is None) for kind in WAITS)
            and self.waiting_on_customer_pauses == other.waiting_on_customer_pauses
            and self.pausing == other.pausing
            and self.reopening is other.reopening
            and self.hours == other.hours
        )

    def counted(self, reasons: tuple[str, ...]) -> tuple[str, ...]:
        """Return the reasons to wait for which clocks pause."""
        if self.pausing is None or not reasons:
            return reasons
        return tuple(reason for reason in reasons if reason in self.pausing)

    def warns_after(self, kind: Kind) -> tuple[timedelta, ...]:
        """Return the elapsed times at which a clock warns, the earliest first.

        What a longer target is warned of comes too late for a shorter one: there it does not warn.
        """
        target = self.target(kind)
        return _warns_after(target, self.warnings, self.warn_percents) if target else ()


@lru_cache(maxsize=1_000)  # asked for each clock, and the same for all of a policy
def _warns_after(
    target: timedelta, warnings: tuple[timedelta, ...], percents: tuple[float, ...]
) -> tuple[timedelta, ...]:
    shares = {target * percent / 100 for percent in percents}
    amounts = {amount for amount in warnings if amount < target}
    return tuple(sorted(shares | amounts))
