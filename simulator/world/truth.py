"""What a mirror must hold, told by the world itself and not by the documents that it serves.

All instants are integer milliseconds since 1970 UTC, None where there is none; an absent text is
"". A conversation has:

- genesys_id, started_at, ended_at, originating_direction, external_tag, division_ids,
  message_type, skill_ids, language_id
- participants: genesys_id, purpose, user_id, name, external_contact_id, attributes, and
  - sessions: genesys_id, media_type, direction, provider, message_type, peer_id, ani, dnis,
    address_from, address_to, and
    - segments: segment_type, started_at, ended_at, queue_id, disconnect_type, wrap_up_code,
      wrap_up_note, subject, conference, source_conversation_id, destination_conversation_id
    - metrics: name, value, emitted_at
- surveys, evaluations, resolutions
- messages (e-mail and message only): genesys_id, at, sender, session_id, user_id; sender is one of
  customer, agent, bot, auto_reply, draft
- last_writer: customer or agent, "" before either wrote; last_written_at
- holds: session_id, user_id, cause, started_at, ended_at, by_conversation_id, by_session_id: the
  interrupter is what took the agent away as the hold began

Of an agent it tells presence and routing (status): value, started_at, ended_at; see presence.py.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chrono.instants import isoformat
from simulator.world.records import (
    Conversation,
    Evaluation,
    Hold,
    Message,
    Participant,
    Resolution,
    Segment,
    Sender,
    Session,
    Survey,
)

Fact = dict[str, Any]


def of(conversations: Iterable[Conversation], *, at: datetime) -> Fact:
    """Tell the truth of conversations: {"at": ISO instant, "conversations": {id: …}}."""
    return {"at": isoformat(at), "conversations": {c.id: conversation(c) for c in conversations}}


def conversation(known: Conversation) -> Fact:
    """Tell all that is known of one conversation."""
    last = _last_turn(known.messages)
    return {
        "genesys_id": known.id,
        "started_at": known.start,
        "ended_at": known.end,
        "originating_direction": known.direction,
        "external_tag": known.external_tag,
        "division_ids": known.division_ids,
        "message_type": _message_type(known),
        "skill_ids": list(known.skill_ids) if _is_routed(known) else [],
        "language_id": known.language_id if _is_routed(known) else "",
        "participants": [_participant(p) for p in known.participants],
        "surveys": [_survey(s) for s in known.surveys],
        "evaluations": [_evaluation(e) for e in known.evaluations],
        "resolutions": [_resolution(r) for r in known.resolutions],
        "messages": [_message(m) for m in known.messages],
        "last_writer": last.sender.value if last else "",
        "last_written_at": last.at if last else None,
        "holds": [_hold(h) for h in known.holds],
    }


def _message_type(known: Conversation) -> str:
    customers = [s for s in known.sessions if s.purpose in {"customer", "external"}]
    return next((s.message_type for s in customers if s.message_type), "")


def _is_routed(known: Conversation) -> bool:
    """Tell whether some segment in a queue tells what the contact asks for."""
    routed = [s for s in known.sessions if s.purpose in {"acd", "agent"}]
    return any(segment.queue_id for session in routed for segment in session.segments)


def _last_turn(messages: list[Message]) -> Message | None:
    people = (Sender.CUSTOMER, Sender.AGENT)
    return next((m for m in reversed(messages) if m.sender in people), None)


def _participant(known: Participant) -> Fact:
    return {
        "genesys_id": known.id,
        "purpose": known.purpose,
        "user_id": known.user_id,
        "name": known.name,
        "external_contact_id": known.external_contact_id,
        "attributes": known.attributes,
        "sessions": [_session(s) for s in known.sessions],
    }


def _session(known: Session) -> Fact:
    return {
        "genesys_id": known.id,
        "media_type": known.media,
        "direction": known.direction,
        "provider": known.provider,
        "message_type": known.message_type,
        "peer_id": known.peer_id,
        "ani": known.ani,
        "dnis": known.dnis,
        "address_from": known.address_from,
        "address_to": known.address_to,
        "segments": [_segment(s) for s in known.segments],
        "metrics": [
            {"name": m.name, "value": m.value, "emitted_at": m.emitted} for m in known.metrics
        ],
    }


def _segment(known: Segment) -> Fact:
    return {
        "segment_type": known.segment_type,
        "started_at": known.start,
        "ended_at": known.end,
        "queue_id": known.queue_id,
        "disconnect_type": known.disconnect_type,
        "wrap_up_code": known.wrap_up_code,
        "wrap_up_note": known.wrap_up_note,
        "subject": known.subject,
        "conference": known.conference,
        "source_conversation_id": known.source_conversation_id,
        "destination_conversation_id": known.destination_conversation_id,
    }


def _survey(known: Survey) -> Fact:
    return {
        "genesys_id": known.id,
        "status": known.status,
        "form_id": known.form_id,
        "form_name": known.form_name,
        "survey_type": known.survey_type,
        "queue_id": known.queue_id,
        "user_id": known.user_id,
        "event_time": known.event_time,
        "completed_at": known.completed,
        "total_score": known.total_score,
        "promoter_score": known.promoter_score,
    }


def _evaluation(known: Evaluation) -> Fact:
    return {
        "genesys_id": known.id,
        "status": known.status,
        "form_id": known.form_id,
        "form_name": known.form_name,
        "queue_id": known.queue_id,
        "user_id": known.user_id,
        "evaluator_id": known.evaluator_id,
        "event_time": known.event_time,
        "released": known.released,
        "rescored": known.rescored,
        "deleted": known.deleted,
        "total_score": known.total_score,
        "total_critical_score": known.total_critical_score,
    }


def _resolution(known: Resolution) -> Fact:
    return {
        "event_time": known.event_time,
        "queue_id": known.queue_id,
        "user_id": known.user_id,
        "next_contact_avoided": known.next_contact_avoided,
    }


def _message(known: Message) -> Fact:
    return {
        "genesys_id": known.id,
        "at": known.at,
        "sender": known.sender.value,
        "session_id": known.session_id,
        "user_id": known.user_id,
    }


def _hold(known: Hold) -> Fact:
    return {
        "session_id": known.session_id,
        "user_id": known.user_id,
        "cause": known.cause.value,
        "started_at": known.start,
        "ended_at": known.end,
        "by_conversation_id": known.by_conversation_id,
        "by_session_id": known.by_session_id,
    }
