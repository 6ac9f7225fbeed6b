"""Conversations as topics of users and queues tell them: how each agent's session stands now.

Two shapes: the general one has a list of communications for each medium, whose ids are analytics'
session ids; that of one medium tells of the participant itself, and names no session.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from conversations.domain.disconnects import TRANSFERS, canonical
from conversations.domain.live import News, State
from integrations.domain.events import Event
from integrations.genesys import announcements, senders
from integrations.genesys.fields import Fields

# The general shape's lists, and the medium that each is of.
_LISTS: Final = {
    "calls": "voice",
    "callbacks": "callback",
    "chats": "chat",
    "emails": "email",
    "messages": "message",
    "internalMessages": "internalmessage",
    "videos": "video",
    "cobrowsesessions": "cobrowse",
    "screenshares": "screenshare",
}
_MEDIA: Final = {name.lower(): media for name, media in _LISTS.items()}
_AT_WORK: Final = frozenset({"agent", "user"})
_OVER: Final = frozenset({"disconnected", "terminated"})


class Talk(NamedTuple):
    """A communication of a participant; session_id is "" in the shape of one medium."""

    participant: Fields
    communication: Fields
    session_id: str
    media_type: str


class Written(NamedTuple):
    """How much was written: ids of messages, and how many mails agents have sent."""

    ids: frozenset[str]
    sent: int


def talks(event: Event, body: Fields) -> list[Talk]:
    """Return the communications of a conversation, in either shape."""
    medium = announcements.medium(event.topic)
    if medium:
        media_type = _MEDIA.get(medium, event.media_type)
        return [Talk(one, one, "", media_type) for one in body.each("participants")]
    return [
        Talk(participant, communication, communication.id("id"), media_type)
        for participant in body.each("participants")
        for name, media_type in _LISTS.items()
        for communication in participant.each(name)
    ]


def news(event: Event, told: list[Talk]) -> Iterator[News]:
    """Yield what is proven of agents' sessions: only what has an instant of its own."""
    for talk in told:
        if _is_agents(talk):
            yield from _states(event.conversation_id, talk)


def written(told: list[Talk]) -> Written:
    """Count what was written; signs and what never arrived count for nothing."""
    ids: set[str] = set()
    sent = 0
    for participant, communication, _, media_type in told:
        sent += communication.number("messagesSent")
        details = (_detail(one) for one in communication.each("messages"))
        ids |= {one.message_id for one in details if one.message_id and senders.speaks(one)}
        if media_type == "email" and participant.word("purpose") in senders.CUSTOMER_PURPOSES:
            ids.add(communication.id("messageId"))
    return Written(frozenset(ids - {""}), sent)


def _is_agents(talk: Talk) -> bool:
    return talk.participant.word("purpose") in _AT_WORK


def _states(conversation_id: str, talk: Talk) -> Iterator[News]:
    participant, told = talk.participant, talk.communication
    state = told.word("state")
    over = state in _OVER
    ended = told.instant("disconnectedTime") or told.instant("endTime") if over else None
    handed_on = canonical(told.text("disconnectType")) in TRANSFERS
    found = {
        State.CONNECTED: None if over or state == "alerting" else told.instant("connectedTime"),
        State.HELD: told.instant("startHoldTime") if told.flag("held") and not over else None,
        State.PARKED: told.instant("parkTime") if state == "parked" else None,
        State.TRANSFERRED if handed_on else State.ENDED: ended,
    }
    for kind, since in found.items():
        if since:
            yield News(
                conversation_id=conversation_id,
                session_id=talk.session_id,
                state=kind.value,
                since=since,
                participant_id=participant.id("id"),
                user_id=participant.id("userId") or participant.inner("user").id("id"),
                purpose=participant.word("purpose"),
                media_type=talk.media_type,
                queue_id=participant.id("queueId") or participant.inner("queue").id("id"),
            )


def _detail(told: Fields) -> senders.Detail:
    kind = told.inner("messageMetadata").text("type")
    return senders.Detail(
        message_id=told.id("messageId"),
        message_status=told.text("messageStatus"),
        message_metadata=senders.Metadata(type=kind),
    )
