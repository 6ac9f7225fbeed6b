"""Documents say what the truth says, in Genesys's words, and nothing of the future."""

import json
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from statistics import mean
from typing import Any

from chrono.instants import parse, to_ms
from simulator.documents import conversation_detail, job_detail
from simulator.world import World

EPOCH = datetime(2026, 3, 26, 5, tzinfo=UTC)
NOW = EPOCH + timedelta(days=3)
Fact = dict[str, Any]
CUSTOMERS = {"customer", "external"}


@cache
def world() -> World:
    made = World(seed=5, epoch=EPOCH)
    made.advance_to(NOW)
    return made


def ms(text: str | None) -> int | None:
    return None if text is None else to_ms(parse(text))


def read_segment(d: Fact) -> Fact:
    return {
        "segment_type": d["segmentType"],
        "started_at": ms(d["segmentStart"]),
        "ended_at": ms(d.get("segmentEnd")),
        "queue_id": d.get("queueId", ""),
        "disconnect_type": d.get("disconnectType", ""),
        "wrap_up_code": d.get("wrapUpCode", ""),
        "wrap_up_note": d.get("wrapUpNote", ""),
        "subject": d.get("subject", ""),
        "conference": d["conference"],
        "source_conversation_id": d.get("sourceConversationId", ""),
        "destination_conversation_id": d.get("destinationConversationId", ""),
    }


def read_session(d: Fact) -> Fact:
    return {
        "genesys_id": d["sessionId"],
        "media_type": d["mediaType"],
        "direction": d.get("direction", ""),
        "provider": d.get("provider", ""),
        "message_type": d.get("messageType", ""),
        "peer_id": d.get("peerId", ""),
        "ani": d.get("ani", ""),
        "dnis": d.get("dnis", ""),
        "address_from": d.get("addressFrom", ""),
        "address_to": d.get("addressTo", ""),
        "segments": [read_segment(s) for s in d.get("segments", [])],
        "metrics": [
            {"name": m["name"], "value": m["value"], "emitted_at": ms(m["emitDate"])}
            for m in d.get("metrics", [])
        ],
    }


def read_participant(d: Fact) -> Fact:
    return {
        "genesys_id": d["participantId"],
        "purpose": d["purpose"],
        "user_id": d.get("userId", ""),
        "name": d.get("participantName", ""),
        "external_contact_id": d.get("externalContactId", ""),
        "attributes": d.get("attributes", {}),
        "sessions": [read_session(s) for s in d["sessions"]],
    }


def read_survey(d: Fact) -> Fact:
    return {
        "genesys_id": d["surveyId"],
        "status": d["surveyStatus"],
        "form_id": d["surveyFormId"],
        "form_name": d["surveyFormName"],
        "survey_type": d["surveyType"],
        "queue_id": d["queueId"],
        "user_id": d["userId"],
        "event_time": ms(d["eventTime"]),
        "completed_at": ms(d.get("surveyCompletedDate")),
        "total_score": d.get("oSurveyTotalScore"),
        "promoter_score": d.get("surveyPromoterScore"),
    }


def read_evaluation(d: Fact) -> Fact:
    return {
        "genesys_id": d["evaluationId"],
        "status": d["evaluationStatus"],
        "form_id": d["formId"],
        "form_name": d["formName"],
        "queue_id": d["queueId"],
        "user_id": d["userId"],
        "evaluator_id": d["evaluatorId"],
        "event_time": ms(d["eventTime"]),
        "released": d["released"],
        "rescored": d["rescored"],
        "deleted": d["deleted"],
        "total_score": d.get("oTotalScore"),
        "total_critical_score": d.get("oTotalCriticalScore"),
    }


def read_resolution(d: Fact) -> Fact:
    return {
        "event_time": ms(d["eventTime"]),
        "queue_id": d["queueId"],
        "user_id": d["userId"],
        "next_contact_avoided": d["nNextContactAvoided"],
    }


def read_requested(participants: list[Fact]) -> Fact:
    """Read what a conversation asks for: all its segments that name something name the same."""
    sessions = [(p["purpose"], s) for p in participants for s in p["sessions"]]
    segments = [segment for _, session in sessions for segment in session["segments"]]
    customers = [s.get("messageType", "") for purpose, s in sessions if purpose in CUSTOMERS]
    skills = [s["requestedRoutingSkillIds"] for s in segments if "requestedRoutingSkillIds" in s]
    languages = [s["requestedLanguageId"] for s in segments if "requestedLanguageId" in s]
    return {
        "message_type": next(filter(None, customers), ""),
        "skill_ids": skills[-1] if skills else [],
        "language_id": languages[-1] if languages else "",
    }


def read(d: Fact) -> Fact:
    return {
        "genesys_id": d["conversationId"],
        "started_at": ms(d["conversationStart"]),
        "ended_at": ms(d.get("conversationEnd")),
        "originating_direction": d["originatingDirection"],
        "external_tag": d.get("externalTag", ""),
        "division_ids": d["divisionIds"],
        **read_requested(d["participants"]),
        "participants": [read_participant(p) for p in d["participants"]],
        "surveys": [read_survey(s) for s in d.get("surveys", [])],
        "evaluations": [read_evaluation(e) for e in d.get("evaluations", [])],
        "resolutions": [read_resolution(r) for r in d.get("resolutions", [])],
    }


def documents() -> list[Fact]:
    return [conversation_detail(c) for c in world().conversations.values()]


def leaves(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [
            leaf for k, v in value.items() for leaf in (leaves(v) if v and _deep(v) else [(k, v)])
        ]
    return [leaf for each in value for leaf in (leaves(each) if _deep(each) else [("", each)])]


def _deep(value: Any) -> bool:
    return isinstance(value, dict | list)


def test_a_document_read_back_is_the_truth() -> None:
    truth = world().truth(NOW)["conversations"]
    unread = {"messages", "last_writer", "last_written_at", "holds"}
    assert len(truth) > 500
    for document in map(job_detail, world().conversations.values()):
        known = truth[document["conversationId"]]
        assert read(document) == {k: v for k, v in known.items() if k not in unread}


def test_what_there_is_nothing_to_say_of_is_left_out() -> None:
    for document in documents():
        for key, value in leaves(document):
            assert value not in (None, "", [], {}), key


def test_times_are_utc_to_the_millisecond_and_none_lies_ahead() -> None:
    form = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
    for document in documents():
        for key, value in leaves(document):
            if key.endswith(("Start", "End", "Date", "Time")):
                assert form.fullmatch(value), key
                assert parse(value) <= NOW


def test_a_realistic_call_has_some_forty_rows_and_ten_kilobytes() -> None:
    calls = [
        d
        for d in documents()
        if any(p["purpose"] == "agent" for p in d["participants"])
        and d["participants"][0]["sessions"][0]["mediaType"] == "voice"
        and d["originatingDirection"] == "inbound"
    ]
    sizes = [len(json.dumps(d)) for d in calls]
    assert 5_000 <= mean(sizes) <= 15_000
    rows = [
        1
        + sum(
            2 + len(s["segments"]) + len(s["metrics"])
            for p in d["participants"]
            for s in p["sessions"]
        )
        for d in calls
    ]
    assert 30 <= mean(rows) <= 70
