"""An agent's or a participant's segments as parts of a timeline. Pure, on values read before.

A segment without an end lasts until the next one of its session, else until now. Of a hold, what
an interruption took is a part of its own, with its cause.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from chrono.spans import Span, Spans
from dashboards.timeline import Kind, kind_of


class SegmentRow(NamedTuple):
    """One segment with its session, as read."""

    pk: int
    session_pk: int
    conversation_pk: int
    conversation_id: str
    media_type: str
    purpose: str
    user_id: str
    segment_type: str
    started_at: datetime
    ended_at: datetime | None


class LegRow(NamedTuple):
    """One interruption of a conversation: who took it, and when."""

    conversation_pk: int
    started_at: datetime
    ended_at: datetime
    cause_pk: int
    cause_id: str
    cause_media: str
    held_id: str
    held_media: str
    user_id: str
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a segment in one state. lasts tells that its end is only now."""

    segment: SegmentRow
    kind: Kind
    started_at: datetime
    ended_at: datetime
    lasts: bool = False
    cause: LegRow | None = None

    @property
    def counts(self) -> bool:
        """Tell whether it counts in adjusted handle time."""
        return self.segment.purpose == "agent" and self.kind in {Kind.LIVE, Kind.ACW, Kind.HOLD}


def stretches(
    segments: Iterable[SegmentRow], legs: Iterable[LegRow], *, now: datetime
) -> list[Stretch]:
    """Return the stretches of segments, the earliest first."""
    taken: dict[tuple[int, str], list[LegRow]] = {}
    for leg in legs:
        taken.setdefault((leg.conversation_pk, leg.user_id), []).append(leg)
    ordered = sorted(segments, key=attrgetter("session_pk", "started_at", "pk"))
    found = [
        part
        for _, of_session in groupby(ordered, key=attrgetter("session_pk"))
        for whole in _repaired(list(of_session), now)
        for part in _cut(whole, taken)
    ]
    return sorted(found, key=lambda s: (s.started_at, s.segment.pk))


def clipped(found: Iterable[Stretch], window: Span) -> Iterator[Stretch]:
    """Yield what lies in a window, cut at its edges."""
    for stretch in found:
        start = max(stretch.started_at, window.start)
        end = min(stretch.ended_at, window.end)
        if start < end:
            lasts = stretch.lasts and stretch.ended_at <= window.end
            yield replace(stretch, started_at=start, ended_at=end, lasts=lasts)


def _repaired(segments: Sequence[SegmentRow], now: datetime) -> Iterator[Stretch]:
    """Yield the segments of one session with an end; those without a length are left out."""
    following = [*(s.started_at for s in segments[1:]), None]
    for segment, next_start in zip(segments, following, strict=True):
        end = segment.ended_at or next_start or now
        if segment.started_at < end:
            yield Stretch(
                segment=segment,
                kind=kind_of(segment.segment_type),
                started_at=segment.started_at,
                ended_at=end,
                lasts=segment.ended_at is None and next_start is None,
            )


def _cut(whole: Stretch, taken: Mapping[tuple[int, str], list[LegRow]]) -> Iterator[Stretch]:
    """Cut a hold where interruptions begin and end."""
    segment = whole.segment
    legs = taken.get((segment.conversation_pk, segment.user_id), [])
    if whole.kind is not Kind.HOLD or not legs:
        yield whole
        return
    span = Span(whole.started_at, whole.ended_at)
    rest = Spans.of([span]) - Spans.of(Span(leg.started_at, leg.ended_at) for leg in legs)
    for part in rest.parts:
        yield replace(
            whole,
            started_at=part.start,
            ended_at=part.end,
            lasts=whole.lasts and part.end == span.end,
        )
    for leg in legs:
        start, end = max(leg.started_at, span.start), min(leg.ended_at, span.end)
        if start < end:
            yield replace(
                whole,
                kind=Kind.INTERRUPTED,
                started_at=start,
                ended_at=end,
                lasts=whole.lasts and leg.provisional,
                cause=leg,
            )
