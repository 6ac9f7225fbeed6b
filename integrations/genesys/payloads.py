"""Genesys JSON in, our facts out. With wire.py the only place that knows analytics' field names.

Reading is tolerant where Genesys varies (absent and null alike, unknown enum values and metric
names kept, segments in any order, ends missing) and strict where a document is damaged.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, TypeVar

import msgspec

from conversations.domain import facts
from conversations.domain.disconnects import canonical
from integrations.errors import MalformedPayloadError
from integrations.genesys import requested, wire
from integrations.genesys.moments import MOMENTS

W = TypeVar("W")
F = TypeVar("F")

# What anonymised captures carry in place of ids.
MASKED: Final = re.compile(r"[xX*-]+|\[?REDACTED\]?")
# PostgreSQL's texts cannot hold NUL: it becomes the replacement character.
_NUL: Final = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")

_decode: Final = msgspec.json.Decoder(wire.Conversation).decode
_canonical: Final = lru_cache(maxsize=1000)(canonical)


# A named tuple's own constructor costs twice as much, and a conversation has some 57.
_new: Final = tuple.__new__


def conversation(document: bytes) -> facts.Conversation:
    """Read one analytics conversation detail.

    Raises MalformedPayloadError, naming the path and the reason, where it is none.
    """
    if b"\\u0000" in document:
        document = _NUL.sub(rb"\1\\ufffd", document)
    return _conversation(_decoded(document))


def latest_instant(read: facts.Conversation) -> datetime:
    """Return the last instant that a conversation tells of: no snapshot of it can be older."""
    sessions = [session for participant in read.participants for session in participant.sessions]
    told = [read.started_at, read.ended_at]
    for session in sessions:
        told += [segment.started_at for segment in session.segments]
        told += [segment.ended_at for segment in session.segments]
        told += [metric.emitted_at for metric in session.metrics]
    told += [at for survey in read.surveys for at in (survey.event_time, survey.completed_at)]
    told += [evaluation.event_time for evaluation in read.evaluations]
    told += [resolution.event_time for resolution in read.resolutions]
    return max(at for at in told if at)


def _decoded(document: bytes) -> wire.Conversation:
    try:
        return _decode(document)
    except msgspec.ValidationError as error:
        raise MalformedPayloadError(str(error).replace("`$.", "`")) from error
    except RecursionError as error:
        raise MalformedPayloadError("is nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedPayloadError(f"is not JSON: {error}") from error


def _conversation(read: wire.Conversation) -> facts.Conversation:
    genesys_id = _identity(read.conversation_id)
    started_at = _required(read.conversation_start, "conversationStart")
    ended_at = _instant(read.conversation_end, "conversationEnd")
    if ended_at and ended_at < started_at:
        raise MalformedPayloadError("conversationEnd lies before conversationStart")
    participants = _each(read.participants, "participants", _participant)
    asked = requested.of(read)
    result = facts.Conversation(
        genesys_id=genesys_id,
        started_at=started_at,
        ended_at=ended_at,
        originating_direction=read.originating_direction or "",
        external_tag=read.external_tag or "",
        division_ids=tuple(read.division_ids or ()),
        message_type=asked.message_type,
        skill_ids=asked.skill_ids,
        language_id=asked.language_id,
        participants=participants,
        surveys=_each(read.surveys, "surveys", _survey),
        evaluations=_each(read.evaluations, "evaluations", _evaluation),
        resolutions=_each(read.resolutions, "resolutions", _resolution),
    )
    _refuse_repetitions(result)
    return result


def _participant(read: wire.Participant) -> facts.Participant:
    return _new(
        facts.Participant,
        (
            _id(read.participant_id, "participantId"),
            read.purpose or "unknown",
            read.user_id or "",
            read.participant_name or "",
            read.external_contact_id or "",
            read.team_id or "",
            _attributes(read.attributes) if read.attributes else "{}",
            _each(read.sessions, "sessions", _session),
        ),
    )


def _session(read: wire.Session) -> facts.Session:
    return _new(
        facts.Session,
        (
            _id(read.session_id, "sessionId"),
            read.media_type or "unknown",
            read.direction or "",
            read.provider or "",
            read.message_type or "",
            read.peer_id or "",
            read.ani or "",
            read.dnis or "",
            read.address_from or "",
            read.address_to or "",
            _each(read.segments, "segments", _segment),
            _each(read.metrics, "metrics", _metric),
        ),
    )


def _segment(read: wire.Segment) -> facts.Segment:
    try:
        started_at, ended_at = MOMENTS[read.segment_start], MOMENTS[read.segment_end]
    except ValueError:
        started_at = ended_at = None
    if started_at is None:
        started_at = _required(read.segment_start, "segmentStart")
        ended_at = _instant(read.segment_end, "segmentEnd")
    return _new(
        facts.Segment,
        (
            read.segment_type or "unknown",
            started_at,
            ended_at,
            read.queue_id or "",
            _canonical(read.disconnect_type) if read.disconnect_type else "",
            read.wrap_up_code or "",
            read.wrap_up_note or "",
            read.subject or "",
            read.conference or False,
            read.source_conversation_id or "",
            read.destination_conversation_id or "",
        ),
    )


def _metric(read: wire.Metric) -> facts.Metric:
    name, value = read.name, read.value
    if value is None:
        raise MalformedPayloadError("value is missing")
    if type(value) is not int:
        value = _whole(value, "value")
    try:
        emitted_at = MOMENTS[read.emit_date]
    except ValueError:
        emitted_at = _instant(read.emit_date, "emitDate")
    return _new(facts.Metric, (name or _id(name, "name"), value, emitted_at))


def _survey(read: wire.Survey) -> facts.Survey:
    return facts.Survey(
        genesys_id=_id(read.survey_id, "surveyId"),
        status=read.survey_status or "",
        form_id=read.survey_form_id or "",
        form_name=read.survey_form_name or "",
        survey_type=read.survey_type or "",
        queue_id=read.queue_id or "",
        user_id=read.user_id or "",
        event_time=_instant(read.event_time, "eventTime"),
        completed_at=_instant(read.survey_completed_date, "surveyCompletedDate"),
        total_score=_score(read.o_survey_total_score, "oSurveyTotalScore"),
        promoter_score=_score(read.survey_promoter_score, "surveyPromoterScore"),
    )


def _evaluation(read: wire.Evaluation) -> facts.Evaluation:
    return facts.Evaluation(
        genesys_id=_id(read.evaluation_id, "evaluationId"),
        status=read.evaluation_status or "",
        form_id=read.form_id or "",
        form_name=read.form_name or "",
        queue_id=read.queue_id or "",
        user_id=read.user_id or "",
        evaluator_id=read.evaluator_id or "",
        event_time=_instant(read.event_time, "eventTime"),
        released=bool(read.released),
        rescored=bool(read.rescored),
        deleted=bool(read.deleted),
        total_score=_score(read.o_total_score, "oTotalScore"),
        total_critical_score=_score(read.o_total_critical_score, "oTotalCriticalScore"),
    )


def _resolution(read: wire.Resolution) -> facts.Resolution:
    return facts.Resolution(
        _instant(read.event_time, "eventTime"),
        read.queue_id or "",
        read.user_id or "",
        _score(read.n_next_contact_avoided, "nNextContactAvoided"),
    )


def _attributes(read: dict[str, Any]) -> str:
    """Return attributes as a JSON object of texts, which is what Genesys makes them.

    Anything else is kept as its JSON text: databases do not give numbers back as they were.
    """
    try:
        texts = {name: v if isinstance(v, str) else _json(v) for name, v in read.items()}
    except RecursionError as error:
        raise MalformedPayloadError("attributes: is nested too deeply") from error
    return _json(texts)


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()


def _each(wires: list[W] | None, name: str, read: Callable[[W], F]) -> tuple[F, ...]:
    """Read each of a list; an error says which of them it was."""
    if not wires:
        return ()
    done: list[F] = []
    try:
        done += map(read, wires)  # its length tells where an error was
    except MalformedPayloadError as error:
        raise MalformedPayloadError(f"{name}[{len(done)}].{error}") from error
    return tuple(done)


def _identity(genesys_id: str | None) -> str:
    found = _id(genesys_id, "conversationId")
    if MASKED.fullmatch(found):
        raise MalformedPayloadError("conversationId is masked: this is an anonymised sample")
    return found


def _id(genesys_id: str | None, name: str) -> str:
    if not genesys_id:
        raise MalformedPayloadError(f"{name} is missing")
    return genesys_id


def _whole(value: float, name: str) -> int:
    """Return a number that JSON wrote as 1 or 1.0."""
    if value != int(value):
        raise MalformedPayloadError(f"{name} is {value}: a whole number was expected")
    return int(value)


def _score(value: float | None, name: str) -> int | None:
    return None if value is None else _whole(value, name)


def _required(text: str | None, name: str) -> datetime:
    at = _instant(text, name)
    if at is None:
        raise MalformedPayloadError(f"{name} is missing")
    return at


def _instant(text: str | None, name: str) -> datetime | None:
    try:
        return MOMENTS[text]
    except ValueError as error:
        raise MalformedPayloadError(f"{name}: {error}") from error


def _refuse_repetitions(read: facts.Conversation) -> None:
    sessions = [session for participant in read.participants for session in participant.sessions]
    for name, rows in (
        ("participantId", read.participants),
        ("sessionId", sessions),
        ("surveyId", read.surveys),
        ("evaluationId", read.evaluations),
    ):
        _refuse_repetition(name, [row.genesys_id for row in rows])


def _refuse_repetition(name: str, ids: list[str]) -> None:
    if len(ids) != len(set(ids)):
        raise MalformedPayloadError(f"{name} stands twice in one conversation")
