"""What agents were, and when: presence and routing status as spans, told in any order.

Two voices tell of an agent. An event tells that a state began, and nothing of its end; a later one
ends it. Analytics tells of a state that is over from when to when: that is settled, and an event
that says otherwise of that time is passed over. What comes out depends on what was told, never on
the order in which it came or on how often.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from operator import attrgetter
from typing import Final, NamedTuple

PRESENCE: Final = "presence"
ROUTING: Final = "routing"
OFFLINE: Final = "OFFLINE"
OFF_QUEUE: Final = "OFF_QUEUE"
# At hand, though perhaps not on the queues.
THERE: Final = frozenset({"AVAILABLE", "ON_QUEUE"})
LONGEST_VALUE: Final = 30


class PresenceTold(NamedTuple):
    """An event's news: from an instant on, a user's presence or routing status is this.

    kind is "presence" or "routing"; organization_presence_id is "" where it tells none.
    """

    user_id: str
    kind: str
    value: str
    organization_presence_id: str
    since: datetime


class Known(NamedTuple):
    """A state over a time. settled: analytics told its end; otherwise the next state gives it."""

    value: str
    organization_presence_id: str
    started_at: datetime
    ended_at: datetime | None = None
    settled: bool = False


class State(NamedTuple):
    """A state as it is read: of equal states that touch, one. ended_at is None while it lasts."""

    user_id: str
    kind: str
    value: str
    started_at: datetime
    ended_at: datetime | None


class Away(NamedTuple):
    """An agent who cannot be expected to act: the presence, and since when it is so."""

    value: str
    since: datetime


def spelled(value: str) -> str:
    """Return a presence or status as analytics spells it: On Queue becomes ON_QUEUE."""
    return value.strip().replace(" ", "_").upper()[:LONGEST_VALUE]


def merged(known: Iterable[Known], told: Iterable[Known]) -> list[Known]:
    """Add what is told to what is known of one user and kind; the earliest first.

    Of two settled states that overlap, the one told now stands. Of two beginnings at one instant,
    always the same one stands.
    """
    settled: list[Known] = []
    begun: dict[datetime, Known] = {}
    for one in (*known, *told):
        if one.settled:
            settled = _laid_over(settled, one)
        else:
            point = one._replace(ended_at=None)
            begun[one.started_at] = max(begun.get(one.started_at, point), point, key=_rank)
    settled = _joined(settled)
    return _ended(settled, _outside(begun.values(), settled))


def coalesced(states: Iterable[State]) -> list[State]:
    """Join states of one user and kind that touch and are equal; the earliest first."""
    found: list[State] = []
    for state in sorted(states, key=attrgetter("user_id", "kind", "started_at")):
        last = found[-1] if found else None
        if last and last[:3] == state[:3] and last.ended_at == state.started_at:
            found[-1] = last._replace(ended_at=state.ended_at)
        else:
            found.append(state)
    return found


def away(presence: State | None, routing: State | None) -> Away | None:
    """Tell whether an agent is offline, or off queue and not available; since when.

    Where nothing is known, nobody is called away.
    """
    if presence is None or presence.value in THERE:
        return None
    if presence.value == OFFLINE:
        return Away(OFFLINE, presence.started_at)
    if routing is None or routing.value != OFF_QUEUE:
        return None
    return Away(presence.value, max(presence.started_at, routing.started_at))


def _rank(one: Known) -> tuple[str, str]:
    return one.value, one.organization_presence_id


def _laid_over(settled: Sequence[Known], top: Known) -> list[Known]:
    """Put one settled state over others: of those, what lies outside of it is left."""
    assert top.ended_at is not None
    if top.ended_at <= top.started_at:
        return list(settled)
    left: list[Known] = []
    for one in settled:
        assert one.ended_at is not None
        if one.started_at < top.started_at:
            left.append(one._replace(ended_at=min(one.ended_at, top.started_at)))
        if one.ended_at > top.ended_at:
            left.append(one._replace(started_at=max(one.started_at, top.ended_at)))
    return [*left, top]


def _joined(settled: Iterable[Known]) -> list[Known]:
    found: list[Known] = []
    for one in sorted(settled, key=attrgetter("started_at")):
        last = found[-1] if found else None
        if last and _rank(last) == _rank(one) and last.ended_at == one.started_at:
            found[-1] = last._replace(ended_at=one.ended_at)
        else:
            found.append(one)
    return found


def _outside(begun: Iterable[Known], settled: Sequence[Known]) -> list[Known]:
    """Return the beginnings that no settled state contradicts."""
    return [
        one
        for one in begun
        if not any(
            over.started_at <= one.started_at and over.ended_at and one.started_at < over.ended_at
            for over in settled
        )
    ]


def _ended(settled: Iterable[Known], begun: Iterable[Known]) -> list[Known]:
    """Let each beginning last until whatever follows."""
    found = sorted((*settled, *begun), key=attrgetter("started_at"))
    return [
        one if one.settled else one._replace(ended_at=following.started_at if following else None)
        for one, following in pairwise([*found, None])
        if one
    ]
