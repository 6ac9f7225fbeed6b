"""Which event a body is: the fields by which every event of Genesys is told apart.

Topics are normalised already. One that is not known here is an event all the same: if it names a
conversation, that is read again.
"""

from collections.abc import Callable
from typing import Final

from integrations.domain.events import Carried, Event
from integrations.genesys import fields
from integrations.genesys.fields import Fields

CONVERSATION: Final = "v2.detail.events.conversation.{id}."
AGENT_STATE: Final = "v2.detail.events.agent.{id}.state"
METRICS: Final = "v2.analytics.conversation.{id}.metrics"
OF_USER: Final = "v2.users.{id}.conversations"
OF_QUEUE: Final = "v2.routing.queues.{id}.conversations"
ACTIVITY: Final = "v2.users.{id}.activity"
PRESENCE: Final = "v2.users.{id}.presence"
ROUTING_STATUS: Final = "v2.users.{id}.routingstatus"
AVAILABILITY: Final = "v2.analytics.conversations.details.jobs.availability"
EVALUATIONS: Final = "v2.quality.evaluations"
# What follows these is a medium; their other namesakes are summaries.
_SUMMARIES: Final = (".summaries", ".summary")


def read(carried: Carried) -> Event:
    """Read the event in a body.

    Raises MalformedPayloadError, naming the place, where it is none.
    """
    return _reader(carried.topic)(carried, fields.read(carried.body))


def is_snapshot(topic: str) -> bool:
    """Tell whether a topic carries whole conversations: v2.users.{id}.conversations.emails too."""
    return medium(topic) is not None


def medium(topic: str) -> str | None:
    """Return the medium that a topic of conversations is about: emails; "" for all of them."""
    for base in (OF_USER, OF_QUEUE):
        if topic == base:
            return ""
        if topic.startswith(f"{base}.") and not topic.endswith(_SUMMARIES):
            return topic.removeprefix(f"{base}.").lower()
    return None


def _reader(topic: str) -> Callable[[Carried, Fields], Event]:
    if topic.startswith(CONVERSATION):
        return _detail
    if is_snapshot(topic):
        return _snapshot
    return _BY_TOPIC.get(topic.lower(), _other)


def _detail(carried: Carried, body: Fields) -> Event:
    conversation_id = body.id("conversationId") or carried.topic_id
    return Event(
        topic=carried.topic,
        conversation_id=conversation_id,
        participant_id=body.id("participantId"),
        session_id=body.id("sessionId"),
        # Where a body names no conversation, its author has put an address into userId.
        user_id=body.id("userId") if conversation_id else "",
        queue_id=body.id("queueId"),
        media_type=body.word("mediaType"),
        at=body.instant("eventTime"),
    )


def _agent_state(carried: Carried, body: Fields) -> Event:
    return Event(
        topic=carried.topic,
        conversation_id=body.id("conversationId"),
        session_id=body.id("sessionId"),
        user_id=body.id("userId") or carried.topic_id,
        queue_id=body.id("queueId"),
        media_type=body.word("mediaType"),
        at=body.instant("currentStateStart") or body.instant("eventTime"),
        detail=body.word("currentState"),
    )


def _snapshot(carried: Carried, body: Fields) -> Event:
    """Read a conversation as it stands: it has no time, so it is never taken for a repetition."""
    of_user = carried.topic.startswith(OF_USER)
    return Event(
        topic=carried.topic,
        conversation_id=body.id("conversationId") or body.id("id"),
        user_id=carried.topic_id if of_user else "",
        queue_id="" if of_user else carried.topic_id,
        media_type=(medium(carried.topic) or "").removesuffix("s"),
    )


def _metric(carried: Carried, body: Fields) -> Event:
    return Event(
        topic=carried.topic,
        conversation_id=body.id("conversationId") or carried.topic_id,
        participant_id=body.id("participantId"),
        session_id=body.id("sessionId"),
        user_id=body.id("userId"),
        queue_id=body.id("queueId"),
        media_type=body.word("mediaType"),
        at=body.instant("metricDate"),
        detail=body.text("recordId") or body.text("metric"),
    )


def _of_user(carried: Carried, body: Fields) -> Event:
    """Read activity, presence or routing status; it is of the latest instant that it tells of."""
    routing, presence = body.inner("routingStatus"), body.inner("presence")
    told = (
        routing.instant("startTime") or body.instant("startTime"),
        presence.instant("modifiedDate") or body.instant("modifiedDate"),
        body.instant("dateActiveQueuesChanged"),
    )
    system = presence.inner("presenceDefinition").word("systemPresence")
    return Event(
        topic=carried.topic,
        user_id=carried.topic_id or body.id("id") or body.id("userId"),
        at=max((at for at in told if at), default=None),
        detail=f"{routing.word('status')} {system}".strip(),
    )


def _availability(carried: Carried, body: Fields) -> Event:
    return Event(topic=carried.topic, at=body.instant("dataAvailabilityDate"))


def _evaluation(carried: Carried, body: Fields) -> Event:
    return Event(
        topic=carried.topic,
        conversation_id=body.id("conversationId") or body.inner("conversation").id("id"),
        user_id=body.inner("agent").id("id"),
        at=body.instant("eventTime"),
        detail=body.id("id"),
    )


def _other(carried: Carried, body: Fields) -> Event:
    conversation_id = body.id("conversationId") or body.inner("conversation").id("id")
    return Event(
        topic=carried.topic,
        conversation_id=conversation_id,
        participant_id=body.id("participantId"),
        session_id=body.id("sessionId"),
        user_id=body.id("userId") if conversation_id else "",
        at=body.instant("eventTime"),
    )


_BY_TOPIC: Final[dict[str, Callable[[Carried, Fields], Event]]] = {
    AGENT_STATE: _agent_state,
    METRICS: _metric,
    ACTIVITY: _of_user,
    PRESENCE: _of_user,
    ROUTING_STATUS: _of_user,
    AVAILABILITY: _availability,
    EVALUATIONS: _evaluation,
}
