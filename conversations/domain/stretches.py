"""Stretches of a conversation in which somebody is there, and when one is over."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from conversations.domain.disconnects import HANDED_ON
from conversations.domain.seen import AGENT_PURPOSES, CONNECTED, Seen, Spoken, last_with_disconnect

# Between two sessions of one handover (user.end, acd.start, user.start) nobody may be there for a
# few seconds; what is longer ends the handover, or the conversation.
GRACE: Final = timedelta(seconds=5)
# Who was handed on is on the way to somebody, and analytics may be told late of the next session.
TRANSFER_GRACE: Final = timedelta(seconds=60)
HANDOVER_PURPOSES: Final = AGENT_PURPOSES | {"acd"}


class Stretch(NamedTuple):
    """A run of sessions with no longer gap than the grace of the one before.

    ended_at is None while one is open, else the end of last.
    """

    first_session: str
    started_at: datetime
    ended_at: datetime | None
    last: Spoken


def settled(seen: Seen) -> bool:
    """Tell whether time alone adds no event; else the same document must be looked at again."""
    return due_again(seen) is None


def due_again(seen: Seen) -> datetime | None:
    """Return after when the same document tells of an event more; None where time adds none."""
    last = handovers(seen.begun)[-1:]
    if not last or last[0].ended_at is None or is_over(last[0], seen):
        return None
    return last[0].ended_at + _grace(last[0].last)


def handovers(begun: Sequence[Spoken]) -> list[Stretch]:
    """Return the stretches in which somebody had the customer, or a queue; without wrap-up."""
    return stretches(
        [
            spoken._replace(ended_at=spoken.talked_until)
            for spoken in begun
            if spoken.participant.purpose in HANDOVER_PURPOSES
        ]
    )


def stretches(begun: Sequence[Spoken]) -> list[Stretch]:
    """Join sessions, in order of their start, that follow one another within the grace."""
    joined: list[Stretch] = []
    for spoken in begun:
        if joined and _follows(spoken, joined[-1]):
            joined[-1] = _with(joined[-1], spoken)
        else:
            name, start, end = spoken.session.genesys_id, spoken.started_at, spoken.ended_at
            joined.append(Stretch(name, start, end, spoken))
    return joined


def _follows(spoken: Spoken, stretch: Stretch) -> bool:
    if stretch.ended_at is None:
        return True
    gap = spoken.started_at - stretch.ended_at
    return gap <= GRACE or gap <= _grace(stretch.last)


def _grace(spoken: Spoken) -> timedelta:
    """Return how long somebody may be on the way: also after a ring that was not answered."""
    segments = spoken.session.segments
    if spoken.participant.purpose in AGENT_PURPOSES and not any(
        segment.segment_type in CONNECTED for segment in segments
    ):
        return TRANSFER_GRACE
    last = last_with_disconnect(spoken.session)
    handed_on = last is not None and last.disconnect_type in HANDED_ON
    return TRANSFER_GRACE if handed_on else GRACE


def _with(one: Stretch, spoken: Spoken) -> Stretch:
    """Add a session: the later end counts, and what may come after that."""
    if one.ended_at is None or (spoken.ended_at is not None and spoken.ended_at <= one.ended_at):
        return one
    return one._replace(ended_at=spoken.ended_at, last=spoken)


def is_over(stretch: Stretch, seen: Seen) -> bool:
    """Tell whether nobody took over within the grace; the conversation's end decides at once."""
    if stretch.ended_at is None:
        return False
    if seen.conversation.ended_at is not None:
        return True
    return seen.observed_at > stretch.ended_at + _grace(stretch.last)
