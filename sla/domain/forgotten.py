"""Work that an agent has and does nothing with, as a clock: the agent forgot it, or went home.

Only open sessions of agents count. A customer's leg that never ends is nobody's work, and neither
is a conversation that waits for an agent in a queue. While the agent wrote last, the customer is
waited for: that is not forgotten, where the policy's clocks wait for customers at all.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from chrono.instants import isoformat
from conversations.domain.presence import OFFLINE, Away
from sla.domain.clock import ZERO, Clock, Run, State
from sla.domain.facts import Facts
from sla.domain.fold import Standing
from sla.domain.steps import Step
from sla.domain.terms import Kind, Terms

LATEST: Final = datetime.max.replace(tzinfo=UTC)
# Who talks acts all the time; who has an e-mail or a chat open need not.
SPOKEN: Final = frozenset({"voice", "callback", "video", "cobrowse", "screenshare"})
_HAD: Final = {"parked": "parked", "hold": "on hold", "interact": "open"}
# An e-mail goes on hold, and off it, by itself while its agent has other work: that is no act.
_BY_ITSELF: Final = frozenset({"hold", "interact"})


class Stretch(NamedTuple):
    """One segment of an agent's session; source is where people find it."""

    state: str
    started_at: datetime
    ended_at: datetime | None
    source: str


class Seat(NamedTuple):
    """An agent's open session: its state (a segment's type) and since when.

    touched_at is when its agent last did something with it, as source tells.
    """

    user_id: str
    media_type: str
    state: str
    since: datetime
    touched_at: datetime
    source: str

    @property
    def talks(self) -> bool:
        return self.state == "interact" and self.media_type in SPOKEN


def seat_of(user_id: str, media_type: str, stretches: Sequence[Stretch]) -> Seat | None:
    """Return how a session stands by its stretches in order; None where it is in none."""
    now = next((n for n, s in reversed(list(enumerate(stretches))) if s.ended_at is None), None)
    if now is None:
        return None
    first = now
    while (
        first
        and media_type not in SPOKEN
        and {stretches[first - 1].state, stretches[first].state} <= _BY_ITSELF
    ):
        first -= 1
    touched, current = stretches[first], stretches[now]
    return Seat(
        user_id,
        media_type,
        current.state,
        current.started_at,
        touched.started_at,
        touched.source,
    )


class _Cause(NamedTuple):
    """Why work counts as forgotten so long after an instant."""

    started_at: datetime
    target: timedelta
    reason: str
    source: str


def watched(standing: Standing, seats: Sequence[Seat], away: Mapping[str, Away]) -> Standing:
    """Add the clock of forgotten work, where agents have the conversation and do not talk.

    seats are the open sessions of agents; away tells which of them cannot be expected to act, and
    since when. Of being idle and being away, what is due first counts.
    """
    facts, terms = standing.facts, standing.terms
    having = [seat for seat in seats if seat.state in _HAD]
    if terms is None or facts.begun_at is None or facts.closed or facts.without_policy:
        return standing
    if not having or any(seat.talks for seat in having):
        return standing
    causes = _causes(having, away, facts, terms)
    if not causes:
        return standing
    cause = min(causes, key=lambda one: terms.hours.after(one.started_at, one.target) or LATEST)
    clock = _clock(cause, facts, terms)
    action = "started" if clock.state is State.RUNNING else "paused"
    step = Step(clock.kind, clock.since, action, clock.reason, ZERO, cause.source)
    return standing._replace(clocks=(*standing.clocks, clock), steps=(*standing.steps, step))


def _causes(
    seats: Sequence[Seat], away: Mapping[str, Away], facts: Facts, terms: Terms
) -> list[_Cause]:
    """Return since when nothing is done, and since when those who should do it are away.

    What an agent did and what the customer wrote after that begin it anew: nothing was left undone
    before.
    """
    last = max(seats, key=lambda seat: (seat.touched_at, seat.user_id))
    acted_at = max(last.touched_at, facts.agent_wrote_at or last.touched_at)
    asked_at = facts.waits_since if facts.customer_waits and facts.waits_since else acted_at
    since, found = max(acted_at, asked_at), list[_Cause]()
    gone = [away[seat.user_id] for seat in seats if seat.user_id in away]
    left = max(gone, key=lambda one: one.since) if len(gone) == len(seats) else None
    reason = _said(last, acted_at, len(seats) - 1, left)
    if asked_at > acted_at:
        reason += f"; the customer waits since {_at(asked_at)}"
    if terms.forgotten is not None:
        found.append(_Cause(since, terms.forgotten, reason, last.source))
    if terms.away is not None and left:
        source = f"presence {last.user_id}" if left.since >= since else last.source
        found.append(_Cause(max(since, left.since), terms.away, reason, source))
    return found


def _clock(cause: _Cause, facts: Facts, terms: Terms) -> Clock:
    clock = Clock(
        kind=Kind.FORGOTTEN,
        terms=terms,
        target=cause.target,
        started_at=cause.started_at,
        state=State.RUNNING,
        since=cause.started_at,
        reason=cause.reason,
        runs=(Run(at=cause.started_at, elapsed=ZERO),),
    )
    if facts.customer_waits or not terms.waiting_on_customer_pauses:
        return clock
    waits = "the agent wrote last: the customer is waited for"
    return clock._replace(state=State.PAUSED, reason=waits, runs=())


def _said(last: Seat, acted_at: datetime, others: int, left: Away | None) -> str:
    """Say who has it, how and since when: in marks, which words.filled makes readable."""
    said = f"{_HAD[last.state]} since {_at(last.since)} by {{user {last.user_id}}}"
    if last.state == "interact" or acted_at < last.since:
        how = _HAD[last.state]
        said = f"{how} with {{user {last.user_id}}}, nothing done since {_at(acted_at)}"
    if others:
        said += f" and {others} more"
    if left is None:
        return said
    how = "signed out" if left.value == OFFLINE else "off queue"
    return f"{said}, who {'are' if others else 'is'} {how} since {_at(left.since)}"


def _at(at: datetime) -> str:
    return f"{{at {isoformat(at)}}}"
