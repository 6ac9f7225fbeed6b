"""The clocks of a conversation as a fold over its turns: a pure function of what is known."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import reduce
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
    for kind in WAITS:
        standing = _brought(standing, kind, turn)
    return standing


def _brought(standing: Standing, kind: Kind, turn: Turn) -> Standing:
    clock, facts = standing.clock(kind), standing.facts
    terms = clock.terms if clock and not clock.answered else standing.terms
    if terms is None or (clock is None and terms.target(kind) is None):
        return standing
    state, reason = wanted(kind, facts, terms)
    if clock is None or clock.answered or _begins_anew(clock, terms, turn):
        return standing if state is State.STOPPED else _started(standing, kind, turn)
    answered = is_answered(kind, facts)
    if state is not clock.state:
        moved = clock.moved(state, turn.at, reason or told(turn))
        return _moved(standing, clock, moved._replace(answered=answered), turn)
    if answered == clock.answered and reason in ("", clock.reason):
        return standing
    return _with(standing, clock._replace(reason=reason or clock.reason, answered=answered))


def _begins_anew(clock: Clock, terms: Terms, turn: Turn) -> bool:
    """Tell whether opening the conversation again begins another wait for its resolution."""
    return (
        clock.kind is Kind.RESOLUTION
        and clock.state is State.STOPPED
        and terms.reopening is Reopening.RESTART
        and isinstance(turn, Reopened | StateOpened)
    )


def _moved(standing: Standing, before: Clock, moved: Clock, turn: Turn) -> Standing:
    """Put a clock that came into another state in its place, with the steps that say so."""
    standing, moved = _overrun(standing, before, moved)
    if moved.state is State.STOPPED and isinstance(turn, AgentWrote | Closed):
        moved = moved._replace(ended_by=turn.user_id)
    standing = _stepped(standing, moved, _ACTIONS[moved.state], turn)
    return _with(standing, moved)


def _overrun(standing: Standing, before: Clock, after: Clock) -> tuple[Standing, Clock]:
    """Tell that a clock overran its target before it came to what it is, unless that was told."""
    at = before.overruns_by(after.elapsed)
    if at is None:
        return standing, after
    steps = (*standing.steps, overrun(before, at))
    return standing._replace(steps=steps), after._replace(overran_at=at)


def wanted(kind: Kind, facts: Facts, terms: Terms) -> tuple[State, str]:
    """Return the state in which the facts want a clock, and why where that is no single turn."""
    if facts.closed or facts.without_policy or is_answered(kind, facts):
        return State.STOPPED, ""
    if pauses := terms.counted(facts.pauses):
        return State.PAUSED, paused(pauses)
    if kind is Kind.RESOLUTION and _waits_for_customer(facts, terms):
        return State.PAUSED, "the agent wrote last: the customer is waited for"
    return State.RUNNING, ""


def is_answered(kind: Kind, facts: Facts) -> bool:
    """Tell whether what a clock waits for has come; a resolution only ever closes."""
    match kind:
        case Kind.FIRST_RESPONSE:
            return facts.answered
        case Kind.NEXT_RESPONSE:
            return not facts.customer_waits
        case Kind.RESOLUTION | Kind.FORGOTTEN:
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
    if before:
        standing = standing._replace(past=(*standing.past, before))
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
    standing = _stepped(standing, clock, "started", turn)
    return _brought(_with(standing, clock), kind, turn)


def _with(standing: Standing, clock: Clock) -> Standing:
    others = [other for other in standing.clocks if other.kind is not clock.kind]
    return standing._replace(clocks=(*others, clock))


def _stepped(standing: Standing, clock: Clock, action: str, turn: Turn) -> Standing:
    elapsed = clock.elapsed_at(turn.at)
    step = Step(clock.kind, turn.at, action, clock.reason, elapsed, turn.source)
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
    for kind in WAITS:
        ours = standing.clock(kind)
        if ours and (ours.answered or facts.closed):
            continue
        if ours:
            standing, ours = _marked(standing, ours, turn.at)
        if ours and not follows and ours.state is not State.STOPPED:
            standing = _kept(standing, ours, turn)
        else:
            standing = _exchanged(standing, ours, anew.clock(kind), turn)
    return standing


def _marked(standing: Standing, clock: Clock, at: datetime) -> tuple[Standing, Clock]:
    """Tell that a clock overran its target before its terms change."""
    standing, told_so = _overrun(standing, clock, clock._replace(elapsed=clock.elapsed_at(at)))
    marked = clock._replace(overran_at=told_so.overran_at)
    return _with(standing, marked), marked


def _kept(standing: Standing, clock: Clock, turn: Turn) -> Standing:
    said_so = clock._replace(reason=f"{told(turn)}; a running clock keeps its terms")
    return _stepped(standing, said_so, "kept", turn)


def _exchanged(standing: Standing, ours: Clock | None, anew: Clock | None, turn: Turn) -> Standing:
    """Put the clock as other terms would have measured it in the place of ours."""
    if anew is None:
        if ours is None:
            return standing
        ended = ours._replace(reason=f"{told(turn)}: it has no such target")
        left = tuple(clock for clock in standing.clocks if clock.kind is not ours.kind)
        return _stepped(standing, ended, "ended", turn)._replace(clocks=left)
    counted = f"the target is {said(anew.target)}, counted from {isoformat(anew.started_at)}"
    explained = anew._replace(reason=f"{told(turn)}: {counted}")
    standing = _stepped(standing, explained, "changed", turn)
    late = anew.missed(turn.at)
    if late:
        standing = standing._replace(steps=(*standing.steps, overrun(anew, turn.at)))
    return _with(standing, anew._replace(overran_at=turn.at if late else None))


_ACTIONS = {State.RUNNING: "resumed", State.PAUSED: "paused", State.STOPPED: "stopped"}
