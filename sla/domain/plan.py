"""When a wait is told of: its warnings, its breach and the rungs of its ladder, from its clock."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from chrono.business import BusinessTime
from sla.domain.clock import ZERO, Clock, State

BREACH: Final = "breach"
WARNING: Final = "warning:"
RUNG: Final = "rung:"


class Rung(NamedTuple):
    """One step of a ladder. offset is from the target, less than zero before it.

    wall: the offset is measured round the clock, else in opening hours. kinds are names of clocks,
    none: all. It is told again `times` times, `every` by the clock on the wall; while_open: not
    while it is closed.
    """

    pk: int
    offset: timedelta
    wall: bool = False
    kinds: frozenset[str] = frozenset()
    every: timedelta | None = None
    times: int = 0
    while_open: bool = False


class Planned(NamedTuple):
    """Something to tell once an instant has passed. of_rung is the rung's pk, for those of one.

    told_from: if it had fallen due before that instant, it is no news (None: always).
    """

    rung: str
    due_at: datetime
    of_rung: int | None = None
    reason: str = ""
    told_from: datetime | None = None


def repetition(rung: str) -> int:
    """Return the how manieth repetition of its rung a timer tells; 0: the first telling."""
    number = rung.removeprefix(RUNG).partition(":")[2] if rung.startswith(RUNG) else ""
    return int(number or 0)


def plan(clock: Clock, rungs: Iterable[Rung] = ()) -> Iterator[Planned]:
    """Yield all that is to be told of a wait as long as its clock runs on; nothing while it stands.

    What it never reaches is left out: hours that never hold so much, a rung that lies further
    before the target than the target is long.
    """
    told_from = clock.terms.promised_by.told_from
    for planned in _planned(clock, rungs):
        yield planned._replace(told_from=told_from) if told_from else planned


def _planned(clock: Clock, rungs: Iterable[Rung]) -> Iterator[Planned]:
    if clock.state is not State.RUNNING:
        return
    for amount in clock.terms.warns_after(clock.kind):
        if amount < clock.target and (at := clock.reaches(amount)):
            yield Planned(f"{WARNING}{amount // timedelta(seconds=1)}", at)
    breaches_at = clock.breaches_at
    if breaches_at is None:
        return
    yield Planned(BREACH, breaches_at)
    for rung in rungs:
        if not rung.kinds or clock.kind in rung.kinds:
            yield from _of_rung(clock, rung, breaches_at)


def _of_rung(clock: Clock, rung: Rung, breaches_at: datetime) -> Iterator[Planned]:
    first = _reached(clock, rung, breaches_at)
    if first is None:
        return
    for number in range(rung.times + 1 if rung.every else 1):
        at = first + number * (rung.every or ZERO)
        key = f"{RUNG}{rung.pk}:{number}" if number else f"{RUNG}{rung.pk}"
        opens_at = _opening(clock.terms.hours, at) if rung.while_open else at
        if opens_at is not None:
            held = "held back until it opens" if opens_at != at else ""
            yield Planned(key, opens_at, rung.pk, held)


def _reached(clock: Clock, rung: Rung, breaches_at: datetime) -> datetime | None:
    """Return when a rung is reached; after the target never before the clock is breached."""
    if rung.offset < ZERO:
        return _before(clock, -rung.offset, wall=rung.wall)
    if rung.offset == ZERO:
        return breaches_at
    if not rung.wall:
        return clock.passes(clock.target + rung.offset)
    due_at = clock.due_at or breaches_at
    return max(due_at + rung.offset, breaches_at)


def _before(clock: Clock, amount: timedelta, *, wall: bool) -> datetime | None:
    """Return the instant an amount before the target; None where that is before the wait began.

    Opening hours are walked backwards, so where it is used up at an opening, that is the instant,
    not the closing before it. What lies before a pause is when the clock had so much left.
    """
    due_at = clock.due_at
    if due_at is None:
        return None
    if wall:
        at: datetime | None = due_at - amount
        return at if at and at > clock.started_at else None
    if amount >= clock.target:
        return None
    at = clock.terms.hours.before(due_at, amount)
    if at and at >= clock.runs[-1].at:
        return at
    return clock.reaches(clock.target - amount)


def _opening(hours: BusinessTime, at: datetime) -> datetime | None:
    """Return an instant itself while it is open, else when it opens next; None: never again."""
    if hours.in_hours(at):
        return at
    opens_at = hours.after(at, timedelta.resolution)
    return opens_at and opens_at - timedelta.resolution
