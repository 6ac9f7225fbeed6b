"""What becomes of a timer when its clock changes: it waits, moves, is over or taken back."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from sla.domain.clock import Clock, State
from sla.domain.fold import Standing
from sla.domain.plan import Planned
from sla.domain.terms import Kind

# What fell due longer ago when it is first known is no news: a first reading of old conversations
# alerts nobody.
NEWS_FOR: Final = timedelta(hours=1)
NO_NEWS: Final = "it had fallen due more than an hour before DCM knew of it"
# Nor is what a policy finds late already when it begins to hold, or to hold as it is now.
HELD_LATER: Final = "it had fallen due before its policy, hours or ladder held as they are"


class Phase(StrEnum):
    """Where a timer stands; see sla.models.Timer.State."""

    WAITING = "waiting"
    CHECKING = "checking"
    FIRED = "fired"
    ANSWERED = "answered"
    HELD = "held"
    WITHDRAWN = "withdrawn"


LIVE: Final = frozenset({Phase.WAITING, Phase.CHECKING, Phase.HELD})


class Timer(NamedTuple):
    """A timer as it stands: of which wait, which rung, when due."""

    phase: Phase
    due_at: datetime
    of_rung: int | None = None
    reason: str = ""


class Wait(NamedTuple):
    """How the wait of a timer stands. ended_at: since when it is paused or over.

    known is False where the conversation has no such wait; then facts that came late have moved it.
    """

    known: bool
    runs: bool
    over: bool
    ended_at: datetime | None
    reason: str


def wait_of(standing: Standing, kind: Kind, round_at: datetime) -> Wait:
    """Return how the wait stands that began at an instant, by the clocks of a conversation."""
    clocks = (clock for clock in (*standing.clocks, *standing.past) if clock.kind is kind)
    clock = next((clock for clock in clocks if clock.started_at == round_at), None)
    if clock is None and kind is Kind.FORGOTTEN:
        return _left_behind(standing.clock(kind), round_at)
    if clock is None:
        return Wait(False, False, True, None, "there is no such wait any more")
    runs, over = clock.state is State.RUNNING, clock.state is State.STOPPED
    return Wait(True, runs, over, None if runs else clock.since, clock.reason)


def _left_behind(now: Clock | None, round_at: datetime) -> Wait:
    """Return how a wait for an agent who forgot it ended: clocks of those before are not kept.

    They acted when what they have now began; where that is not known, what was told was right.
    """
    acted_at = now.started_at if now and now.started_at > round_at else None
    return Wait(True, False, True, acted_at, "its agent acted")


def settled(timer: Timer | None, planned: Planned | None, wait: Wait, now: datetime) -> Timer:
    """Return a timer as its clock wants it. None: it is new, or no longer planned.

    One that has fired and is withdrawn, or waits once more, is taken back.
    """
    if planned is None:
        assert timer
        return _unplanned(timer, wait)
    return _planned(timer, planned, now)


def _planned(timer: Timer | None, planned: Planned, now: datetime) -> Timer:
    """Return what becomes of a timer of a wait that goes on, which may be new."""
    fresh = Timer(Phase.WAITING, planned.due_at, planned.of_rung, planned.reason)
    is_due, stale = planned.due_at < now, _stale(planned, now)
    new = fresh._replace(phase=Phase.WITHDRAWN, reason=stale) if stale else fresh
    if timer is None:
        return new
    match timer.phase:
        case Phase.CHECKING if is_due:
            return timer._replace(due_at=planned.due_at)
        case Phase.FIRED | Phase.HELD if is_due:
            return timer
        case Phase.WITHDRAWN | Phase.ANSWERED if stale:
            return timer
    # One that was due later until now is known to be due as one that is new is.
    return new if planned.due_at < timer.due_at else fresh


def _stale(planned: Planned, now: datetime) -> str:
    """Return why it is no news that something has fallen due, or "" where it is some."""
    if planned.due_at <= now - NEWS_FOR:
        return NO_NEWS
    early = planned.told_from is not None and planned.due_at < planned.told_from
    return HELD_LATER if early else ""


def _unplanned(timer: Timer, wait: Wait) -> Timer:
    """Return what becomes of a timer of a wait that is paused or over, or told of by none."""
    if timer.phase in LIVE:
        answered = timer.phase is Phase.CHECKING and wait.over
        phase = Phase.ANSWERED if answered else Phase.WITHDRAWN
        why = "nobody is to be told of it any more" if wait.runs else wait.reason
        return timer._replace(phase=phase, reason=why)
    if timer.phase is not Phase.FIRED or wait.runs:
        return timer
    if not wait.known or (wait.ended_at and wait.ended_at <= timer.due_at):
        return timer._replace(phase=Phase.WITHDRAWN, reason=f"taken back: {wait.reason}")
    return timer
