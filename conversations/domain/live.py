"""What events prove of a session before analytics shows it, and the Common Events in that.

News is added and never changed, so what a set of news proves does not depend on the order in which
it came. Where a reading shows what followed, the reading is right and the news is history.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Final, NamedTuple

from conversations.domain import holds
from conversations.domain.events import (
    HOLDS,
    About,
    CommonEvent,
    Name,
    about_session,
    connections,
    hold_events,
)
from conversations.domain.facts import Segment
from conversations.domain.seen import AGENT_PURPOSES, Seen, Spoken, talk_of
from conversations.domain.talks import Talk


class State(StrEnum):
    """Where a session stands; of one instant, in this order. Others are kept as they are told."""

    ALERTING = "alerting"
    CONTACTING = "contacting"
    DIALING = "dialing"
    CONNECTED = "connected"
    HELD = "held"
    PARKED = "parked"
    WRAPUP = "wrapup"
    TRANSFERRED = "transferred"
    ENDED = "ended"


# The Common Events that an event of Genesys can prove. A ring is no connection, and the end of a
# session no disconnection: it may have been declined, or one mail of several that was sent.
PROVABLE: Final = frozenset({Name.AGENT_CONNECTED}) | HOLDS
_CONNECTED: Final = frozenset({State.CONNECTED, State.HELD, State.PARKED})
_RANK: Final = {state.value: rank for rank, state in enumerate(State)}
_START: Final = attrgetter("started_at")
OVER: Final = frozenset({State.TRANSFERRED, State.ENDED})
_LEFT: Final = OVER | {State.WRAPUP}
RINGING: Final = frozenset({State.ALERTING, State.CONTACTING, State.DIALING})
_RINGS: Final = frozenset({"alert", "contacting", "dialing"})


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


class Routed(NamedTuple):
    """A conversation was routed at an instant: with a priority, under a utilization label."""

    conversation_id: str
    at: datetime
    priority: int | None = None
    label: str = ""


class Proven(NamedTuple):
    """What a reading and news together imply of the kinds in PROVABLE.

    open_sessions are those of which it is not known yet whether they are an agent's.
    """

    events: tuple[CommonEvent, ...]
    open_sessions: frozenset[str]


class _Known(NamedTuple):
    """A session of an agent or user: what a reading shows, and the news beyond that.

    purpose is "" where nothing tells whose it is.
    """

    session_id: str
    spoken: Spoken | None
    fresh: list[News]
    purpose: str
    talk: Talk | None


def proven(seen: Seen, told: Iterable[News]) -> Proven:
    """Return what a reading and the news of its conversation imply, each event once."""
    known = list(_known(seen, _by_session(told)))
    talks = [one.talk for one in known if one.talk]
    of, found = seen.conversation.genesys_id, dict[tuple[str, str], CommonEvent]()
    for one in known:
        if one.purpose == "agent":
            about = _about(one)
            if one.talk:
                events = connections(of, one.talk, talks, about)
                found |= {event.identity: event for event in events}
            found |= _held(of, one, about)
    undecided = (one.session_id for one in known if not one.purpose and one.talk)
    return Proven(tuple(found.values()), frozenset(undecided))


def _known(seen: Seen, heard: Mapping[str, list[News]]) -> Iterator[_Known]:
    """Yield agents' and users' sessions, and those of which nothing tells whose they are."""
    shown = {spoken.session.genesys_id: spoken for spoken in seen.begun}
    for session_id in dict.fromkeys((*shown, *heard)):
        spoken, news = shown.get(session_id), heard.get(session_id, [])
        purpose = _purpose(news, spoken)
        if not purpose or purpose in AGENT_PURPOSES:
            fresh = _fresh(news, spoken)
            talk = _talk(session_id, spoken, fresh)
            yield _Known(session_id, spoken, fresh, purpose, talk)


def _talk(session_id: str, spoken: Spoken | None, fresh: Sequence[News]) -> Talk | None:
    """Return a session from its connection on, as reading and news tell it together."""
    shown = talk_of(spoken) if spoken else None
    starts = [one.since for one in fresh if one.state in _CONNECTED]
    if shown is None and starts:
        about = dict(about_session(spoken) if spoken else _told_of(session_id, fresh))
        shown = Talk(
            session_id, about["userId"], about["participantId"], about["mediaType"], min(starts)
        )
    left = [one for one in fresh if one.state in _LEFT]
    if shown is None or not left:
        return shown
    first = left[0].since
    transferred = shown.transferred or any(one.state == State.TRANSFERRED for one in left)
    return shown._replace(ended_at=shown.ended_at or first, transferred=transferred)


def _held(of: str, one: _Known, about: About) -> dict[tuple[str, str], CommonEvent]:
    """Return the events of a session's holds: those of the reading, and what news adds."""
    shown = list(holds.of(one.spoken.session.segments)) if one.spoken else []
    events = [event for hold in shown for event in hold_events(of, one.session_id, hold, about)]
    found = {event.identity: event for event in events}
    subjects = [event.subject for event in events]
    since = shown[-1].started_at if shown and shown[-1].ended_at is None else None
    for hold in _holds(since, one.fresh):
        for event in hold_events(of, one.session_id, hold, about):
            known = renamed(event, subjects)
            found.setdefault(known.identity, known)
    return found


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

    A session that was disconnected is shown whole: an instant beyond that is a wrong one. Who was
    connected at the very instant of the ring is so after it.
    """
    if spoken is None:
        return list(news)
    segments = spoken.session.segments
    if any(segment.disconnect_type for segment in segments):
        return []
    latest = max(segments, key=_START)
    return [one for one in news if one.since > latest.started_at or _follows(one, latest)]


def _follows(one: News, ring: Segment) -> bool:
    at_once = one.since == ring.started_at and one.state in _CONNECTED
    return at_once and ring.segment_type in _RINGS


def _purpose(news: Sequence[News], spoken: Spoken | None) -> str:
    """Return whose session it is. Only an agent's comes from a queue; "" where nothing tells."""
    if spoken:
        return spoken.participant.purpose
    told = next((one.purpose for one in news if one.purpose), "")
    return told or ("agent" if any(one.queue_id for one in news) else "")


def _about(one: _Known) -> About:
    return about_session(one.spoken) if one.spoken else _told_of(one.session_id, one.fresh)


def _told_of(session_id: str, news: Sequence[News]) -> About:
    return (
        ("participantId", next((n.participant_id for n in news if n.participant_id), "")),
        ("sessionId", session_id),
        ("userId", next((n.user_id for n in news if n.user_id), "")),
        ("mediaType", next((n.media_type for n in news if n.media_type), "")),
        ("queueId", next((n.queue_id for n in news if n.queue_id), "")),
    )


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
