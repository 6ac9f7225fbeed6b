"""Data actions: published, drafted, told."""

import re
from collections.abc import Sequence
from typing import Final

from starlette.requests import Request

from simulator.api.answers import Centre, Handler, object_body
from simulator.api.entities import by_name, known_of, page, same_version
from simulator.api.errors import ApiError, bad_request, not_found
from simulator.api.integrations import BASE
from simulator.automation.store import Entity, new_id

_METHODS: Final = frozenset(("GET", "PUT", "POST", "PATCH", "DELETE", "HEAD"))


async def list_actions(centre: Centre, request: Request) -> Entity:
    name = request.query_params.get("name", "").lower()
    found = [each for each in centre.automation.actions.values() if name in each["name"].lower()]
    return page(request, [_brief(each) for each in by_name(found)])


async def add_action(centre: Centre, request: Request) -> Entity:
    body = await object_body(request)
    if body.get("integrationId") not in centre.automation.integrations:
        raise bad_request(f"integrationId {body.get('integrationId')!r} is not known")
    _check(body)
    id_ = f"custom_-_{new_id()}"
    made = {key: body[key] for key in ("name", "category", "integrationId", "config", "contract")}
    centre.automation.actions[id_] = {"id": id_, "version": 1, "secure": False, **made}
    centre.follow_triggers()
    return _told(centre.automation.actions[id_])


async def read_action(centre: Centre, request: Request) -> Entity:
    known = known_of(centre.automation.actions, request, "action")
    query = request.query_params
    told = _told(known) if query.get("includeConfig") == "true" else _brief(known)
    return told | ({"contract": known["contract"]} if query.get("expand") == "contract" else {})


async def read_template(centre: Centre, request: Request) -> str:
    config = known_of(centre.automation.actions, request, "action")["config"]
    match request.path_params["file"].lower():
        case "requesttemplate.vm":
            return str(config["request"]["requestTemplate"])
        case "successtemplate.vm":
            return str(config["response"]["successTemplate"])
    raise not_found("template", request.path_params["file"])


async def delete_action(centre: Centre, request: Request) -> Entity:
    known = known_of(centre.automation.actions, request, "action")
    del centre.automation.actions[known["id"]]
    centre.automation.drafts.pop(known["id"], None)
    centre.follow_triggers()
    return {}


async def add_draft(centre: Centre, request: Request) -> Entity:
    known = known_of(centre.automation.actions, request, "action")
    if known["id"] in centre.automation.drafts:
        raise ApiError(409, "draft.exists", "The action has a draft already")
    centre.automation.drafts[known["id"]] = {**known, "version": 1}
    return _told(centre.automation.drafts[known["id"]])


async def read_draft(centre: Centre, request: Request) -> Entity:
    return _told(known_of(centre.automation.drafts, request, "draft"))


async def change_draft(centre: Centre, request: Request) -> Entity:
    known, body = known_of(centre.automation.drafts, request, "draft"), await object_body(request)
    same_version(known, body)
    _check(known | body)
    wanted = ("name", "category", "config", "contract")
    known |= {key: body[key] for key in wanted if key in body} | {"version": known["version"] + 1}
    return _told(known)


async def publish_draft(centre: Centre, request: Request) -> Entity:
    known = known_of(centre.automation.drafts, request, "draft")
    same_version(known, await object_body(request))
    action = centre.automation.actions[known["id"]]
    action |= {**known, "version": action["version"] + 1}
    del centre.automation.drafts[known["id"]]
    centre.follow_triggers()
    return _told(action)


def _check(body: Entity) -> None:
    """Raise ApiError (400) where an action could not be published."""
    request = (body.get("config") or {}).get("request") or {}
    if not body.get("name") or not body.get("category"):
        raise bad_request("An action needs a name and a category")
    if not re.match(r"https?://[^/]", str(request.get("requestUrlTemplate", ""))):
        raise bad_request("config.request.requestUrlTemplate must be an absolute URL")
    if request.get("requestType") not in _METHODS:
        raise bad_request(
            f"config.request.requestType must be one of {', '.join(sorted(_METHODS))}"
        )
    contract = body.get("contract") or {}
    schema = (contract.get("input") or {}).get("inputSchema") or {}
    if schema.get("type") != "object" or "successSchema" not in (contract.get("output") or {}):
        raise bad_request("contract: inputSchema must be of type object, successSchema be there")


def _told(action: Entity) -> Entity:
    """Tell an action as the platform does: its templates by where they can be read."""
    base = f"{BASE}/actions/{action['id']}/templates"
    request, response = dict(action["config"]["request"]), dict(action["config"]["response"])
    request["requestTemplateUri"] = f"{base}/requesttemplate.vm"
    response["successTemplateUri"] = f"{base}/successtemplate.vm"
    del request["requestTemplate"], response["successTemplate"]
    config = action["config"] | {"request": request, "response": response}
    return _brief(action) | {"config": config}


def _brief(action: Entity) -> Entity:
    names = ("id", "name", "integrationId", "category", "version", "secure")
    return {name: action[name] for name in names} | {"selfUri": f"{BASE}/actions/{action['id']}"}


ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("GET", f"{BASE}/actions", list_actions),
    ("POST", f"{BASE}/actions", add_action),
    ("GET", f"{BASE}/actions/{{id}}", read_action),
    ("DELETE", f"{BASE}/actions/{{id}}", delete_action),
    ("GET", f"{BASE}/actions/{{id}}/templates/{{file}}", read_template),
    ("POST", f"{BASE}/actions/{{id}}/draft", add_draft),
    ("GET", f"{BASE}/actions/{{id}}/draft", read_draft),
    ("PATCH", f"{BASE}/actions/{{id}}/draft", change_draft),
    ("POST", f"{BASE}/actions/{{id}}/draft/publish", publish_draft),
)
