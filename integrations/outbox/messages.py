"""What a parcel says, looked up when it is sent: rows of the outbox hold ids only."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from conversations.models import Agent, Conversation, Queue, Session
from integrations.domain.delivery import Parcel
from integrations.outbox import addressed
from integrations.outbox.addressed import Book, Recipient

# What of an event's payload has a field of its own, or is for us alone.
_FIELDS: Final = frozenset(
    ("participantId", "sessionId", "purpose", "userId", "queueId", "mediaType", "disconnectType")
) | {"recipients", "destinations", "template"}
# Whose session tells how the customer is reached.
_CUSTOMER: Final = ("customer", "external")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a Common Event says to others. What is not known is "".

    id is the delivery's, the same on every try. Names and addresses are personal data.
    """

    id: str
    name: str
    at: datetime
    recorded_at: datetime
    conversation_id: str
    subject: str = ""
    participant_id: str = ""
    session_id: str = ""
    purpose: str = ""
    user_id: str = ""
    user_name: str = ""
    queue_id: str = ""
    queue_name: str = ""
    media_type: str = ""
    message_type: str = ""
    direction: str = ""
    disconnect_type: str = ""
    provider: str = ""
    address_to: str = ""
    address_from: str = ""
    external_tag: str = ""
    started_at: datetime | None = None
    link: str = ""
    # Whom it is for by name, and in whose words, where somebody has said so.
    recipients: tuple[Recipient, ...] = ()
    text: str = ""
    is_test: bool = False  # somebody tries a destination: of nobody real
    # What else an event tells, as an SLA clock's target, and what a kind's own orders carry.
    more: dict[str, Any] = msgspec.field(default_factory=dict)


def of(parcels: Sequence[Parcel]) -> dict[int, Message]:
    """Return what each parcel says, by its pk: a fixed number of queries for any number."""
    rows = _conversations({one.conversation_id for one in parcels})
    channels = _channels([row.pk for row in rows.values()])
    agents = _names(Agent.objects.all(), {_about(one).get("userId", "") for one in parcels})
    queue_ids = {_queue_of(one, rows.get(one.conversation_id)) for one in parcels}
    queues = _names(Queue.objects.all(), queue_ids)
    found = addressed.book(parcels)
    return {
        one.pk: _addressed(
            _message(one, rows.get(one.conversation_id), channels, agents, queues), one, found
        )
        for one in parcels
    }


def link_to(conversation_id: str) -> str:
    """Return the page of a conversation as others reach it; "" where DCM_PUBLIC_URL is not set."""
    if not settings.PUBLIC_URL:
        return ""
    page = reverse("dashboards:conversation", args=[conversation_id])
    return settings.PUBLIC_URL.rstrip("/") + page


def _message(
    parcel: Parcel,
    row: Conversation | None,
    channels: Mapping[int, Session],
    agents: Mapping[str, str],
    queues: Mapping[str, str],
) -> Message:
    payload, about = parcel.payload, _about(parcel)
    channel = channels.get(row.pk) if row else None
    user_id, queue_id = about.get("userId", ""), _queue_of(parcel, row)
    at = datetime.fromisoformat(payload["at"])
    return Message(
        id=parcel.message_id,
        name=payload.get("name", parcel.topic),
        at=at,
        recorded_at=datetime.fromisoformat(payload.get("recordedAt") or payload["at"]),
        conversation_id=parcel.conversation_id,
        subject=payload.get("subject", ""),
        participant_id=about.get("participantId", ""),
        session_id=about.get("sessionId", ""),
        purpose=about.get("purpose", ""),
        user_id=user_id,
        user_name=agents.get(user_id, ""),
        queue_id=queue_id,
        queue_name=queues.get(queue_id, ""),
        media_type=about.get("mediaType") or (row.media_type if row else ""),
        message_type=channel.message_type if channel else "",
        direction=row.originating_direction if row else "",
        disconnect_type=about.get("disconnectType", ""),
        provider=channel.provider if channel else "",
        address_to=channel.address_to if channel else "",
        address_from=channel.address_from if channel else "",
        external_tag=row.external_tag if row else "",
        started_at=row.started_at if row else None,
        link=link_to(parcel.conversation_id) if row else "",
        more=_more(parcel) | payload.get("more", {}),
    )


def _more(parcel: Parcel) -> dict[str, Any]:
    """Return what of an event has no field of its own."""
    return {k: v for k, v in _about(parcel).items() if k not in _FIELDS}


def told_of(message: Message, parcel: Parcel) -> Message:
    """Return a message with what its parcel tells, whom that names, and in whose words."""
    told = msgspec.structs.replace(message, more=_more(parcel))
    return _addressed(told, parcel, addressed.book([parcel]))


def _addressed(message: Message, parcel: Parcel, found: Book) -> Message:
    """Return a message with whom it is for by name, and in whose words."""
    values = {
        "conversation": message.conversation_id,
        "queue": message.queue_name,
        "agent": message.user_name or "nobody",
        "link": message.link,
    }
    text = addressed.text_of(parcel, values, found.presences.get(message.user_id, ""))
    recipients = found.of(parcel)
    if not text and not recipients:
        return message
    return msgspec.structs.replace(message, recipients=recipients, text=text)


def _about(parcel: Parcel) -> Mapping[str, str]:
    about: Mapping[str, str] = parcel.payload.get("about", {})
    return about


def _queue_of(parcel: Parcel, row: Conversation | None) -> str:
    return _about(parcel).get("queueId") or (row.queue_id if row else "")


def _conversations(genesys_ids: set[str]) -> dict[str, Conversation]:
    rows = Conversation.objects.filter(genesys_id__in=genesys_ids)
    return {row.genesys_id: row for row in rows}


def _channels(pks: Sequence[int]) -> dict[int, Session]:
    """Return the customer's first session of each conversation."""
    found: dict[int, Session] = {}
    rows = Session.objects.filter(conversation__in=pks, participant__purpose__in=_CUSTOMER)
    for session in rows.order_by("pk"):
        found.setdefault(session.conversation_id, session)
    return found


def _names(rows: QuerySet[Any], genesys_ids: set[str]) -> dict[str, str]:
    known = genesys_ids - {""}
    return dict(rows.filter(genesys_id__in=known).values_list("genesys_id", "name"))
