"""Analytics detail documents: a conversation as the analytics API tells it, as of now.

Keys are absent where there is nothing to say, never null. Times are yyyy-MM-ddTHH:mm:ss.SSSZ.
"""

from typing import Any, Final

from simulator.world.records import (
    Conversation,
    Evaluation,
    Participant,
    Resolution,
    Segment,
    Session,
    Survey,
)
from simulator.world.wording import moment

Document = dict[str, Any]
_LONGEST_TEXT: Final = 1_024  # of an attribute's name and value

_VOICE_EXTRAS: Final[Document] = {
    "edgeId": "4d2e3b0c-7a44-4e0b-9d6c-8f2f5c1a7e10",
    "recording": True,
    "mediaEndpointStats": [
        {
            "codecs": ["audio/opus"],
            "minMos": 4.876,
            "minRFactor": 92.45,
            "maxLatencyMs": 40,
            "receivedPackets": 11200,
            "discardedPackets": 0,
            "overrunPackets": 1,
            "invalidPackets": 0,
            "underrunPackets": 4,
            "duplicatePackets": 0,
        }
    ],
}


def conversation_detail(known: Conversation) -> Document:
    """Draw the analytics detail document of a conversation."""
    document = _present(
        conversationId=known.id,
        conversationStart=moment(known.start),
        conversationEnd=moment(known.end),
        originatingDirection=known.direction,
        conversationInitiator=_initiator(known),
        customerParticipation=True,
        externalTag=known.external_tag,
        divisionIds=known.division_ids,
        participants=[_participant(p, known) for p in known.participants],
        surveys=[_survey(s) for s in known.surveys],
        evaluations=[_evaluation(e) for e in known.evaluations],
        resolutions=[_resolution(r) for r in known.resolutions],
    )
    if known.media == "voice":
        document |= {
            "mediaStatsMinConversationMos": 4.876,
            "mediaStatsMinConversationRFactor": 92.45,
        }
    return document


def job_detail(known: Conversation) -> Document:
    """Draw the document that an asynchronous job tells: with participants' attributes, cut."""
    document = conversation_detail(known)
    for participant, told in zip(known.participants, document["participants"], strict=True):
        if participant.attributes:
            told["attributes"] = {
                name[:_LONGEST_TEXT]: value[:_LONGEST_TEXT]
                for name, value in participant.attributes.items()
            }
    return document


def _present(**fields: Any) -> Document:
    """Keep what says something: zero and False do, None, "" and empty lists do not."""
    return {k: v for k, v in fields.items() if v is not None and v not in ("", [], {})}


def _initiator(known: Conversation) -> str:
    return known.participants[0].purpose


def _participant(known: Participant, of: Conversation) -> Document:
    return _present(
        participantId=known.id,
        participantName=known.name,
        purpose=known.purpose,
        userId=known.user_id,
        externalContactId=known.external_contact_id,
        sessions=[_session(s, of, known.user_id) for s in known.sessions],
    )


def _session(known: Session, of: Conversation, user_id: str) -> Document:
    inside = known.purpose not in {"customer", "external"}
    routed = known.purpose in {"acd", "agent"}
    document = _present(
        mediaType=known.media,
        sessionId=known.id,
        direction=known.direction,
        provider=known.provider,
        messageType=known.message_type,
        peerId=known.peer_id,
        ani=known.ani,
        dnis=known.dnis,
        sessionDnis=known.dnis,
        addressFrom=known.address_from,
        addressTo=known.address_to,
        remote=of.customer_name if inside and known.media == "voice" else None,
        requestedRoutings=["Standard"] if routed else None,
        usedRouting="Standard" if known.purpose == "agent" and known.queue_id else None,
        selectedAgentId=user_id if known.purpose == "agent" else None,
        callbackUserName=of.customer_name if known.media == "callback" else None,
        callbackNumbers=[known.ani] if known.media == "callback" else None,
        flow=_flow(known),
        segments=[_segment(s, of if routed else None) for s in known.segments],
        metrics=[
            {"name": m.name, "value": m.value, "emitDate": moment(m.emitted)} for m in known.metrics
        ],
    )
    return document | _VOICE_EXTRAS if known.media == "voice" and inside else document


def _flow(known: Session) -> Document | None:
    if not known.flow_id:
        return None
    return {
        "flowId": known.flow_id,
        "flowName": known.flow_name,
        "flowType": known.flow_type,
        "flowVersion": "12.0",
        "startingLanguage": "de",
        "endingLanguage": "de",
        "entryType": "dnis",
        "entryReason": known.dnis or known.address_to,
        "exitReason": known.flow_exit,
        "transferType": "ACD",
    }


def _segment(known: Segment, of: Conversation | None) -> Document:
    """Draw a segment; of: its conversation, where it tells what that asks a queue for."""
    asks = of if of and known.queue_id else None
    document = _present(
        segmentStart=moment(known.start),
        segmentEnd=moment(known.end),
        segmentType=known.segment_type,
        queueId=known.queue_id,
        disconnectType=known.disconnect_type,
        wrapUpCode=known.wrap_up_code,
        wrapUpNote=known.wrap_up_note,
        subject=known.subject,
        sourceConversationId=known.source_conversation_id,
        destinationConversationId=known.destination_conversation_id,
        requestedRoutingSkillIds=list(asks.skill_ids) if asks else None,
        requestedLanguageId=asks.language_id if asks else None,
    )
    document["conference"] = known.conference
    return document


def _survey(known: Survey) -> Document:
    return _present(
        surveyId=known.id,
        surveyStatus=known.status,
        surveyFormId=known.form_id,
        surveyFormName=known.form_name,
        surveyType=known.survey_type,
        queueId=known.queue_id,
        userId=known.user_id,
        eventTime=moment(known.event_time),
        surveyCompletedDate=moment(known.completed),
        oSurveyTotalScore=known.total_score,
        surveyPromoterScore=known.promoter_score,
    )


def _evaluation(known: Evaluation) -> Document:
    return _present(
        evaluationId=known.id,
        evaluationStatus=known.status,
        formId=known.form_id,
        formName=known.form_name,
        queueId=known.queue_id,
        userId=known.user_id,
        evaluatorId=known.evaluator_id,
        eventTime=moment(known.event_time),
        released=known.released,
        rescored=known.rescored,
        deleted=known.deleted,
        oTotalScore=known.total_score,
        oTotalCriticalScore=known.total_critical_score,
    )


def _resolution(known: Resolution) -> Document:
    return _present(
        eventTime=moment(known.event_time),
        queueId=known.queue_id,
        userId=known.user_id,
        nNextContactAvoided=known.next_contact_avoided,
    )
