"""Which hold of a reading is which that was told before: a hold keeps the key that it got first."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final, NamedTuple

from chrono import instants

NEAR: Final = timedelta(seconds=5)
_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


class Hold(NamedTuple):
    """A stretch of a session on hold. ended_at is None while it lasts."""

    session_id: str
    started_at: datetime
    ended_at: datetime | None


class Matched(NamedTuple):
    """Pairs of positions (found, known); what was found and is new; what is known and gone."""

    pairs: tuple[tuple[int, int], ...]
    new: tuple[int, ...]
    gone: tuple[int, ...]


def match(found: Sequence[Hold], known: Sequence[Hold]) -> Matched:
    """Match holds to those that are known: by overlap, the longest first; else by a near start.

    The order in which either are given does not matter.
    """
    ranked = sorted(
        (rank, i, j)
        for i, one in enumerate(found)
        for j, other in enumerate(known)
        if (rank := _rank(one, other)) is not None
    )
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in ranked:
        if i not in pairs and j not in taken:
            pairs[i] = j
            taken.add(j)
    return Matched(
        tuple(sorted(pairs.items())),
        tuple(i for i in range(len(found)) if i not in pairs),
        tuple(j for j in range(len(known)) if j not in taken),
    )


def key(organisation_id: str, conversation_id: str, hold: Hold) -> str:
    """Return the external id of a hold: 40 hexadecimal digits, made of its first known start."""
    told = (
        organisation_id,
        conversation_id,
        hold.session_id,
        str(instants.to_ms(hold.started_at)),
    )
    return blake2b("\n".join(told).encode(), digest_size=20).hexdigest()


def seconds_within(hold: Hold, parts: Iterable[tuple[datetime, datetime]]) -> int:
    """Return how many whole seconds of a hold lie within parts of time."""
    end = hold.ended_at or _FOR_EVER
    inside = (min(end, until) - max(hold.started_at, since) for since, until in parts)
    total = sum((one for one in inside if one > timedelta(0)), timedelta(0))
    return round(total / timedelta(seconds=1))


_Rank = tuple[int, timedelta, timedelta, tuple[datetime, ...]]


def _rank(one: Hold, other: Hold) -> _Rank | None:
    """Return how well two fit, least is best; None where they are not the same hold.

    Of two that fit as well, their instants decide, so that only equal holds stand equal.
    """
    if one.session_id != other.session_id:
        return None
    ends = (one.ended_at or _FOR_EVER, other.ended_at or _FOR_EVER)
    overlap = min(ends) - max(one.started_at, other.started_at)
    instants_of_both = (one.started_at, other.started_at, *ends)
    apart = abs(one.started_at - other.started_at)
    if overlap > timedelta(0):
        return (0, -overlap, apart, instants_of_both)
    if apart <= NEAR:
        return (1, timedelta(0), apart, instants_of_both)
    return None
