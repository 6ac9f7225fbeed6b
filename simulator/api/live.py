"""The conversation service: a conversation as agents' desktops see it, with its messages.

It names the same things otherwise than analytics does: startTime, calls, state, held.
"""

from typing import Any, Final

from simulator.world.detail_events import last_talk
from simulator.world.organization import Organization
from simulator.world.records import Conversation, Message, Participant, Sender, Session
from simulator.world.wording import (
    COLLECTIONS,
    after_call_work,
    connected,
    disconnect_type,
    moment,
    state,
)

Entity = dict[str, Any]

_STATUS: Final = {Sender.CUSTOMER: "received"}


def conversation(known: Conversation, of: Organization) -> Entity:
    """Tell a conversation with participants of the generic kind: held is on the communication."""
    entity: Entity = {
        "id": known.id,
        "startTime": moment(known.start),
        "participants": [_participant(p, known, of) for p in known.participants],
        "divisions": [{"division": {"id": id_}} for id_ in known.division_ids],
        "recentTransfers": [],
        "selfUri": f"/api/v2/conversations/{known.id}",
    }
    if known.end is not None:
        entity["endTime"] = moment(known.end)
    return entity


def media_conversation(known: Conversation, of: Organization) -> Entity:
    """Tell an e-mail or message conversation: here held is on the participant."""
    participants = [
        media_participant(participant, session, known, of)
        for participant in known.participants
        for session in participant.sessions[-1:]
    ]
    return {
        "id": known.id,
        "participants": participants,
        "otherMediaUris": [],
        "selfUri": f"/api/v2/conversations/{COLLECTIONS[known.media]}/{known.id}",
    }


def media_participant(
    participant: Participant, session: Session, known: Conversation, of: Organization
) -> Entity:
    """Tell a participant of the media-specific kind, by its latest session."""
    entity = {
        "id": participant.id,
        "name": participant.name or _user_name(participant.user_id, of),
        "purpose": participant.purpose,
        "address": _address(participant, known),
        "startTime": moment(session.segments[0].start),
        **_communication(session),
    }
    entity["endTime"] = entity.pop("disconnectedTime", None)
    if participant.user_id:
        entity["user"] = {
            "id": participant.user_id,
            "selfUri": f"/api/v2/users/{participant.user_id}",
        }
    if session.queue_id:
        entity["queue"] = {
            "id": session.queue_id,
            "selfUri": f"/api/v2/routing/queues/{session.queue_id}",
        }
    if known.media == "email":
        entity |= _email_extras(participant, known)
    if known.media == "message":
        entity |= {"type": session.message_type, "messages": _message_details(known, session)}
    return _present(entity)


def email_previews(known: Conversation) -> list[Entity]:
    """Tell the e-mails of a conversation: who wrote is to be told from `from` alone."""
    return [_email_preview(message, known) for message in known.messages]


def message_entry(message: Message, known: Conversation) -> Entity:
    """Tell one message with its direction and where it came from."""
    inbound = message.sender is Sender.CUSTOMER
    ours, theirs = known.our_address, known.customer_address
    session = next(s for s in known.sessions if s.id == message.session_id)
    entity: Entity = {
        "id": message.id,
        "providerMessageId": f"pm-{message.id}",
        "timestamp": moment(message.at),
        "fromAddress": theirs if inbound else ours,
        "toAddress": ours if inbound else theirs,
        "direction": "inbound" if inbound else "outbound",
        "messengerType": session.message_type,
        "status": _STATUS.get(message.sender, "delivery-success"),
        "normalizedMessage": {
            "type": "Text",
            "direction": "Inbound" if inbound else "Outbound",
            "originatingEntity": "Bot" if message.sender is Sender.BOT else "Human",
            "text": "…",
        },
        "conversationId": known.id,
        "selfUri": f"/api/v2/conversations/messages/{known.id}/messages/{message.id}",
    }
    if message.user_id:
        entity["createdBy"] = {
            "id": message.user_id,
            "selfUri": f"/api/v2/users/{message.user_id}",
        }
    return entity


def _participant(participant: Participant, known: Conversation, of: Organization) -> Entity:
    sessions = participant.sessions
    entity: Entity = {
        "id": participant.id,
        "name": participant.name or _user_name(participant.user_id, of),
        "purpose": participant.purpose,
        "userId": participant.user_id,
        "externalContactId": participant.external_contact_id,
        "queueId": sessions[-1].queue_id,
        "address": _address(participant, known),
        "startTime": moment(sessions[0].segments[0].start),
        "attributes": participant.attributes,
    }
    if all(session.open_segment is None for session in sessions):
        entity["endTime"] = moment(max(s.segments[-1].end or 0 for s in sessions))
    for session in sessions:
        communication = {"id": session.id, **_communication(session)}
        if session.media == "message":
            communication["messages"] = _message_details(known, session)
        entity.setdefault(COLLECTIONS[session.media], []).append(_present(communication))
    return _present(entity)


def _communication(session: Session) -> Entity:
    """Tell what the generic and the media-specific kind have in common."""
    last = last_talk(session)
    over = last.end is not None
    return {
        "state": "disconnected" if over else state(last),
        "held": not over and last.segment_type == "hold",
        "direction": session.direction,
        "provider": session.provider,
        "peerId": session.peer_id,
        "connectedTime": moment(connected(session)),
        "startHoldTime": moment(last.start) if last.segment_type == "hold" else None,
        "parkTime": moment(last.start) if last.segment_type == "parked" else None,
        "disconnectedTime": moment(last.end),
        "disconnectType": disconnect_type(last) if over else None,
        **after_call_work(session),
    }


def _email_extras(participant: Participant, known: Conversation) -> Entity:
    own = {session.id for session in participant.sessions}
    sent = sum(m.sender is Sender.AGENT and m.session_id in own for m in known.messages)
    customer = participant.purpose in {"customer", "external"}
    return {
        "subject": known.subject,
        "messagesSent": sent,
        "autoGenerated": known.auto_generated and customer,
    }


def _message_details(known: Conversation, session: Session) -> list[Entity]:
    return [
        {
            "messageId": message.id,
            "messageURI": f"/api/v2/conversations/messages/{known.id}/messages/{message.id}",
            "messageStatus": _STATUS.get(message.sender, "delivery-success"),
            "messageTime": moment(message.at),
            "messageSegmentCount": 1,
            "messageMetadata": {"type": "Text"},
        }
        for message in known.messages
        if message.session_id == session.id
    ]


def _email_preview(message: Message, known: Conversation) -> Entity:
    customer = {"email": known.customer_address, "name": known.customer_name}
    ours = {"email": known.our_address}
    inbound = message.sender is Sender.CUSTOMER
    draft = message.sender is Sender.DRAFT
    entity: Entity = {
        "id": message.id,
        "from": customer if inbound else ours,
        "to": [ours if inbound else customer],
        "subject": known.subject,
        "time": moment(message.at),
        "historyIncluded": not inbound,
        "state": "Edited" if draft else "Ready",
        "selfUri": f"/api/v2/conversations/emails/{known.id}/messages/{message.id}",
    }
    if draft:
        entity["draftType"] = "Reply"
    return entity


def _address(participant: Participant, known: Conversation) -> str:
    customer = participant.purpose in {"customer", "external"}
    return known.customer_address if customer else known.our_address


def _user_name(user_id: str, of: Organization) -> str:
    return next((agent.name for agent in of.agents if agent.id == user_id), "")


def _present(entity: Entity) -> Entity:
    return {k: v for k, v in entity.items() if v is not None and v != ""}
