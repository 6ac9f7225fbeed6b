"""Triggers of process automation, checked as the platform checks them, and tried on an event."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request

from simulator.api.answers import Centre, Handler, json_body
from simulator.api.entities import by_name, known_of, same_version
from simulator.api.errors import ApiError, bad_request
from simulator.automation import firing
from simulator.automation.store import Entity, new_id

_BASE: Final = "/api/v2/processautomation/triggers"
_DETAIL: Final = "v2.detail.events.conversation.{id}."
_EVENTS: Final = (
    *("customer.start", "customer.end", "acd.start", "acd.end", "user.start", "user.end"),
    *("acw", "wrapup", "attributes", "outbound", "voicemail.start", "voicemail.end"),
)
# Neither users' conversations nor flow events are offered to triggers.
TOPICS: Final = (
    *(_DETAIL + each for each in _EVENTS),
    "v2.users.{id}.activity",
    "v2.quality.evaluations",
    "v2.operations.events.{id}",
)
_OPERATORS: Final = frozenset(
    (
        *("GreaterThanOrEqual", "LessThanOrEqual", "Equal", "NotEqual", "LessThan", "GreaterThan"),
        *("NotIn", "In", "Contains", "All", "Exists", "Size"),
    )
)
_FORMATS: Final = frozenset(("Json", "TopLevelPrimitives"))
_LEAST_TTL: Final = 10
_DELAYS: Final = range(60, 901)
_LONGEST_DESCRIPTION: Final = 512
_FIELDS: Final = (
    *("name", "topicName", "target", "enabled", "matchCriteria", "description"),
    *("eventTTLSeconds", "delayBySeconds"),
)


async def list_triggers(centre: Centre, request: Request) -> Entity:
    """Tell the triggers, in pages by cursor."""
    size = int(request.query_params.get("pageSize", "25"))
    at = int(request.query_params.get("after", "0"))
    found = by_name(centre.automation.triggers.values())
    answer: Entity = {"entities": found[at : at + size], "selfUri": _BASE}
    if at + size < len(found):
        answer["nextUri"] = f"{_BASE}?pageSize={size}&after={at + size}"
    return answer


async def list_topics(centre: Centre, request: Request) -> Entity:
    return {"entities": list(TOPICS), "selfUri": f"{_BASE}/topics"}


async def add_trigger(centre: Centre, request: Request) -> Entity:
    body = await _checked(centre, request)
    if any(each["name"] == body["name"] for each in centre.automation.triggers.values()):
        raise ApiError(409, "duplicate.name", f"There is a trigger with the name {body['name']!r}")
    id_ = new_id()
    return _write(centre, id_, body | {"version": 1})


async def read_trigger(centre: Centre, request: Request) -> Entity:
    return _known(centre, request)


async def put_trigger(centre: Centre, request: Request) -> Entity:
    known, body = _known(centre, request), await _checked(centre, request)
    same_version(known, await json_body(request))
    if body["topicName"] != known["topicName"]:
        raise bad_request("topicName cannot be changed")
    return _write(centre, known["id"], body | {"version": known["version"] + 1})


async def delete_trigger(centre: Centre, request: Request) -> Entity:
    del centre.automation.triggers[_known(centre, request)["id"]]
    centre.follow_triggers()
    return {}


async def try_trigger(centre: Centre, request: Request) -> Entity:
    """Tell whether an event that is given in the body would fire a trigger."""
    known, event = _known(centre, request), await json_body(request)
    if not isinstance(event, dict):
        raise bad_request("The body must be the JSON object of an event")
    wanted = firing.criteria(known.get("matchCriteria") or ())
    flow = centre.automation.flows.get(known["target"]["id"])
    return {
        "triggerMatches": all(event.get(name) in values for name, values in wanted.items()),
        "targetValidation": {"valid": flow is not None},
    }


async def _checked(centre: Centre, request: Request) -> Entity:
    """Read a trigger from a body. Raises ApiError (400) where the platform refuses it."""
    body: Any = await json_body(request)
    if not isinstance(body, dict) or not body.get("name"):
        raise bad_request("A trigger needs a name")
    if body.get("topicName") not in TOPICS:
        raise bad_request(f"topicName {body.get('topicName')!r} is not a topic of triggers")
    target = body.get("target") or {}
    settings = target.get("workflowTargetSettings") or {"dataFormat": "TopLevelPrimitives"}
    if target.get("type") != "Workflow" or settings.get("dataFormat") not in _FORMATS:
        raise bad_request("target.type must be Workflow, its dataFormat Json or TopLevelPrimitives")
    if target.get("id") not in centre.automation.flows:
        raise bad_request(f"target.id {target.get('id')!r} is no published workflow")
    _check_times(body)
    _check_criteria(body.get("matchCriteria") or [])
    if len(body.get("description") or "") > _LONGEST_DESCRIPTION:
        raise bad_request(f"description has more than {_LONGEST_DESCRIPTION} characters")
    return {key: body[key] for key in _FIELDS if body.get(key) is not None}


def _check_times(body: Entity) -> None:
    ttl, delay = body.get("eventTTLSeconds"), body.get("delayBySeconds")
    if ttl is not None and delay is not None:
        raise bad_request("Only one of eventTTLSeconds and delayBySeconds can be set")
    if ttl is not None and ttl < _LEAST_TTL:
        raise bad_request(f"eventTTLSeconds must be {_LEAST_TTL} or more")
    if delay is not None and delay not in _DELAYS:
        raise bad_request("delayBySeconds must be from 60 to 900")


def _check_criteria(given: Any) -> None:
    for each in given:
        operator = each.get("operator")
        if not each.get("jsonPath") or operator not in _OPERATORS:
            raise bad_request(f"matchCriteria: jsonPath or operator {operator!r} is wrong")
        needed = "values" if operator in {"In", "NotIn", "All"} else "value"
        if needed not in each:
            raise bad_request(f"matchCriteria: operator {operator} needs {needed}")


def _write(centre: Centre, id_: str, body: Entity) -> Entity:
    usual = {"enabled": True, "matchCriteria": []}
    centre.automation.triggers[id_] = {"id": id_, **usual, **body, "selfUri": f"{_BASE}/{id_}"}
    centre.follow_triggers()
    return centre.automation.triggers[id_]


def _known(centre: Centre, request: Request) -> Entity:
    return known_of(centre.automation.triggers, request, "trigger")


# -- the control surface ---------------------------------------------------------------------
async def read_triggered(centre: Centre, request: Request) -> Entity:
    """Tell what the triggers have sent where, and what became of it."""
    return centre.triggered.told()


async def flush_triggered(centre: Centre, request: Request) -> Entity:
    """Wait until all has arrived or was given up; tell it as read does."""
    centre.live_on()
    done = await asyncio.to_thread(centre.triggered.flush, timeout=30.0)
    return centre.triggered.told() | {"done": done}


ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("GET", f"{_BASE}/topics", list_topics),
    ("GET", _BASE, list_triggers),
    ("POST", _BASE, add_trigger),
    ("GET", f"{_BASE}/{{id}}", read_trigger),
    ("PUT", f"{_BASE}/{{id}}", put_trigger),
    ("DELETE", f"{_BASE}/{{id}}", delete_trigger),
    ("POST", f"{_BASE}/{{id}}/test", try_trigger),
)
CONTROL: Sequence[tuple[str, str, Handler]] = (
    ("GET", "/simulator/triggered", read_triggered),
    ("POST", "/simulator/triggered/flush", flush_triggered),
)
