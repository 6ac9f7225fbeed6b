"""Bodies of v2.detail.events.*: integer milliseconds, enums in UPPER_SNAKE, no empty keys."""

import re
from typing import Any, Final, NamedTuple

from simulator.world.records import Conversation, Participant, Segment, Session

Body = dict[str, Any]

_CAPITALS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Who tells of itself by which topics.
_FAMILIES: Final = {
    "customer": "customer",
    "external": "customer",
    "acd": "acd",
    "agent": "user",
    "user": "user",
    "ivr": "flow",
    "workflow": "flow",
    "botflow": "flow",
}
_DURATIONS: Final = {
    "interact": "interactingDurationMs",
    "hold": "heldDurationMs",
    "alert": "alertingDurationMs",
    "contacting": "contactingDurationMs",
    "dialing": "dialingDurationMs",
    "callback": "callbackDurationMs",
}


class Seen(NamedTuple):
    """A session in its place."""

    conversation: Conversation
    participant: Participant
    session: Session

    @property
    def family(self) -> str:
        """The middle of the topics that tell of it; "" where none does."""
        return _FAMILIES.get(self.session.purpose, "")


def enum(value: str) -> str:
    """Write an enum of the analytics API as detail events do: consultTransfer, CONSULT_TRANSFER."""
    return _CAPITALS.sub("_", value).upper()


def start(seen: Seen, at: int, division_id: str) -> Body:
    """Tell that a session began: *.start. Nothing in it says that somebody answered."""
    return _present(_common(seen, at) | _own(seen) | {"divisionId": division_id})


def end(seen: Seen, at: int, division_id: str, *, answered_by: str = "") -> Body:
    """Tell that a session's communication ended: *.end. answered_by: the user who took it over."""
    body = _common(seen, at) | _own(seen) | {"divisionId": division_id}
    body["disconnectType"] = enum(last_talk(seen.session).disconnect_type) or "UNKNOWN"
    match seen.family:
        case "acd":
            body |= _acd_outcome(seen.session, answered_by)
        case "flow":
            body |= {
                "connectedDurationMs": _lived(seen.session),
                "exitReason": enum(seen.session.flow_exit),
                "transferType": "ACD" if seen.session.flow_exit == "TRANSFER" else "",
            }
        case "customer":
            body["interactingDurationMs"] = _lived(seen.session)
        case _:
            body |= _durations(seen.session)
    return _present(body)


def after_call_work(seen: Seen, at: int) -> Body:
    """Tell that after-call work is done: acw. It has no disconnectType."""
    return _present(wrap_up(seen, at) | {"userId": seen.participant.user_id})


def wrap_up(seen: Seen, at: int) -> Body:
    """Tell the code of after-call work: wrapup. It does not say whose."""
    work = seen.session.segments[-1]
    body = _common(seen, at) | _callback(seen)
    body |= {
        "queueId": seen.session.queue_id,
        "wrapupCode": work.wrap_up_code,
        "wrapupNotes": work.wrap_up_note,
        "wrapupDurationMs": (work.end or at) - work.start,
    }
    return _present(body)


def agent_state(seen: Seen, state: str, since: int) -> Body:
    """Tell in what state an agent's session is since an instant."""
    session = seen.session
    return _present(
        {
            "userId": seen.participant.user_id,
            "conversationId": seen.conversation.id,
            "sessionId": session.id,
            "sessionStart": session.segments[0].start,
            "currentStateStart": since,
            "currentState": enum(state),
            "mediaType": enum(session.media),
            "queueId": session.queue_id,
            "originatingDirection": enum(seen.conversation.direction),
        }
    )


def last_talk(session: Session) -> Segment:
    """Return the last segment of the communication, which after-call work is not."""
    return next(s for s in reversed(session.segments) if s.segment_type != "wrapup")


def _common(seen: Seen, at: int) -> Body:
    conversation, participant, session = seen
    contact = conversation.participants[0].external_contact_id
    return {
        "eventTime": at,
        "conversationId": conversation.id,
        "participantId": participant.id,
        "sessionId": session.id,
        "mediaType": enum(session.media),
        "provider": session.provider,
        "direction": enum(session.direction),
        "ani": session.ani,
        "dnis": session.dnis,
        "addressTo": session.address_to,
        "addressFrom": session.address_from,
        "subject": session.subject,
        "messageType": enum(session.message_type),
        "conversationExternalContactIds": [contact] if contact else [],
        "utilizationLabel": conversation.label,
    }


def _callback(seen: Seen) -> Body:
    if seen.session.media != "callback":
        return {}
    return {
        "callbackUserName": seen.conversation.customer_name,
        "callbackNumbers": [seen.session.ani],
    }


def _own(seen: Seen) -> Body:
    """Tell what the topics of one family have and the others have not."""
    _, participant, session = seen
    match seen.family:
        case "customer":
            return _callback(seen) | {"externalContactId": participant.external_contact_id}
        case "flow":
            return {
                "flowId": session.flow_id,
                "flowType": session.flow_type,
                "flowVersion": "12.0",
            }
        case "acd":
            return _callback(seen) | {
                "queueId": session.queue_id,
                "routingPriority": seen.conversation.priority,
                "requestedRoutingSkillIds": list(seen.conversation.skill_ids),
            }
        case _:
            return _callback(seen) | {"queueId": session.queue_id, "userId": participant.user_id}


def _acd_outcome(session: Session, answered_by: str) -> Body:
    answered = {
        "acdOutcome": "ANSWERED",
        "answeredUserId": answered_by,
        "usedRouting": "STANDARD",
    }
    return (answered if answered_by else {"acdOutcome": "ABANDON"}) | {
        "requestedRoutings": ["STANDARD"],
        "connectedDurationMs": _lived(session),
    }


def _lived(session: Session) -> int:
    return (last_talk(session).end or 0) - session.segments[0].start


def _durations(session: Session) -> Body:
    """Sum the segments by their kind; a kind that there was not is left out."""
    body: Body = {}
    for segment in session.segments:
        name = _DURATIONS.get(segment.segment_type)
        length = (segment.end or segment.start) - segment.start
        if name and length:
            body[name] = body.get(name, 0) + length
    return body


def _present(body: Body) -> Body:
    return {key: value for key, value in body.items() if value not in ("", [])}
