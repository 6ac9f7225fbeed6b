"""What one event proves by itself, and what a reading must show because of it.

An event proves only what it has an instant for. user.start is a ring, whether or not somebody will
answer; user.end may be a ring that was declined, or one mail of several that was sent.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from conversations.domain import expectations
from conversations.domain.disconnects import TRANSFERS, canonical
from conversations.domain.expectations import BEGUN, Expectation
from conversations.domain.live import News, Routed, State
from conversations.domain.presence import PRESENCE, ROUTING, PresenceTold
from integrations.domain.events import Event, Heard
from integrations.genesys import announcements, counters, fields, snapshots
from integrations.genesys.answering import Rung
from integrations.genesys.fields import Fields
from integrations.genesys.snapshots import Written

# Where an agent's session stands, where its topic says it otherwise than we do.
_AGENT_STATES: Final = {
    "alert": State.ALERTING,
    "interact": State.CONNECTED,
    "hold": State.HELD,
    "terminated": State.ENDED,
}
_LONGEST_STATE: Final = 20
_USER_STATES: Final = {"user.start": State.ALERTING.value, "user.end": State.ENDED.value}


class Proof(NamedTuple):
    """What an event proves.

    That a session is not held any more is no proof: a snapshot has no instant, and may come late.
    The reading that every event orders tells when the hold ended.
    """

    event: Event
    news: tuple[News, ...] = ()
    presence: tuple[PresenceTold, ...] = ()
    expects: tuple[Expectation, ...] = ()
    written: Written | None = None
    moved: bool = False
    rung: Rung | None = None
    routed: Routed | None = None
    address: str = ""  # of the conversation, where the event names it by that alone


def of(heard: Heard) -> Proof:
    """Return what an event proves.

    Raises MalformedPayloadError, naming the place, where its body cannot be read.
    """
    event, body = heard.event, fields.read(heard.carried.body)
    if event.topic.startswith(announcements.CONVERSATION):
        return _detail(event, body)
    if announcements.is_snapshot(event.topic):
        return _snapshot(event, body)
    return _BY_TOPIC.get(event.topic.lower(), _nothing)(event, body)


def _nothing(event: Event, _: Fields) -> Proof:
    return Proof(event)


def _detail(event: Event, body: Fields) -> Proof:
    what = event.topic.removeprefix(announcements.CONVERSATION).lower()
    if not event.conversation_id:
        address = body.text("userId") or body.text("addressTo") or body.text("externalId")
        return Proof(event, address=address)
    shows = _expected(what)
    expects = (Expectation(event.session_id, shows),) if shows and event.session_id else ()
    state = _user_state(what, body)
    news = _news(event, state) if state else ()
    rung, routed = _rung(what, news, body), _routed(what, event, body)
    return Proof(event, news=news, expects=expects, rung=rung, routed=routed)


def _routed(what: str, event: Event, body: Fields) -> Routed | None:
    """Return how a conversation entered a queue: nothing else tells its priority and label."""
    if what != "acd.start" or event.at is None:
        return None
    priority, label = body.whole("routingPriority"), body.text("utilizationLabel", longest=100)
    return Routed(event.conversation_id, event.at, priority, label)


def _rung(what: str, news: tuple[News, ...], body: Fields) -> Rung | None:
    """Return the ring in an event: only what a queue gives is to be answered by an agent."""
    if what != "user.start" or not news or not (news[0].user_id and news[0].queue_id):
        return None
    return Rung(news[0], body.word("messageType"), body.word("direction"))


def _user_state(what: str, body: Fields) -> str:
    """Return where a session stands that an event is about; "" where that is nobody's at work."""
    if what == "user.end" and canonical(body.text("disconnectType")) in TRANSFERS:
        return State.TRANSFERRED.value
    return _USER_STATES.get(what, "")


def _expected(what: str) -> str:
    """Return what a reading must show of the session that an event is about; "" for nothing."""
    if what.endswith(".start"):
        return BEGUN
    return State.ENDED.value if what.endswith(".end") or what == "acw" else ""


def _agent_state(event: Event, _: Fields) -> Proof:
    state = _AGENT_STATES.get(event.detail, event.detail)[:_LONGEST_STATE]
    news = _news(event, state) if state and state != "unknown" else ()
    return Proof(event, news=news, expects=tuple(map(expectations.of, news)))


def _news(event: Event, state: str) -> tuple[News, ...]:
    if not (event.conversation_id and event.session_id and event.at):
        return ()
    return (
        News(
            conversation_id=event.conversation_id,
            session_id=event.session_id,
            state=state,
            since=event.at,
            participant_id=event.participant_id,
            user_id=event.user_id,
            media_type=event.media_type,
            queue_id=event.queue_id,
        ),
    )


def _snapshot(event: Event, body: Fields) -> Proof:
    if not event.conversation_id:
        return Proof(event)
    told = snapshots.talks(event, body)
    news = tuple(snapshots.news(event, told))
    return Proof(
        event,
        news=news,
        expects=tuple(expectations.of(one) for one in news if one.session_id),
        written=snapshots.written(told),
    )


def _metric(event: Event, body: Fields) -> Proof:
    return Proof(event, moved=body.word("metric", longest=100) in counters.METRICS)


def _of_user(event: Event, body: Fields) -> Proof:
    return Proof(event, presence=tuple(_presence(event, body)))


def _presence(event: Event, body: Fields) -> Iterator[PresenceTold]:
    """Yield presence and routing status; some senders leave the inner object out."""
    if not event.user_id:
        return
    routing = body.inner("routingStatus") if body.has("routingStatus") else body
    status, since = routing.text("status", longest=30), routing.instant("startTime")
    if status and since:
        yield PresenceTold(event.user_id, ROUTING, status, "", since)
    presence = body.inner("presence") if body.has("presence") else body
    defined = presence.inner("presenceDefinition")
    system = defined.text("systemPresence", longest=30)
    since = presence.instant("modifiedDate")
    if system and since:
        yield PresenceTold(event.user_id, PRESENCE, system, defined.id("id"), since)


_BY_TOPIC: Final = {
    announcements.AGENT_STATE: _agent_state,
    announcements.METRICS: _metric,
    announcements.ACTIVITY: _of_user,
    announcements.PRESENCE: _of_user,
    announcements.ROUTING_STATUS: _of_user,
}
