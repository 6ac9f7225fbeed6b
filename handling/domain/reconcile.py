"""Our gross handle time of a session beside Genesys's tHandle, and where the two part.

Genesys: tHandle = tContacting + tDialing + tTalkComplete + tHeldComplete + tAcw. Both sides are
taken apart along that sum, so that every millisecond between them belongs to one part, and each
cause is read off the session itself.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from handling.domain import repair
from handling.domain.sessions import Segment

# What Genesys emits when an agent is done is stamped up to so much beside the segment it tells of.
STAMP_TOLERANCE: Final = 1000

# Segment type, its metrics (the first that is there counts), in the order of their strength.
_PARTS: Final = (
    ("interact", ("tTalkComplete", "tTalk")),
    ("dialing", ("tDialing",)),
    ("contacting", ("tContacting",)),
    ("wrapup", ("tAcw",)),
    ("hold", ("tHeldComplete", "tHeld")),
)
_NUMBER: Final = {segment_type: number for number, (segment_type, _) in enumerate(_PARTS)}
_OUTSIDE: Final = len(_PARTS)


class Cause(StrEnum):
    """Why our figure is not Genesys's."""

    OVERLAP = "segments overlap: Genesys counts both, we count each second once"
    OPEN = "a segment is open: Genesys tells its length when it ends"
    EARLY = "Genesys told the length before the segment ended"
    UNTOLD = "there are segments, but Genesys told no metric for them"
    DAMAGED = "Genesys counts segments that end before they last"


class SessionRecord(NamedTuple):
    """An agent's session with its metrics: (name, milliseconds, emitted at or None)."""

    conversation_id: str
    session_id: str
    segments: tuple[Segment, ...]
    metrics: tuple[tuple[str, int, int | None], ...]


class Reason(NamedTuple):
    """Milliseconds of the difference that one cause in one type of segment makes up."""

    segment_type: str
    cause: Cause
    milliseconds: int


class Comparison(NamedTuple):
    """computed - reported = the sum of the reasons + unexplained. All in milliseconds."""

    conversation_id: str
    session_id: str
    computed: int
    reported: int
    reasons: tuple[Reason, ...]

    @property
    def difference(self) -> int:
        return self.computed - self.reported

    @property
    def unexplained(self) -> int:
        return self.difference - sum(reason.milliseconds for reason in self.reasons)


class _Part(NamedTuple):
    """One type of segment: every second, each second once, and what the metric says."""

    segment_type: str
    raw: int
    once: int
    told: int | None
    told_at: int | None
    ends: int  # UNENDED: open
    damaged: bool


def compare(session: SessionRecord, *, as_of: int) -> Comparison | None:
    """Return our gross of one session beside its tHandle; None where it has no tHandle."""
    reported = [value for name, value, _ in session.metrics if name == "tHandle"]
    if not reported:
        return None
    parts = _parts(session, as_of)
    computed = sum(part.once for part in parts)
    equal = computed == sum(reported)
    reasons = () if equal else tuple(reason for part in parts for reason in _reasons(part))
    return Comparison(session.conversation_id, session.session_id, computed, sum(reported), reasons)


def _parts(session: SessionRecord, as_of: int) -> list[_Part]:
    closed, _ = repair.close(session.segments, as_of)
    once = _lengths_once(session, as_of)
    found = []
    for number, (segment_type, names) in enumerate(_PARTS):
        own = [s for s in closed if s[0] == segment_type]
        told, told_at = _told(session, names)
        found.append(
            _Part(
                segment_type=segment_type,
                raw=sum(min(end, as_of) - start for _, start, end in own),
                once=once[number],
                told=told,
                told_at=told_at,
                ends=max((end for _, _, end in own), default=0),
                damaged=any(
                    kind == segment_type and end is not None and end < start
                    for kind, start, end in session.segments
                ),
            )
        )
    return found


def _lengths_once(session: SessionRecord, as_of: int) -> list[int]:
    lengths = [0] * (_OUTSIDE + 1)
    state, since = _OUTSIDE, 0
    changes, _ = repair.changes(session.segments, as_of, _NUMBER)
    for change in [*changes, as_of << repair.STATE_BITS]:
        at = change >> repair.STATE_BITS
        lengths[state] += at - since
        state, since = change & repair.STATE_MASK, at
    return lengths


def _told(session: SessionRecord, names: tuple[str, ...]) -> tuple[int | None, int | None]:
    """Return the first metric of these that is there, summed, and when it was last emitted."""
    for name in names:
        own = [(value, at) for metric, value, at in session.metrics if metric == name]
        if own:
            stamps = [at for _, at in own if at is not None]
            return sum(value for value, _ in own), max(stamps, default=None)
    return None, None


def _reasons(part: _Part) -> Iterator[Reason]:
    if part.once != part.raw:
        yield Reason(part.segment_type, Cause.OVERLAP, part.once - part.raw)
    rest = part.raw - (part.told or 0)
    if rest:
        cause = _cause(part, rest)
        if cause is not None:
            yield Reason(part.segment_type, cause, rest)


def _cause(part: _Part, rest: int) -> Cause | None:
    """Return why every second of one type is not what its metric says; None: nothing shows it."""
    if part.ends == repair.UNENDED:
        return Cause.OPEN
    if part.told is None:
        return Cause.UNTOLD
    if part.told_at is not None and abs(part.ends - part.told_at - rest) <= STAMP_TOLERANCE:
        return Cause.EARLY
    if part.damaged and rest < 0:
        return Cause.DAMAGED
    return None
