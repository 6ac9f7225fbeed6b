"""The clocks of a conversation as a fold over its turns: a pure function of what is known."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from chrono.instants import isoformat
from sla.domain.clock import ZERO, Clock, Run, State
from sla.domain.facts import NOTHING, Facts, learn
from sla.domain.steps import Step, overrun
from sla.domain.terms import WAITS, Kind, OnChange, Reopening, Terms
from sla.domain.turns import (
    AgentWrote,
    Cause,
    Closed,
    PolicyDeactivated,
    Reopened,
    StateOpened,
    TermsChanged,
    Turn,
    ordered,
)
from sla.domain.words import paused, said, told

# Asked for a hundred thousand times a second: a member of an enum takes seven times a name's time.
_FIRST_RESPONSE, _NEXT_RESPONSE, _RESOLUTION = WAITS
_RUNNING, _STOPPED = State.RUNNING, State.STOPPED


class Standing(NamedTuple):
    """The clocks after a turn: at most one of a kind, the latest; past are those before them."""

    terms: Terms | None
    facts: Facts = NOTHING
    clocks: tuple[Clock, ...] = ()
    past: tuple[Clock, ...] = ()
    steps: tuple[Step, ...] = ()

    def clock(self, kind: Kind) -> Clock | None:
        for clock in self.clocks:
            if clock.kind is kind:
                return clock
        return None

    @property
    def paused(self) -> bool:
        """Whether the conversation waits for something else than an agent."""
        facts, terms = self.facts, self.terms
        if terms is None or facts.begun_at is None or facts.closed or facts.without_policy:
            return False
        return bool(terms.counted(facts.pauses)) or _waits_for_customer(facts, terms)

    @property
    def force_disconnect_at(self) -> datetime | None:
        """When an agent who still has the conversation loses it: wall-clock time."""
        facts, terms = self.facts, self.terms
        if terms is None or facts.begun_at is None or facts.closed or facts.without_policy:
            return None
        allowed = terms.force_disconnect_after
        return None if allowed is None else facts.begun_at + allowed

    def missed_by(self, now: datetime) -> list[Kind]:
        """Return the kinds of which some clock used up more than its target."""
        late = {clock.kind for clock in (*self.past, *self.clocks) if clock.missed(now)}
        return [kind for kind in WAITS if kind in late]

    @property
    def finished(self) -> tuple[Clock, ...]:
        """The waits that are over, the earliest first of each kind.

        None of those that a policy's end cut short; nor what took no time: nobody waited, as where
        an agent began the conversation.
        """
        over = (*self.past, *(c for c in self.clocks if c.state is State.STOPPED))
        if self.facts.without_policy:
            over = tuple(clock for clock in over if clock.answered)
        return tuple(clock for clock in over if clock.since > clock.started_at)

    def next_deadline(self) -> Clock | None:
        """Return the running clock that is due first; None where none is."""
        running = [c for c in self.clocks if c.state is State.RUNNING and c.due_at]
        return min(running, key=lambda clock: clock.due_at or clock.since, default=None)


def replay(turns: Iterable[Turn], terms: Terms | None) -> Standing:
    """Return how the clocks stand after all turns, whatever order they came in.

    terms hold from the beginning; None: until a turn brings some, there is no policy.
    """
    fold, in_order = _Fold(terms), ordered(turns)
    for count, turn in enumerate(in_order, start=1):
        fold.take(turn)
        if isinstance(turn, TermsChanged):
            fold.put_under(turn.terms, turn, in_order[:count])
        elif isinstance(turn, Reopened | StateOpened) and fold.is_behind():
            assert fold.terms is not None
            fold.put_under(fold.terms, turn, in_order[:count])
    return fold.standing


class _Fold:
    """A standing in the making. Clocks are changed here and nowhere else.

    Most of what computing clocks takes is spent here, so it is no chain of values. Without tells it
    keeps no steps: nobody is told how it came to what it is.
    """

    __slots__ = ("clocks", "facts", "held_ever", "past", "steps", "tells", "terms")

    def __init__(self, terms: Terms | None, *, tells: bool = True) -> None:
        self.terms = terms
        self.held_ever = True  # its terms, since the conversation began
        self.tells = tells
        self.facts = NOTHING
        self.clocks: dict[Kind, Clock] = {}  # what changed last stands last
        self.past: list[Clock] = []
        self.steps: list[Step] = []

    @property
    def standing(self) -> Standing:
        clocks = tuple(self.clocks.values())
        return Standing(self.terms, self.facts, clocks, tuple(self.past), tuple(self.steps))

    def take(self, turn: Turn) -> None:
        """Take one turn: learn of it, then bring every clock to where the facts want it."""
        self.facts = learn(self.facts, turn)
        if isinstance(turn, PolicyDeactivated):
            self.held_ever = False
        if self.facts.begun_at is not None and not isinstance(turn, TermsChanged):
            for kind in WAITS:
                self._bring(kind, turn)

    def put_under(self, terms: Terms, turn: Turn, so_far: Sequence[Turn]) -> None:
        """Put other terms in force. What they had measured since it began is found by replaying.

        Clocks that were answered or closed stay as they were measured.
        """
        facts, anew = self.facts, self._measured_by(terms)
        self.terms, self.held_ever = terms, False
        if facts.without_policy or facts.begun_at is None:
            return
        if anew is None:
            anew = _refolded(terms, so_far)
        urgent = isinstance(turn, TermsChanged) and turn.cause is Cause.PRIORITY_CHANGED
        follows = urgent or terms.on_change is OnChange.RECOMPUTE
        for kind in WAITS:
            ours = self.clocks.get(kind)
            if ours and (ours.answered or facts.closed):
                continue
            if ours:
                ours = self._mark(ours, turn.at)
            if ours and not follows and ours.state is not State.STOPPED:
                self._keep(ours, turn)
            else:
                self._exchange(ours, anew.get(kind), turn)

    def is_behind(self) -> bool:
        """Tell whether terms changed while it was closed, and clocks follow such changes."""
        terms = self.terms
        return (
            terms is not None
            and terms.on_change is OnChange.RECOMPUTE
            and any(c.terms is not terms for c in self.clocks.values() if not c.answered)
        )

    def _measured_by(self, terms: Terms) -> dict[Kind, Clock] | None:
        """Return the clocks as replaying would find them under terms by which they run alike.

        None where that is not certain: it takes half of the time to replay them.
        """
        if not self.held_ever or self.terms is None or not self.terms.runs_as(terms):
            return None
        found = {}
        for kind, clock in self.clocks.items():
            target = terms.target(kind)
            if target is None or clock.elapsed > target:
                return None
            found[kind] = clock._replace(terms=terms, target=target, overran_at=None)
        return found

    def _bring(self, kind: Kind, turn: Turn) -> None:
        clock = self.clocks.get(kind)
        terms = clock.terms if clock and not clock.answered else self.terms
        if terms is None or (clock is None and terms.target(kind) is None):
            return
        state, reason = wanted(kind, self.facts, terms)
        if clock is None or clock.answered or _begins_anew(clock, terms, turn):
            if state is not _STOPPED:
                self._start(kind, turn)
            return
        answered = is_answered(kind, self.facts)
        if state is not clock.state:
            self._move(clock, state, reason or told(turn), turn, answered=answered)
        elif answered != clock.answered or reason not in ("", clock.reason):
            self._put(clock._replace(reason=reason or clock.reason, answered=answered))

    def _start(self, kind: Kind, turn: Turn) -> None:
        """Start a clock of a kind, after an answered one or as the first; none without a target."""
        terms = self.terms
        target = terms.target(kind) if terms else None
        if terms is None or target is None:
            return
        if before := self.clocks.get(kind):
            self.past.append(before)
        clock = Clock(
            kind=kind,
            terms=terms,
            target=target,
            started_at=turn.at,
            state=State.RUNNING,
            since=turn.at,
            reason=told(turn),
            runs=(Run(turn.at, ZERO),),
        )
        self._tell(clock, "started", turn)
        self._put(clock)
        self._bring(kind, turn)

    def _move(self, clock: Clock, state: State, reason: str, turn: Turn, *, answered: bool) -> None:
        """Bring a clock into another state, with the steps that say so."""
        ended_by = clock.ended_by
        if state is State.STOPPED and isinstance(turn, AgentWrote | Closed):
            ended_by = turn.user_id
        moved = clock.moved(state, turn.at, reason, answered=answered, ended_by=ended_by)
        moved = self._overrun(clock, moved)
        self._tell(moved, _ACTIONS[state], turn)
        self._put(moved)

    def _overrun(self, before: Clock, after: Clock) -> Clock:
        """Tell that a clock overran its target before it came to what it is, unless it was told."""
        at = before.overruns_by(after.elapsed)
        if at is None:
            return after
        if self.tells:
            self.steps.append(overrun(before, at))
        return after._replace(overran_at=at)

    def _mark(self, clock: Clock, at: datetime) -> Clock:
        """Tell that a clock overran its target before its terms change."""
        elapsed = clock.elapsed_at(at)
        if elapsed > clock.target:
            told_so = self._overrun(clock, clock._replace(elapsed=elapsed))
            clock = clock._replace(overran_at=told_so.overran_at)
        self._put(clock)
        return clock

    def _keep(self, clock: Clock, turn: Turn) -> None:
        self._tell(clock, "kept", turn, f"{told(turn)}; a running clock keeps its terms")

    def _exchange(self, ours: Clock | None, anew: Clock | None, turn: Turn) -> None:
        """Put the clock as other terms would have measured it in the place of ours."""
        if anew is None:
            if ours:
                self._tell(ours, "ended", turn, f"{told(turn)}: it has no such target")
                del self.clocks[ours.kind]
            return
        counted = f"the target is {said(anew.target)}, counted from {isoformat(anew.started_at)}"
        self._tell(anew, "changed", turn, f"{told(turn)}: {counted}")
        late = anew.missed(turn.at)
        if late:
            self.steps.append(overrun(anew, turn.at))
        if late or anew.overran_at:
            anew = anew._replace(overran_at=turn.at if late else None)
        self._put(anew)

    def _put(self, clock: Clock) -> None:
        self.clocks.pop(clock.kind, None)
        self.clocks[clock.kind] = clock

    def _tell(self, clock: Clock, action: str, turn: Turn, reason: str = "") -> None:
        if self.tells:
            said_so, elapsed = reason or clock.reason, clock.elapsed_at(turn.at)
            self.steps.append(Step(clock.kind, turn.at, action, said_so, elapsed, turn.source))


def _refolded(terms: Terms, turns: Iterable[Turn]) -> dict[Kind, Clock]:
    """Return the clocks as they would be, had these terms always held."""
    fold = _Fold(terms, tells=False)
    for turn in turns:
        if not isinstance(turn, TermsChanged | PolicyDeactivated):
            fold.take(turn)
    return fold.clocks


def _begins_anew(clock: Clock, terms: Terms, turn: Turn) -> bool:
    """Tell whether opening the conversation again begins another wait for its resolution."""
    return (
        clock.kind is _RESOLUTION
        and clock.state is _STOPPED
        and terms.reopening is Reopening.RESTART
        and isinstance(turn, Reopened | StateOpened)
    )


def wanted(kind: Kind, facts: Facts, terms: Terms) -> tuple[State, str]:
    """Return the state in which the facts want a clock, and why where that is no single turn."""
    if facts.closed or facts.without_policy or is_answered(kind, facts):
        return _STOPPED, ""
    if facts.pauses and (pauses := terms.counted(facts.pauses)):
        return State.PAUSED, paused(pauses)
    if kind is _RESOLUTION and _waits_for_customer(facts, terms):
        return State.PAUSED, "the agent wrote last: the customer is waited for"
    return _RUNNING, ""


def is_answered(kind: Kind, facts: Facts) -> bool:
    """Tell whether what a clock waits for has come; a resolution only ever closes."""
    if kind is _NEXT_RESPONSE:
        return not facts.customer_waits
    return facts.answered if kind is _FIRST_RESPONSE else False


def _waits_for_customer(facts: Facts, terms: Terms) -> bool:
    return terms.waiting_on_customer_pauses and not facts.customer_waits


_ACTIONS = {State.RUNNING: "resumed", State.PAUSED: "paused", State.STOPPED: "stopped"}
