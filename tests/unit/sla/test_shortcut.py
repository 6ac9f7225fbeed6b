"""Terms that change while clocks run: what is known without replaying is what replaying finds."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

import pytest

from chrono.always import ALWAYS
from chrono.hours import Hours
from sla.domain import fold
from sla.domain.fold import replay
from sla.domain.terms import OnChange, Reopening, Terms
from sla.domain.turns import (
    AgentWrote,
    Cause,
    Closed,
    Created,
    CustomerWrote,
    FirstResponseRecorded,
    PolicyDeactivated,
    Reopened,
    StatePaused,
    StateResumed,
    TermsChanged,
    Turn,
)

START: Final = datetime(2026, 3, 27, 14, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
WEEK: Final = {day: [["09:00", "12:00"], ["12:30", "17:00"]] for day in ("mon", "tue", "fri")}
OPEN: Final = Hours.of(timezone="Europe/Berlin", hours=WEEK)


def terms(draw: Random) -> Terms:
    targets = [draw.choice((None, 30 * MINUTE, 300 * MINUTE)) for _ in range(3)]
    return Terms(
        hours=draw.choice((OPEN, ALWAYS)),
        first_response=targets[0],
        next_response=targets[1],
        resolution=targets[2],
        waiting_on_customer_pauses=draw.random() < 0.5,
        pausing=draw.choice((None, frozenset(), frozenset({"parked"}))),
        on_change=draw.choice(list(OnChange)),
        reopening=draw.choice(list(Reopening)),
    )


def like(draw: Random, known: Terms) -> Terms:
    """Other targets, and nothing else: the commonest change."""

    def moved(target: timedelta | None) -> timedelta | None:
        return target and target + draw.choice((-20, 0, 15, 400)) * MINUTE

    return replace(
        known,
        first_response=moved(known.first_response),
        next_response=moved(known.next_response),
        resolution=moved(known.resolution),
        on_change=draw.choice(list(OnChange)),
    )


def turns(draw: Random, first: Terms) -> list[Turn]:
    kinds: list[Callable[[datetime], Turn]] = [
        lambda at: CustomerWrote(at=at),
        lambda at: AgentWrote(at=at, user_id="u"),
        lambda at: FirstResponseRecorded(at=at),
        lambda at: StatePaused(at=at, reason=draw.choice(("parked", "on hold"))),
        lambda at: StateResumed(at=at, reason=draw.choice(("parked", ""))),
        lambda at: Closed(at=at, user_id="z"),
        lambda at: Reopened(at=at),
        lambda at: TermsChanged(at=at, terms=like(draw, first), cause=draw.choice(list(Cause))),
        lambda at: TermsChanged(at=at, terms=terms(draw), cause=Cause.POLICY_CHANGED),
        lambda at: PolicyDeactivated(at=at),
    ]
    weights = (4, 4, 1, 2, 2, 1, 1, 4, 1, 1)
    made = draw.choices(kinds, weights, k=draw.randrange(1, 10))
    later = [one(START + draw.randrange(1, 6_000) * MINUTE) for one in made]
    return [Created(at=START), *later]


@pytest.mark.parametrize("seed", range(6))
def test_clocks_come_out_as_they_do_when_everything_is_replayed(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, known, taken = Random(seed), fold._Fold._measured_by, Counter[bool]()

    def counted(self: fold._Fold, of: Terms) -> object:
        found = known(self, of)
        taken[found is not None] += 1
        return found

    for _ in range(300):
        first = terms(draw)
        told = turns(draw, first)
        monkeypatch.setattr(fold._Fold, "_measured_by", lambda *_: None)
        replayed = replay(told, first)
        monkeypatch.setattr(fold._Fold, "_measured_by", counted)
        assert replay(told, first) == replayed
    assert min(taken.values()) > 50  # both ways were gone
