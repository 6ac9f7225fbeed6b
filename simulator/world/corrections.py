"""What a nightly reprocessing changes in conversations that ended three days ago."""

from collections.abc import Callable
from random import Random
from typing import Final

from simulator.world import ledger
from simulator.world.engine import DAY, SECOND, Timeline
from simulator.world.organization import Organization
from simulator.world.records import Conversation, Segment, Session

_FIRST, _LAST = 3 * DAY, 4 * DAY  # after the end
_FARTHEST: Final = 2 * SECOND  # that a boundary between two segments moves
_MOST_OFF: Final = 0.2  # share by which a metric changes
_TALKING: Final = frozenset({"interact", "hold"})


class Corrections:
    """Rewrites a share of the conversations; nothing is told of it, it is just so from then on.

    done tells what was rewritten, and how: metric, boundary, vanished, code.
    """

    def __init__(
        self, timeline: Timeline, draw: Random, organization: Organization, *, share: float
    ) -> None:
        self.share = share
        self.done: list[tuple[str, str]] = []
        self._timeline = timeline
        self._draw = draw
        self._codes = [code.id for code in organization.wrap_up_codes]

    def follow(self, conversation: Conversation) -> None:
        """Draw whether a conversation that just ended will be rewritten."""
        end = conversation.end
        if self.share and end is not None and self._draw.random() < self.share:
            due = self._draw.randrange(end + _FIRST, end + _LAST)
            self._timeline.at(due, lambda: self._correct(conversation, end))

    def _correct(self, conversation: Conversation, end: int) -> None:
        """Rewrite one thing, if the conversation has not gone on meanwhile."""
        if conversation.end != end:
            return
        ways: dict[str, Callable[[Conversation], bool]] = {
            "metric": self._change_metric,
            "boundary": self._move_boundary,
            "vanished": self._let_vanish,
            "code": self._change_code,
        }
        for name in self._draw.sample(list(ways), k=len(ways)):
            if ways[name](conversation):
                self.done.append((conversation.id, name))
                return

    def _change_metric(self, conversation: Conversation) -> bool:
        found = [
            (session, at)
            for session in conversation.sessions
            for at, metric in enumerate(session.metrics)
            if metric.name.startswith("t") and metric.value > SECOND
        ]
        if found:
            session, at = self._draw.choice(found)
            metric = session.metrics[at]
            off = 1 + round(metric.value * self._draw.uniform(0, _MOST_OFF))
            session.metrics[at] = metric._replace(value=metric.value - off)
        return bool(found)

    def _move_boundary(self, conversation: Conversation) -> bool:
        found = [
            (session, left, right)
            for session in _handled(conversation)
            for left, right in zip(session.segments, session.segments[1:], strict=False)
            if {left.segment_type, right.segment_type} == _TALKING
            and min(_length(left), _length(right)) > _FARTHEST
        ]
        if found:
            session, left, right = self._draw.choice(found)
            at = right.start + self._draw.choice((-1, 1)) * self._draw.randrange(1, _FARTHEST)
            _move_hold(conversation, session, right.start, at)
            left.end = right.start = at
            ledger.recount(session)
        return bool(found)

    def _let_vanish(self, conversation: Conversation) -> bool:
        """Let a hold be talk instead."""
        found = [
            (session, at)
            for session in _handled(conversation)
            for at, segment in enumerate(session.segments[1:-1], start=1)
            if segment.segment_type == "hold"
            and session.segments[at - 1].segment_type == "interact"
            and session.segments[at + 1].segment_type == "interact"
        ]
        if found:
            session, at = self._draw.choice(found)
            before, hold, after = session.segments[at - 1 : at + 2]
            before.end, before.disconnect_type = after.end, after.disconnect_type
            del session.segments[at : at + 2]
            conversation.holds = [
                each
                for each in conversation.holds
                if (each.session_id, each.start) != (session.id, hold.start)
            ]
            ledger.recount(session)
        return bool(found)

    def _change_code(self, conversation: Conversation) -> bool:
        found = [
            segment
            for session in conversation.sessions
            for segment in session.segments
            if segment.wrap_up_code
        ]
        if found:
            segment = self._draw.choice(found)
            others = [code for code in self._codes if code != segment.wrap_up_code]
            segment.wrap_up_code = self._draw.choice(others)
        return bool(found)


def _handled(conversation: Conversation) -> list[Session]:
    return [session for session in conversation.sessions if session.purpose in {"agent", "user"}]


def _length(segment: Segment) -> int:
    return (segment.end or segment.start) - segment.start


def _move_hold(conversation: Conversation, session: Session, before: int, at: int) -> None:
    """Move the hold that begins or ends at an instant along with its segment."""
    for hold in conversation.holds:
        if hold.session_id == session.id and hold.start == before:
            hold.start = at
        elif hold.session_id == session.id and hold.end == before:
            hold.end = at
