"""One clock: the business time that it has measured, and when it reaches so much."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sla.domain.terms import Kind, Terms

ZERO = timedelta()


class State(StrEnum):
    """Where a clock stands."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class Run(NamedTuple):
    """A clock began to run at an instant, having measured so much before."""

    at: datetime
    elapsed: timedelta


class Clock(NamedTuple):
    """One wait of a customer, measured. elapsed is the business time used up at since.

    terms are those that it is measured by, target is theirs for its kind. answered: it was
    stopped by what it waited for, so a later wait is another clock. paused is the wall-clock time
    for which it was paused by since. overran_at is the instant after which more than the target
    was used up, once a later move has told so. ended_by is the user who stopped it, or "".
    """

    kind: Kind
    terms: Terms
    target: timedelta
    started_at: datetime
    state: State
    since: datetime
    reason: str
    elapsed: timedelta = ZERO
    runs: tuple[Run, ...] = ()
    answered: bool = False
    paused: timedelta = ZERO
    overran_at: datetime | None = None
    ended_by: str = ""

    def moved(
        self, state: State, at: datetime, reason: str, *, answered: bool, ended_by: str
    ) -> "Clock":
        """Return the clock in another state from an instant on."""
        elapsed = self.elapsed_at(at)
        runs, paused = self.runs, self.paused
        if state is State.RUNNING:
            runs = (*runs, Run(at=at, elapsed=elapsed))
        if self.state is State.PAUSED:
            paused += at - self.since
        return Clock(  # a fifth of what _replace() takes
            kind=self.kind,
            terms=self.terms,
            target=self.target,
            started_at=self.started_at,
            state=state,
            since=at,
            reason=reason,
            elapsed=elapsed,
            runs=runs,
            answered=answered,
            paused=paused,
            overran_at=self.overran_at,
            ended_by=ended_by,
        )

    def elapsed_at(self, now: datetime) -> timedelta:
        """Return the business time measured up to an instant, which is not before since."""
        if self.state is not State.RUNNING:
            return self.elapsed
        return self.elapsed + self.terms.hours.within(self.since, now)

    def reaches(self, amount: timedelta) -> datetime | None:
        """Return the earliest instant by which it has, or will have, measured an amount.

        None where it stands short of that, or opening hours never hold so much.
        """
        if self.state is not State.RUNNING and self.elapsed < amount:
            return None
        before = [run for run in self.runs if run.elapsed < amount] or self.runs[:1]
        if not before:
            return None
        return self.terms.hours.after(before[-1].at, amount - before[-1].elapsed)

    def passes(self, amount: timedelta) -> datetime | None:
        """Return the last instant by which it has, or will have, measured no more than an amount.

        One that is reached as the clock pauses is passed only once it runs again, and hours are
        open. None where it never is if the clock runs on.
        """
        before = [run for run in self.runs if run.elapsed <= amount] or self.runs[:1]
        if not before:
            return None
        hours = self.terms.hours
        reached_at = hours.after(before[-1].at, amount - before[-1].elapsed)
        return reached_at and hours.at_the_latest(reached_at)

    @property
    def due_at(self) -> datetime | None:
        """When the target is or was reached; None once it stopped, or where it never is."""
        return None if self.state is State.STOPPED else self.reaches(self.target)

    @property
    def breaches_at(self) -> datetime | None:
        """The instant after which it is breached if it runs on; None where it does not run."""
        return self.passes(self.target) if self.state is State.RUNNING else None

    def overruns_by(self, elapsed: timedelta) -> datetime | None:
        """Return when it overran its target, if so much is used up now and it was not told yet."""
        if self.overran_at or elapsed <= self.target:
            return None
        return self.passes(self.target)

    def warns_at(self, now: datetime) -> datetime | None:
        """Return the next warning after an instant; where none comes, the last one that came."""
        if self.state is State.STOPPED:
            return None
        reached = [self.reaches(amount) for amount in self.terms.warns_after(self.kind)]
        instants = sorted(at for at in reached if at)
        return next((at for at in instants if at > now), instants[-1] if instants else None)

    def missed(self, now: datetime) -> bool:
        """Tell whether more than the target was used up: an answer at the very instant is in time.

        Business time is compared, not instants: a target used up at the closing is not missed
        before hours open again.
        """
        return self.elapsed_at(now) > self.target
