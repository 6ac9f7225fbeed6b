"""What events prove of a session before analytics shows it, and the Common Events in that.

News is added and never changed, so what a set of news proves does not depend on the order in which
it came. Where a reading shows what followed, the reading is right and the news is history.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from conversations.domain import holds
from conversations.domain.events import (
    HOLDS,
    About,
    CommonEvent,
    Name,
    Seen,
    Spoken,
    about_session,
    hold_events,
    implied,
)


class State(StrEnum):
    """Where a session stands; of one instant, in this order. Others are kept as they are told."""

    ALERTING = "alerting"
    CONTACTING = "contacting"
    DIALING = "dialing"
    CONNECTED = "connected"
    HELD = "held"
    PARKED = "parked"
    WRAPUP = "wrapup"
    ENDED = "ended"


# The Common Events that an event of Genesys can prove. A ring is no connection, and the end of a
# session no disconnection: it may have been declined, or one mail of several that was sent.
PROVABLE: Final = frozenset({Name.AGENT_CONNECTED}) | HOLDS
_CONNECTED: Final = frozenset({State.CONNECTED, State.HELD, State.PARKED})
_RANK: Final = {state.value: rank for rank, state in enumerate(State)}


class News(NamedTuple):
    """An agent's session was in a state from an instant on. What was not told is ""."""

    conversation_id: str
    session_id: str
    state: str
    since: datetime
    participant_id: str = ""
    user_id: str = ""
    purpose: str = ""
    media_type: str = ""
    queue_id: str = ""


class Proven(NamedTuple):
    """What a reading and news together imply of the kinds in PROVABLE.

    open_sessions are those of which it is not known yet whether they are an agent's.
    """

    events: tuple[CommonEvent, ...]
    open_sessions: frozenset[str]


def proven(seen: Seen, told: Iterable[News]) -> Proven:
    """Return what a reading and the news of its conversation imply, each event once."""
    shown = [event for event in implied(seen) if event.name in PROVABLE]
    subjects = [event.subject for event in shown if event.name in HOLDS]
    found = {event.identity: event for event in shown}
    undecided = set()
    sessions = {spoken.session.genesys_id: spoken for spoken in seen.begun}
    for session_id, news in _by_session(told).items():
        spoken = sessions.get(session_id)
        fresh = _fresh(news, spoken)
        purpose = _purpose(news, spoken)
        if not purpose and any(n.state in _CONNECTED for n in fresh):
            undecided.add(session_id)
        if purpose == "agent":
            for event in _of_session(seen.conversation.genesys_id, session_id, fresh, spoken):
                known = renamed(event, subjects)
                found.setdefault(known.identity, known)
    return Proven(tuple(found.values()), frozenset(undecided))


def renamed(event: CommonEvent, subjects: Iterable[str]) -> CommonEvent:
    """Return an event of a hold under the subject that the hold has already; others as they are."""
    if event.name not in HOLDS:
        return event
    return event._replace(subject=holds.known_as(event.subject, subjects))


def _by_session(told: Iterable[News]) -> dict[str, list[News]]:
    found: dict[str, list[News]] = {}
    for news in sorted(told, key=lambda n: (n.since, _RANK.get(n.state, len(_RANK)), n.state)):
        found.setdefault(news.session_id, []).append(news)
    return found


def _fresh(news: Sequence[News], spoken: Spoken | None) -> list[News]:
    """Return the news that a reading does not cover: it shows nothing that began later.

    A session that was disconnected is shown whole: an instant beyond that is a wrong one.
    """
    if spoken is None:
        return list(news)
    if any(segment.disconnect_type for segment in spoken.session.segments):
        return []
    latest = max(segment.started_at for segment in spoken.session.segments)
    return [one for one in news if one.since > latest]


def _purpose(news: Sequence[News], spoken: Spoken | None) -> str:
    """Return whose session it is. Only an agent's comes from a queue; "" where nothing tells."""
    if spoken:
        return spoken.participant.purpose
    told = next((one.purpose for one in news if one.purpose), "")
    return told or ("agent" if any(one.queue_id for one in news) else "")


def _of_session(
    name_of: str, session_id: str, fresh: Sequence[News], spoken: Spoken | None
) -> Iterator[CommonEvent]:
    about = _about(session_id, fresh, spoken)
    connected_at = min((n.since for n in fresh if n.state in _CONNECTED), default=None)
    if connected_at:
        yield CommonEvent(Name.AGENT_CONNECTED, name_of, session_id, connected_at, about)
    for hold in _holds(_held_since(spoken), fresh):
        yield from hold_events(name_of, session_id, hold, about)


def _about(session_id: str, news: Sequence[News], spoken: Spoken | None) -> About:
    if spoken:
        return about_session(spoken)
    return (
        ("participantId", next((n.participant_id for n in news if n.participant_id), "")),
        ("sessionId", session_id),
        ("userId", next((n.user_id for n in news if n.user_id), "")),
        ("mediaType", next((n.media_type for n in news if n.media_type), "")),
        ("queueId", next((n.queue_id for n in news if n.queue_id), "")),
    )


def _held_since(spoken: Spoken | None) -> datetime | None:
    """Return since when a reading shows the session on hold; None where it does not."""
    if spoken is None:
        return None
    found = list(holds.of(spoken.session.segments))
    return found[-1].started_at if found and found[-1].ended_at is None else None


def _holds(since: datetime | None, fresh: Iterable[News]) -> Iterator[holds.Hold]:
    """Yield the holds in news, of which since is the one that a reading shows open.

    A hold ends where the next state begins. If news between was lost, that is too late: the next
    reading puts it right.
    """
    for news in fresh:
        if since is None:
            since = news.since if news.state == State.HELD else None
        elif news.state != State.HELD or news.since - since > holds.SAME_WITHIN:
            yield holds.Hold(since, news.since)
            since = news.since if news.state == State.HELD else None
    if since is not None:
        yield holds.Hold(since, None)
