"""What would have come of a conversation under given terms: a pure function of its turns.

Nobody acknowledges anything here, so each rung that is reached while a wait lasts is told.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from chrono.spans import Span
from sla.domain.clock import ZERO, Clock, Run, State
from sla.domain.course import Stretch, Wait
from sla.domain.local import Daily
from sla.domain.plan import BREACH, WARNING, Planned, Rung, plan
from sla.domain.terms import Kind, Terms
from sla.domain.turns import PolicyDeactivated, TermsChanged, Turn


class Escalation(NamedTuple):
    """A ladder: its rungs, and when they are held back. Warnings and breaches never are."""

    rungs: tuple[Rung, ...] = ()
    quiet: Daily | None = None


class Told(NamedTuple):
    """Something that is told of a wait at an instant: a warning, its breach, a rung of a ladder."""

    kind: Kind
    round_at: datetime
    rung: str
    at: datetime
    of_rung: int | None = None

    @property
    def is_warning(self) -> bool:
        return self.rung.startswith(WARNING)

    @property
    def is_breach(self) -> bool:
        return self.rung == BREACH


class Waited(NamedTuple):
    """A wait that is over. elapsed is what it used up of its target, both as terms measure."""

    kind: Kind
    started_at: datetime
    ended_at: datetime
    elapsed: timedelta
    target: timedelta

    @property
    def met(self) -> bool:
        return self.elapsed <= self.target


class Outcome(NamedTuple):
    """What came of a conversation: the waits that were over, and what was told, within a span."""

    waits: tuple[Waited, ...] = ()
    told: tuple[Told, ...] = ()


NOTHING: Final = Outcome()
NOBODY: Final = Escalation()


def counted(turns: Iterable[Turn], within: Span) -> list[Turn]:
    """Return the turns that count: what happens at the span's end or later is not known yet.

    Changes of terms count for nothing: what is tried holds always.
    """
    return [
        turn
        for turn in turns
        if turn.at < within.end and not isinstance(turn, TermsChanged | PolicyDeactivated)
    ]


class Measure:
    """By what waits are measured: terms that always held, and whom they have told.

    What happened outside of a span is left out. A wait that lasts until the span's end is not over,
    and a rung that is due then is not told.
    """

    def __init__(self, terms: Terms, *, within: Span, escalation: Escalation = NOBODY) -> None:
        self.terms = terms
        self._within = within
        self._escalation = escalation
        self._least = {kind: _least(kind, terms, escalation.rungs) for kind in Kind}

    def outcome(self, waits: Iterable[Wait]) -> Outcome:
        """Return what comes of waits, as course() finds them in the turns that count."""
        found = [(wait, self._measured(wait)) for wait in waits]
        return Outcome(
            waits=tuple(over for wait, ran in found if (over := self._over(wait, ran))),
            told=tuple(told for _, ran in found for told in self._told(ran)),
        )

    def _measured(self, wait: Wait) -> list[tuple[Clock, datetime, timedelta]]:
        """Return the clock of each stretch as it began to run, when that ended, and all time used.

        Of a wait that was over before the span nothing is measured.
        """
        target = self.terms.target(wait.kind)
        if target is None or (wait.ended_at and wait.ended_at < self._within.start):
            return []
        elapsed, runs, found = ZERO, tuple[Run, ...](), []
        for stretch in wait.stretches:
            runs = (*runs, Run(stretch.start, elapsed))
            clock = self._running(wait, stretch, target, runs)
            end = stretch.end or self._within.end
            elapsed += self.terms.hours.within(stretch.start, end)
            found.append((clock, end, elapsed))
        return found

    def _running(
        self, wait: Wait, stretch: Stretch, target: timedelta, runs: tuple[Run, ...]
    ) -> Clock:
        return Clock(
            kind=wait.kind,
            terms=self.terms,
            target=target,
            started_at=wait.stretches[0].start,
            state=State.RUNNING,
            since=stretch.start,
            reason="",
            elapsed=runs[-1].elapsed,
            runs=runs,
        )

    def _over(self, wait: Wait, ran: list[tuple[Clock, datetime, timedelta]]) -> Waited | None:
        """Return a wait that is over; what took no time was none: an agent began the conversation.

        Counted by when it was over, be that within the span or not: hence the check.
        """
        if not ran or wait.ended_at is None or not _in(self._within, wait.ended_at):
            return None
        clock, _, elapsed = ran[-1]
        if wait.ended_at == clock.started_at:
            return None
        return Waited(wait.kind, clock.started_at, wait.ended_at, elapsed, clock.target)

    def _told(self, ran: list[tuple[Clock, datetime, timedelta]]) -> Iterator[Told]:
        """Yield each rung once: in the first stretch in which its clock still ran when it was due.

        One that is due while it is quiet goes out after that.
        """
        known: set[str] = set()
        for clock, end, elapsed in ran:
            if elapsed < self._least[clock.kind]:
                continue
            for planned in plan(clock, self._escalation.rungs):
                at = max(self._goes_out(planned), clock.since)
                if planned.rung not in known and at < end:
                    known.add(planned.rung)
                    if at >= self._within.start:
                        yield Told(clock.kind, clock.started_at, planned.rung, at, planned.of_rung)

    def _goes_out(self, planned: Planned) -> datetime:
        quiet = self._escalation.quiet if planned.of_rung else None
        span = quiet.around(planned.due_at) if quiet else None
        return span.end if span else planned.due_at


def _in(span: Span, at: datetime) -> bool:
    return span.start <= at < span.end


def _least(kind: Kind, terms: Terms, rungs: Iterable[Rung]) -> timedelta:
    """Return how much a clock of a kind uses up at least before anything is told of it."""
    target = terms.target(kind) or ZERO
    early = [-rung.offset for rung in rungs if rung.offset < ZERO]
    if any(rung.wall and rung.offset < ZERO for rung in rungs):
        return ZERO
    return min([target, *(target - offset for offset in early), *terms.warns_after(kind)])
