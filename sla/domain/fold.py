"""The clocks of a conversation as a fold over its turns: a pure function of what is known."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import reduce
from typing import NamedTuple

from chrono.instants import isoformat
from sla.domain.clock import ZERO, Clock, Run, State
from sla.domain.facts import NOTHING, Facts, learn
from sla.domain.terms import Kind, OnChange, Terms
from sla.domain.turns import (
    Cause,
    PolicyDeactivated,
    Reopened,
    StateOpened,
    TermsChanged,
    Turn,
    ordered,
)
from sla.domain.words import said, told


class Step(NamedTuple):
    """What a clock did at an instant and why, and the business time it had measured by then."""

    kind: Kind
    at: datetime
    action: str  # started, paused, resumed, stopped, changed, ended
    reason: str
    elapsed: timedelta


class Standing(NamedTuple):
    """The clocks after a turn: at most one of a kind, the latest."""

    terms: Terms | None
    facts: Facts = NOTHING
    clocks: tuple[Clock, ...] = ()
    missed: frozenset[Kind] = frozenset()  # by clocks that later ones of their kind replaced
    steps: tuple[Step, ...] = ()

    def clock(self, kind: Kind) -> Clock | None:
        return next((clock for clock in self.clocks if clock.kind is kind), None)

    @property
    def paused(self) -> bool:
        """Whether the conversation waits for something else than an agent."""
        facts, terms = self.facts, self.terms
        if terms is None or facts.begun_at is None or facts.closed or facts.without_policy:
            return False
        return bool(terms.states_pause and facts.pauses) or _waits_for_customer(facts, terms)

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
        late = {clock.kind for clock in self.clocks if clock.missed(now)}
        return [kind for kind in Kind if kind in late | self.missed]

    def next_deadline(self) -> Clock | None:
        """Return the running clock that is due first; None where none is."""
        running = [c for c in self.clocks if c.state is State.RUNNING and c.due_at]
        return min(running, key=lambda clock: clock.due_at or clock.since, default=None)


def replay(turns: Iterable[Turn], terms: Terms | None) -> Standing:
    """Return how the clocks stand after all turns, whatever order they came in.

    terms hold from the beginning; None: until a turn brings some, there is no policy.
    """
    standing, in_order = Standing(terms), ordered(turns)
    for count, turn in enumerate(in_order, start=1):
        standing = _advanced(standing, turn)
        if isinstance(turn, TermsChanged):
            standing = _under(turn.terms, standing, turn, in_order[:count])
        elif isinstance(turn, Reopened | StateOpened) and _is_behind(standing):
            assert standing.terms is not None
            standing = _under(standing.terms, standing, turn, in_order[:count])
    return standing


def _advanced(standing: Standing, turn: Turn) -> Standing:
    """Take one turn: learn of it, then bring every clock to where the facts want it."""
    facts = learn(standing.facts, turn)
    standing = standing._replace(facts=facts)
    if facts.begun_at is None or isinstance(turn, TermsChanged):
        return standing
    return reduce(lambda before, kind: _brought(before, kind, turn), Kind, standing)


def _brought(standing: Standing, kind: Kind, turn: Turn) -> Standing:
    clock, facts = standing.clock(kind), standing.facts
    terms = clock.terms if clock and not clock.answered else standing.terms
    if terms is None:
        return standing
    state, reason = _wanted(kind, facts, terms)
    if clock is None or clock.answered:
        return standing if state is State.STOPPED else _started(standing, kind, turn)
    answered = _is_answered(kind, facts)
    if state is not clock.state:
        moved = clock.moved(state, turn.at, reason or told(turn))
        standing = _stepped(standing, moved, _ACTIONS[state], turn.at)
        return _with(standing, moved._replace(answered=answered))
    if answered == clock.answered and reason in ("", clock.reason):
        return standing
    return _with(standing, clock._replace(reason=reason or clock.reason, answered=answered))


def _wanted(kind: Kind, facts: Facts, terms: Terms) -> tuple[State, str]:
    """Return the state in which the facts want a clock, and why where that is no single turn."""
    if facts.closed or facts.without_policy or _is_answered(kind, facts):
        return State.STOPPED, ""
    if terms.states_pause and facts.pauses:
        return State.PAUSED, facts.pauses_said()
    if kind is Kind.RESOLUTION and _waits_for_customer(facts, terms):
        return State.PAUSED, "the agent wrote last: the customer is waited for"
    return State.RUNNING, ""


def _is_answered(kind: Kind, facts: Facts) -> bool:
    """Tell whether what a clock waits for has come; a resolution only ever closes."""
    match kind:
        case Kind.FIRST_RESPONSE:
            return facts.answered
        case Kind.NEXT_RESPONSE:
            return not facts.customer_waits
        case Kind.RESOLUTION:
            return False


def _waits_for_customer(facts: Facts, terms: Terms) -> bool:
    return terms.waiting_on_customer_pauses and not facts.customer_waits


def _started(standing: Standing, kind: Kind, turn: Turn) -> Standing:
    """Start a clock of a kind, after an answered one or as the first; none without a target."""
    terms = standing.terms
    target = terms.target(kind) if terms else None
    if terms is None or target is None:
        return standing
    before = standing.clock(kind)
    if before and before.missed(turn.at):
        standing = standing._replace(missed=standing.missed | {kind})
    clock = Clock(
        kind=kind,
        terms=terms,
        target=target,
        started_at=turn.at,
        state=State.RUNNING,
        since=turn.at,
        reason=told(turn),
        runs=(Run(at=turn.at, elapsed=ZERO),),
    )
    standing = _stepped(standing, clock, "started", turn.at)
    return _brought(_with(standing, clock), kind, turn)


def _with(standing: Standing, clock: Clock) -> Standing:
    others = [other for other in standing.clocks if other.kind is not clock.kind]
    return standing._replace(clocks=(*others, clock))


def _stepped(standing: Standing, clock: Clock, action: str, at: datetime) -> Standing:
    step = Step(clock.kind, at, action, clock.reason, clock.elapsed_at(at))
    return standing._replace(steps=(*standing.steps, step))


def _is_behind(standing: Standing) -> bool:
    """Tell whether terms changed while it was closed, and clocks follow such changes."""
    terms = standing.terms
    return (
        terms is not None
        and terms.on_change is OnChange.RECOMPUTE
        and any(clock.terms is not terms for clock in standing.clocks if not clock.answered)
    )


def _under(terms: Terms, standing: Standing, turn: Turn, so_far: Sequence[Turn]) -> Standing:
    """Put other terms in force. What they had measured from the beginning is found by replaying.

    Clocks that were answered or closed stay as they were measured.
    """
    facts, standing = standing.facts, standing._replace(terms=terms)
    if facts.without_policy or facts.begun_at is None:
        return standing
    plain = [t for t in so_far if not isinstance(t, TermsChanged | PolicyDeactivated)]
    anew = reduce(_advanced, plain, Standing(terms))
    urgent = isinstance(turn, TermsChanged) and turn.cause is Cause.PRIORITY_CHANGED
    follows = urgent or terms.on_change is OnChange.RECOMPUTE
    for kind in Kind:
        ours = standing.clock(kind)
        if ours and (ours.answered or facts.closed):
            continue
        if ours and not follows and ours.state is not State.STOPPED:
            standing = _kept(standing, ours, turn)
        else:
            standing = _exchanged(standing, ours, anew.clock(kind), turn)
    return standing


def _kept(standing: Standing, clock: Clock, turn: Turn) -> Standing:
    said_so = clock._replace(reason=f"{told(turn)}; a running clock keeps its terms")
    return _stepped(standing, said_so, "kept", turn.at)


def _exchanged(standing: Standing, ours: Clock | None, anew: Clock | None, turn: Turn) -> Standing:
    """Put the clock as other terms would have measured it in the place of ours."""
    if anew is None:
        if ours is None:
            return standing
        ended = ours._replace(reason=f"{told(turn)}: it has no such target")
        left = tuple(clock for clock in standing.clocks if clock.kind is not ours.kind)
        return _stepped(standing, ended, "ended", turn.at)._replace(clocks=left)
    counted = f"the target is {said(anew.target)}, counted from {isoformat(anew.started_at)}"
    explained = anew._replace(reason=f"{told(turn)}: {counted}")
    return _with(_stepped(standing, explained, "changed", turn.at), anew)


_ACTIONS = {State.RUNNING: "resumed", State.PAUSED: "paused", State.STOPPED: "stopped"}
