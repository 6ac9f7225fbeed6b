"""The filters of the conversation detail query: which conversations they let through.

A filter is {"type": "and"|"or", "predicates": […], "clauses": [{"type", "predicates"}, …]}; a list
of filters must all hold. A segment filter holds where one segment, with its session and
participant, meets it; survey and evaluation filters likewise, a row at a time.
"""

from collections.abc import Callable, Iterable
from typing import Any

from chrono.instants import parse, to_ms
from simulator.api.errors import bad_request
from simulator.world.records import (
    Conversation,
    Participant,
    Segment,
    Session,
)

SegmentRow = tuple[Participant, Session, Segment]
Reader = Callable[[Any], Any]

_CONVERSATION: dict[str, Reader] = {
    "conversationId": lambda c: c.id,
    "conversationStart": lambda c: c.start,
    "conversationEnd": lambda c: c.end,
    "originatingDirection": lambda c: c.direction,
    "divisionId": lambda c: c.division_ids,
    "externalTag": lambda c: c.external_tag,
    "conversationInitiator": lambda c: c.participants[0].purpose,
    "customerParticipation": lambda _: "true",
}
_SEGMENT: dict[str, Reader] = {
    "purpose": lambda row: row[0].purpose,
    "userId": lambda row: row[0].user_id,
    "participantName": lambda row: row[0].name,
    "externalContactId": lambda row: row[0].external_contact_id,
    "mediaType": lambda row: row[1].media,
    "messageType": lambda row: row[1].message_type,
    "direction": lambda row: row[1].direction,
    "provider": lambda row: row[1].provider,
    "ani": lambda row: row[1].ani,
    "dnis": lambda row: row[1].dnis,
    "addressFrom": lambda row: row[1].address_from,
    "addressTo": lambda row: row[1].address_to,
    "flowId": lambda row: row[1].flow_id,
    "flowName": lambda row: row[1].flow_name,
    "queueId": lambda row: row[2].queue_id,
    "segmentType": lambda row: row[2].segment_type,
    "segmentEnd": lambda row: row[2].end,
    "disconnectType": lambda row: row[2].disconnect_type,
    "wrapUpCode": lambda row: row[2].wrap_up_code,
    "wrapUpNote": lambda row: row[2].wrap_up_note,
    "subject": lambda row: row[2].subject,
    "conference": lambda row: "true" if row[2].conference else "false",
}
_SURVEY: dict[str, Reader] = {
    "surveyId": lambda s: s.id,
    "eventTime": lambda s: s.event_time,
    "surveyCompletedDate": lambda s: s.completed,
    "surveyFormId": lambda s: s.form_id,
    "surveyStatus": lambda s: s.status,
    "surveyType": lambda s: s.survey_type,
    "surveyPromoterScore": lambda s: s.promoter_score,
    "queueId": lambda s: s.queue_id,
    "userId": lambda s: s.user_id,
}
_EVALUATION: dict[str, Reader] = {
    "evaluationId": lambda e: e.id,
    "eventTime": lambda e: e.event_time,
    "evaluationStatus": lambda e: e.status,
    "evaluatorId": lambda e: e.evaluator_id,
    "formId": lambda e: e.form_id,
    "queueId": lambda e: e.queue_id,
    "userId": lambda e: e.user_id,
    "released": lambda e: "true" if e.released else "false",
    "rescored": lambda e: "true" if e.rescored else "false",
    "deleted": lambda e: "true" if e.deleted else "false",
}
_RESOLUTION: dict[str, Reader] = {
    "eventTime": lambda r: r.event_time,
    "queueId": lambda r: r.queue_id,
    "userId": lambda r: r.user_id,
}
_TIMES = frozenset(
    {"conversationStart", "conversationEnd", "segmentEnd", "eventTime", "surveyCompletedDate"}
)
_BOUNDS: dict[str, Callable[[float, float], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}

Test = Callable[[Any], bool]


def accept(body: dict[str, Any]) -> Callable[[Conversation], bool]:
    """Read the five filter lists of a query into one test.

    Raises ApiError (400), naming what is wrong.
    """
    whole = all_of(body, "conversationFilters", _CONVERSATION)
    parts: list[tuple[Test, Callable[[Conversation], Iterable[Any]]]] = [
        (test, rows)
        for name, vocabulary, rows in (
            ("segmentFilters", _SEGMENT, segment_rows),
            ("surveyFilters", _SURVEY, lambda c: c.surveys),
            ("evaluationFilters", _EVALUATION, lambda c: c.evaluations),
            ("resolutionFilters", _RESOLUTION, lambda c: c.resolutions),
        )
        for test in _tests(body, name, vocabulary)
    ]

    def accepted(conversation: Conversation) -> bool:
        return whole(conversation) and all(
            any(test(row) for row in rows(conversation)) for test, rows in parts
        )

    return accepted


def segment_rows(conversation: Conversation) -> Iterable[SegmentRow]:
    """Give each segment with its participant and session."""
    for participant in conversation.participants:
        for session in participant.sessions:
            for segment in session.segments:
                yield participant, session, segment


def all_of(body: dict[str, Any], name: str, vocabulary: dict[str, Reader]) -> Test:
    """Read one filter list into one test of a row. Raises ApiError (400), naming what is wrong."""
    tests = _tests(body, name, vocabulary)
    return lambda row: all(test(row) for test in tests)


def _tests(body: dict[str, Any], name: str, vocabulary: dict[str, Reader]) -> list[Test]:
    filters = body.get(name) or []
    if not isinstance(filters, list):
        raise bad_request(f"{name} must be a list")
    return [_group(each, name, vocabulary, levels=2) for each in filters]


def _group(group: Any, where: str, vocabulary: dict[str, Reader], *, levels: int) -> Test:
    if not isinstance(group, dict) or group.get("type") not in {"and", "or"}:
        raise bad_request(f'{where}: a filter needs "type": "and" or "or"')
    tests = [_predicate(p, where, vocabulary) for p in group.get("predicates") or []]
    clauses = group.get("clauses") or []
    if clauses and levels == 1:
        raise bad_request(f"{where}: clauses do not nest")
    tests += [_group(c, where, vocabulary, levels=1) for c in clauses]
    if not tests:
        raise bad_request(f"{where}: a filter needs predicates or clauses")
    combine = all if group["type"] == "and" else any
    return lambda row: combine(test(row) for test in tests)


def _predicate(predicate: Any, where: str, vocabulary: dict[str, Reader]) -> Test:
    if not isinstance(predicate, dict):
        raise bad_request(f"{where}: a predicate is an object")
    dimension = str(predicate.get("dimension", ""))
    read = vocabulary.get(dimension)
    if read is None:
        known = ", ".join(sorted(vocabulary))
        raise bad_request(f"{where}: unknown dimension {dimension!r}; known are {known}")
    operator = predicate.get("operator") or "matches"
    if operator == "exists":
        return lambda row: _exists(read(row))
    if operator == "notExists":
        return lambda row: not _exists(read(row))
    if operator != "matches":
        raise bad_request(f"{where}: unknown operator {operator!r}")
    if predicate.get("range"):
        return _range(predicate["range"], dimension, where, read)
    return _value(predicate, dimension, where, read)


def _value(predicate: dict[str, Any], dimension: str, where: str, read: Reader) -> Test:
    if "value" not in predicate:
        raise bad_request(f"{where}: the predicate on {dimension} needs a value or a range")
    wanted = str(predicate["value"])
    if dimension in _TIMES and "/" in wanted:
        first, last = wanted.split("/", 1)
        return _range({"gte": first, "lt": last}, dimension, where, read)

    def matches(row: Any) -> bool:
        value = read(row)
        if isinstance(value, list):
            return wanted in value
        return value is not None and str(value) == wanted

    return matches


def _range(bounds: Any, dimension: str, where: str, read: Reader) -> Test:
    if not isinstance(bounds, dict) or not set(bounds) <= set(_BOUNDS):
        raise bad_request(f"{where}: the range on {dimension} takes gt, gte, lt, lte")
    limits = [
        (_BOUNDS[name], _bound(value, dimension, where))
        for name, value in bounds.items()
        if value is not None
    ]

    def inside(row: Any) -> bool:
        value = read(row)
        return isinstance(value, int) and all(holds(value, limit) for holds, limit in limits)

    return inside


def _bound(value: Any, dimension: str, where: str) -> float:
    try:
        return to_ms(parse(str(value))) if dimension in _TIMES else float(value)
    except (TypeError, ValueError) as error:
        raise bad_request(f"{where}: {value!r} is no bound for {dimension}") from error


def _exists(value: Any) -> bool:
    return value is not None and value not in ("", [])
