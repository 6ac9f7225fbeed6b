"""What an event told that a reading of its conversation must show, and whether it does.

Analytics is told of things a while after they happened, so a reading that follows an event closely
may not show yet what the event was about.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final, NamedTuple

from chrono import instants
from conversations.domain.facts import Conversation, Segment, Session
from conversations.domain.live import OVER, News, State

BEGUN: Final = "begun"
# Two sources need not agree on an instant to the second.
NEAR: Final = timedelta(seconds=5)
# What began at the same instant, or later, leaves the state behind: a mail that is answered during
# a call is on hold at once, and never shown in interact.
_SLACK: Final = timedelta(seconds=1)
# The segment that a state is in analytics. A ring may be over before analytics hears of it.
_SEGMENTS: Final = {
    State.CONNECTED.value: "interact",
    State.HELD.value: "hold",
    State.PARKED.value: "parked",
    State.WRAPUP.value: "wrapup",
}


class Expectation(NamedTuple):
    """A session must be shown: begun, or in a state since an instant (ms since 1970)."""

    session_id: str
    shows: str
    since: int = 0

    def plain(self) -> dict[str, str | int]:
        """Return it as JSON holds it."""
        return {"session": self.session_id, "shows": self.shows, "since": self.since}

    def __str__(self) -> str:
        at = f" at {instants.isoformat(instants.from_ms(self.since))}" if self.since else ""
        return f"session {self.session_id} {self.shows}{at}"


def from_plain(values: Iterable[dict[str, Any]]) -> list[Expectation]:
    """Read expectations as JSON holds them."""
    return [Expectation(v["session"], v["shows"], v["since"]) for v in values]


def of(news: News) -> Expectation:
    """Return what a reading must show once it knows what this news tells."""
    timed = news.state in _SEGMENTS
    over = news.state in OVER
    told = State.ENDED.value if over else news.state
    return Expectation(
        news.session_id,
        told if timed or over else BEGUN,
        instants.to_ms(news.since) if timed else 0,
    )


def unmet(expected: Iterable[Expectation], shown: Conversation) -> list[Expectation]:
    """Return what a reading does not show."""
    sessions = {
        session.genesys_id: session
        for participant in shown.participants
        for session in participant.sessions
    }
    return [one for one in expected if not _shows(sessions.get(one.session_id), one)]


def _shows(session: Session | None, one: Expectation) -> bool:
    if session is None or not session.segments:
        return False
    if one.shows == State.ENDED:
        return _is_over(session)
    kind = _SEGMENTS.get(one.shows)
    return kind is None or _shows_state(session, kind, one)


def _shows_state(session: Session, kind: str, one: Expectation) -> bool:
    """Tell whether a session is shown in a state, or beyond it. A hold must be shown itself."""
    since = instants.from_ms(one.since)
    if any(s.segment_type == kind and abs(s.started_at - since) <= NEAR for s in session.segments):
        return True
    latest = max(segment.started_at for segment in session.segments)
    return kind != "hold" and (latest >= since - _SLACK or _is_over(session))


def _is_over(session: Session) -> bool:
    return session.ended_at is not None or any(map(_disconnects, session.segments))


def _disconnects(segment: Segment) -> bool:
    return bool(segment.disconnect_type) or segment.segment_type == "wrapup"
