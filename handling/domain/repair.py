"""From segments as they come to a session's states in order: closed, deduplicated, disjoint."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from operator import itemgetter
from typing import Final, TypeAlias, cast

from handling.domain.sessions import NONE, Segment

# Later than any instant: the end of what has none.
UNENDED: Final = 1 << 62
STATE_BITS: Final = 3
STATE_MASK: Final = (1 << STATE_BITS) - 1

ClosedSegment: TypeAlias = tuple[str, int, int]

_start = itemgetter(1)
_end = itemgetter(2)


def changes(
    segments: Sequence[Segment], as_of: int, states: Mapping[str, int]
) -> tuple[Sequence[int], int]:
    """Return when a session changes and to what state, and how many segments were dropped.

    A change is instant << STATE_BITS | state, instants rising. A missing end is the next start,
    else there is none; what ends at or before its start is dropped and counted; what starts at
    as_of has not happened, and what ends after it has not ended. Where segments overlap the one
    that started last holds. Packed, since a million tuples would keep the garbage collector
    busier than the sum they are for.
    """
    found = _orderly(segments, as_of, states)
    if found is not None:
        return found, 0
    closed, dropped = close(segments, as_of)
    return list(_overlaid(closed, as_of, states)), dropped


def _orderly(
    segments: Sequence[Segment], as_of: int, states: Mapping[str, int]
) -> list[int] | None:
    """Do what changes does for segments that come one after the other, as nearly all do."""
    found: list[int] = []
    edge = segments[0][1] if segments else as_of
    for segment_type, start, end in segments:
        if end is None or not edge <= start < end <= as_of:
            return None
        if start != edge:
            found.append(edge << STATE_BITS | NONE)
        found.append(start << STATE_BITS | states.get(segment_type, NONE))
        edge = end
    if found:
        found.append(edge << STATE_BITS | NONE)
    return found


def close(segments: Iterable[Segment], as_of: int) -> tuple[list[ClosedSegment], int]:
    """Return segments in the order of their starts, each with an end, and how many were dropped.

    A missing end is the next start in the session, else UNENDED.
    """
    ordered = sorted(set(segments), key=_start)
    lasting = [s for s in _with_ends(ordered) if s[2] > s[1]]
    dropped = len(ordered) - len(lasting)
    return [s for s in lasting if s[1] < as_of], dropped


def _with_ends(ordered: list[Segment]) -> list[ClosedSegment]:
    if None not in map(_end, ordered):
        return cast("list[ClosedSegment]", ordered)
    found: list[ClosedSegment] = []
    start_here = start_after = UNENDED
    for segment_type, start, end in reversed(ordered):
        if start != start_here:
            start_here, start_after = start, start_here
        found.append((segment_type, start, start_after if end is None else end))
    return found[::-1]


def _overlaid(
    closed: Sequence[ClosedSegment], as_of: int, states: Mapping[str, int]
) -> Iterator[int]:
    """Do what changes does for any segments; of equal starts the strongest state holds."""
    edges = sorted({s[1] for s in closed} | {s[2] for s in closed if s[2] <= as_of})
    running: list[tuple[int, int, int]] = []  # (-start, state, end): the top holds
    coming, last = 0, -1  # also the first is told that is no work
    for at in edges:
        while coming < len(closed) and closed[coming][1] == at:
            segment_type, start, end = closed[coming]
            heappush(running, (-start, states.get(segment_type, NONE), end))
            coming += 1
        while running and running[0][2] <= at:
            heappop(running)
        state = running[0][1] if running else NONE
        if state != last:
            yield at << STATE_BITS | state
            last = state
