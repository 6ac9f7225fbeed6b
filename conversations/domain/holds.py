"""Holds of an agent's session: which are one, and what they are called."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from chrono import instants
from conversations.domain.facts import Segment

# Analytics and the events of an agent's state need not agree to the millisecond.
SAME_WITHIN: Final = timedelta(seconds=2)
# A subject is no longer than an id; a session's is followed by @ and 13 digits.
_LONGEST_SESSION: Final = 86


class Hold(NamedTuple):
    """A stretch on hold. ended_at is None while it lasts."""

    started_at: datetime
    ended_at: datetime | None


def of(segments: Iterable[Segment]) -> Iterator[Hold]:
    """Yield the holds of a session; one that begins within SAME_WITHIN of another is that one."""
    last: Hold | None = None
    for segment in segments:
        if segment.segment_type != "hold":
            continue
        if last and abs(segment.started_at - last.started_at) <= SAME_WITHIN:
            last = last._replace(ended_at=segment.ended_at)
            continue
        if last:
            yield last
        last = Hold(segment.started_at, segment.ended_at)
    if last:
        yield last


def subject(session_id: str, started_at: datetime) -> str:
    """Return what tells a hold from the conversation's others: its session and its start."""
    return f"{session_id[:_LONGEST_SESSION]}@{instants.to_ms(started_at)}"


def known_as(found: str, told: Iterable[str]) -> str:
    """Return the subject under which the same hold was told before; found, where it was not."""
    session_id, at = _parts(found)
    near = [
        (abs(at - other_at), other)
        for other in told
        for other_session, other_at in (_parts(other),)
        if other_session == session_id and abs(at - other_at) <= SAME_WITHIN
    ]
    return min(near, default=(None, found))[1]


def _parts(subject: str) -> tuple[str, datetime]:
    session_id, _, ms = subject.rpartition("@")
    return session_id, instants.from_ms(int(ms))
