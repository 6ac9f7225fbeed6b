"""How waits went, whatever the hours and the targets: from when to when each clock ran.

Terms that differ in hours, targets and warnings alone share a course, so it is found once for all
of them. It is what replay() finds, less what is measured.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sla.domain.clock import State
from sla.domain.facts import NOTHING, Facts, learn
from sla.domain.fold import is_answered, wanted
from sla.domain.terms import WAITS, Kind, Reopening, Terms
from sla.domain.turns import Reopened, StateOpened, Turn, ordered


class Stretch(NamedTuple):
    """From when to when a clock ran; end None: it runs still."""

    start: datetime
    end: datetime | None = None


class Wait(NamedTuple):
    """One wait. ended_at is None while it runs or is paused."""

    kind: Kind
    stretches: tuple[Stretch, ...]
    ended_at: datetime | None = None


class Shape(NamedTuple):
    """All of terms that says when clocks run: those of one shape share their courses."""

    kinds: tuple[Kind, ...]
    waiting_on_customer_pauses: bool
    pausing: frozenset[str] | None
    reopening: Reopening


def shape_of(terms: Terms) -> Shape:
    return Shape(
        tuple(kind for kind in WAITS if terms.target(kind) is not None),
        terms.waiting_on_customer_pauses,
        terms.pausing,
        terms.reopening,
    )


class Courses:
    """The courses of one conversation: one for all terms of a shape. No turn may change terms."""

    def __init__(self, turns: Iterable[Turn]) -> None:
        self._turns = tuple(turns)
        self._known: dict[Shape, tuple[Wait, ...]] = {}

    def under(self, terms: Terms) -> tuple[Wait, ...]:
        """Return each wait under terms that always hold."""
        shape = shape_of(terms)
        if shape not in self._known:
            self._known[shape] = course(self._turns, terms)
        return self._known[shape]


def course(turns: Iterable[Turn], terms: Terms) -> tuple[Wait, ...]:
    """Return each wait under terms that always hold, the earliest first of each kind.

    No turn may change terms.
    """
    in_order = ordered(turns)
    seen = []
    facts = NOTHING
    for turn in in_order:
        facts = learn(facts, turn)
        if facts.begun_at:
            seen.append((turn, facts))
    return tuple(wait for kind in shape_of(terms).kinds for wait in _waits(kind, seen, terms))


def _waits(kind: Kind, seen: Iterable[tuple[Turn, Facts]], terms: Terms) -> list[Wait]:
    """Follow one clock through what was known after each turn."""
    found: list[Wait] = []
    state, answered = State.STOPPED, True
    for turn, facts in seen:
        becomes, _ = wanted(kind, facts, terms)
        if answered or (state is State.STOPPED and _begins_anew(kind, terms, turn)):
            if becomes is State.STOPPED:
                continue
            found.append(Wait(kind, (Stretch(turn.at),)))
            state = State.RUNNING
        if becomes is not state:
            found[-1] = _moved(found[-1], state, becomes, turn.at)
            state = becomes
        answered = is_answered(kind, facts)
    return found


def _begins_anew(kind: Kind, terms: Terms, turn: Turn) -> bool:
    restarts = kind is Kind.RESOLUTION and terms.reopening is Reopening.RESTART
    return restarts and isinstance(turn, Reopened | StateOpened)


def _moved(wait: Wait, state: State, becomes: State, at: datetime) -> Wait:
    stretches = wait.stretches
    if state is State.RUNNING:
        stretches = (*stretches[:-1], stretches[-1]._replace(end=at))
    if becomes is State.RUNNING:
        stretches = (*stretches, Stretch(at))
    return Wait(wait.kind, stretches, at if becomes is State.STOPPED else None)
