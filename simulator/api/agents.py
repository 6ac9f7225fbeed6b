"""Agents' state now, and their presence and routing status over an interval.

GET /api/v2/analytics/agents/{id}/status, POST /api/v2/analytics/agents/status/query and
POST /api/v2/analytics/users/details/query.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from starlette.requests import Request

from chrono.instants import to_ms
from simulator.api import predicates, query
from simulator.api.answers import Centre, Handler, object_body
from simulator.api.errors import bad_request, not_found
from simulator.world.presence import Presence, presence_id
from simulator.world.records import Session, Spell
from simulator.world.wording import moment

Entity = dict[str, Any]

_TOP = 50  # agents of one answer of the status query

_USER: dict[str, predicates.Reader] = {
    "userId": lambda one: one.user_id,
    "divisionId": lambda one: one.desk.agent.division_id,
    "systemPresence": lambda one: str(one.presence[-1].value),
    "organizationPresenceId": lambda one: presence_id(one.presence[-1].value),
    "routingStatus": lambda one: str(one.routing[-1].value),
}
_SESSION: dict[str, predicates.Reader] = {
    "mediaType": lambda row: row[1].media,
    "segmentType": lambda row: row[1].segments[-1].segment_type,
    "routedQueueId": lambda row: row[1].queue_id,
    "conversationId": lambda row: row[0],
}
_PRESENCE: dict[str, predicates.Reader] = {
    "systemPresence": lambda spell: str(spell.value),
    "organizationPresenceId": lambda spell: presence_id(spell.value),
}
_ROUTING: dict[str, predicates.Reader] = {"routingStatus": lambda spell: str(spell.value)}


async def status(centre: Centre, request: Request) -> Entity:
    """Tell one agent's state."""
    id_ = request.path_params["id"]
    found = centre.live_on().presences.of(id_)
    if found is None:
        raise not_found("user", id_)
    return _state(found, list(_open_sessions(found)))


async def status_query(centre: Centre, request: Request) -> Entity:
    """Tell the state of the first 50 agents that the filters let through."""
    body = await object_body(request)
    wanted = _filter(body, "userFilter", _USER)
    session = _filter(body, "sessionFilter", _SESSION)
    entities = []
    for one in centre.live_on().presences:
        sessions = [row for row in _open_sessions(one) if session(row)]
        if wanted(one) and (sessions or not body.get("sessionFilter")):
            entities.append(_state(one, sessions))
    return {"entities": sorted(entities, key=_order(body))[:_TOP]}


async def users_details(centre: Centre, request: Request) -> Entity:
    """Tell what agents' presence and routing status were in an interval, whole, not cut to it."""
    body = await object_body(request)
    start, end = (to_ms(at) for at in query.interval(body.get("interval")))
    size, number = query.paging(body.get("paging") or {})
    wanted = predicates.all_of(body, "userFilters", {"userId": _USER["userId"]})
    presence = predicates.all_of(body, "presenceFilters", _PRESENCE)
    routing = predicates.all_of(body, "routingStatusFilters", _ROUTING)
    found = []
    for one in centre.live_on().presences:
        if wanted(one):
            detail = _detail(
                one,
                [s for s in _within(one.presence, start, end) if presence(s)],
                [s for s in _within(one.routing, start, end) if routing(s)],
            )
            found += [detail] if len(detail) > 1 else []
    page = found[(number - 1) * size : number * size]
    answer: Entity = {"totalHits": len(found)}
    return answer | ({"userDetails": page} if page else {})


def _state(one: Presence, sessions: list[tuple[str, Session]]) -> Entity:
    agent, presence, routing = one.desk.agent, one.presence[-1], one.routing[-1]
    return {
        "userId": agent.id,
        "divisionId": agent.division_id,
        "userName": agent.name,
        "sessionCount": len(sessions),
        "sessions": [_session(id_, session) for id_, session in sessions],
        "systemPresence": str(presence.value),
        "organizationPresenceId": presence_id(presence.value),
        "presenceDate": moment(presence.start),
        "routingStatus": str(routing.value),
        "routingStatusDate": moment(routing.start),
        "isOutOfOffice": False,
    }


def _session(conversation_id: str, session: Session) -> Entity:
    current = session.segments[-1]
    told = {
        "conversationId": conversation_id,
        "sessionId": session.id,
        "sessionStart": moment(session.segments[0].start),
        "segmentStart": moment(current.start),
        "segmentType": current.segment_type,
        "routedQueueId": session.queue_id,
        "originatingDirection": session.direction,
        "mediaType": session.media,
    }
    return {k: v for k, v in told.items() if v}


def _open_sessions(one: Presence) -> Iterator[tuple[str, Session]]:
    for work in one.works:
        for session in work.participant.sessions:
            if session.open_segment:
                yield work.conversation.id, session


def _detail(one: Presence, presence: list[Spell], routing: list[Spell]) -> Entity:
    detail: Entity = {"userId": one.user_id}
    if presence:
        detail["primaryPresence"] = [
            _record(s, systemPresence=str(s.value), organizationPresenceId=presence_id(s.value))
            for s in presence
        ]
    if routing:
        detail["routingStatus"] = [_record(s, routingStatus=str(s.value)) for s in routing]
    return detail


def _record(spell: Spell, **value: str) -> Entity:
    end = {} if spell.end is None else {"endTime": moment(spell.end)}
    return {"startTime": moment(spell.start), **end, **value}


def _within(spells: Iterable[Spell], start: int, end: int) -> Iterator[Spell]:
    return (s for s in spells if s.start < end and (s.end is None or s.end > start))


def _filter(body: Entity, name: str, vocabulary: dict[str, predicates.Reader]) -> predicates.Test:
    """Read a single filter, which the state query has where other queries have a list."""
    told = body.get(name)
    return predicates.all_of({name: [told] if told else []}, name, vocabulary)


def _order(body: Entity) -> Any:
    by = body.get("userOrderBy") or "userName"
    if by not in {"userName", "presenceDate", "routingStatusDate", "systemPresence"}:
        raise bad_request(f"userOrderBy {by!r} is not known to the simulator")
    return lambda entity: (entity[by], entity["userId"])


ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("GET", "/api/v2/analytics/agents/{id}/status", status),
    ("POST", "/api/v2/analytics/agents/status/query", status_query),
    ("POST", "/api/v2/analytics/users/details/query", users_details),
)
