"""Integrations, their credentials and their data actions, as an administrator sets them up."""

import re
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request

from simulator.api.answers import Centre, Handler, json_body
from simulator.api.errors import ApiError, bad_request, not_found
from simulator.api.listings import page
from simulator.automation import firing
from simulator.automation.store import Entity, new_id

_BASE: Final = "/api/v2/integrations"
_TYPES: Final[dict[str, Entity]] = {
    "custom-rest-actions": {
        "id": "custom-rest-actions",
        "name": "Web Services Data Actions",
        "provider": "clientapps",
        "credentials": {
            "basicAuth": {
                "required": False,
                "title": "Credentials",
                "credentialTypes": ["basicAuth", "userDefined", "userDefinedOAuth"],
            }
        },
    }
}
_CREDENTIAL_TYPES: Final = ("userDefined", "userDefinedOAuth", "basicAuth")
_METHODS: Final = frozenset(("GET", "PUT", "POST", "PATCH", "DELETE", "HEAD"))
_STATES: Final = frozenset(("ENABLED", "DISABLED"))


# -- integrations ----------------------------------------------------------------------------
async def list_types(centre: Centre, request: Request) -> Entity:
    return page(request, list(_TYPES.values()))


async def read_type(centre: Centre, request: Request) -> Entity:
    return _known(_TYPES, request, "integrationType")


async def list_integrations(centre: Centre, request: Request) -> Entity:
    return page(request, list(centre.automation.integrations.values()))


async def add_integration(centre: Centre, request: Request) -> Entity:
    body = await _object(request)
    kind = (body.get("integrationType") or {}).get("id")
    if kind not in _TYPES:
        raise bad_request(f"integrationType.id {kind!r} is not available to this organization")
    id_ = new_id()
    name = body.get("name") or _TYPES[kind]["name"]
    centre.automation.configs[id_] = {
        "id": "current",
        "name": name,
        "version": 1,
        "properties": {},
        "advanced": {},
        "notes": "",
        "credentials": {},
    }
    made = centre.automation.integrations[id_] = {
        "id": id_,
        "name": name,
        "integrationType": {"id": kind},
        "notes": "",
        "intendedState": "DISABLED",
        "reportedState": {"code": "INACTIVE", "effective": "Inactive"},
        "selfUri": f"{_BASE}/{id_}",
    }
    return made


async def read_integration(centre: Centre, request: Request) -> Entity:
    return _known(centre.automation.integrations, request, "integration")


async def change_integration(centre: Centre, request: Request) -> Entity:
    known = _known(centre.automation.integrations, request, "integration")
    state = (await _object(request)).get("intendedState")
    if state not in _STATES:
        raise bad_request(f"intendedState {state!r} must be ENABLED or DISABLED")
    known["intendedState"] = state
    code = "ACTIVE" if state == "ENABLED" else "INACTIVE"
    known["reportedState"] = {"code": code, "effective": code.capitalize()}
    _fire(centre)
    return known


async def delete_integration(centre: Centre, request: Request) -> Entity:
    known = _known(centre.automation.integrations, request, "integration")
    del centre.automation.integrations[known["id"]], centre.automation.configs[known["id"]]
    actions = centre.automation.actions
    for id_ in [id_ for id_, each in actions.items() if each["integrationId"] == known["id"]]:
        del actions[id_]
    _fire(centre)
    return known


async def read_config(centre: Centre, request: Request) -> Entity:
    return _known(centre.automation.configs, request, "integration")


async def put_config(centre: Centre, request: Request) -> Entity:
    known, body = _known(centre.automation.configs, request, "integration"), await _object(request)
    _same_version(known, body)
    places = _TYPES["custom-rest-actions"]["credentials"]
    for place, named in (body.get("credentials") or {}).items():
        if place not in places or named.get("id") not in centre.automation.credentials:
            raise bad_request(f"credentials.{place}: there is no such place or credential")
    wanted = ("name", "properties", "advanced", "notes", "credentials")
    known |= {key: body[key] for key in wanted if key in body} | {"version": known["version"] + 1}
    centre.automation.integrations[request.path_params["id"]]["name"] = known["name"]
    _fire(centre)
    return known


# -- credentials -----------------------------------------------------------------------------
async def list_credentials(centre: Centre, request: Request) -> Entity:
    return page(request, list(centre.automation.credentials.values()))


async def add_credential(centre: Centre, request: Request) -> Entity:
    return _write_credential(centre, new_id(), await _object(request))


async def put_credential(centre: Centre, request: Request) -> Entity:
    known = _known(centre.automation.credentials, request, "credential")
    return _write_credential(centre, known["id"], await _object(request))


async def delete_credential(centre: Centre, request: Request) -> Entity:
    known = _known(centre.automation.credentials, request, "credential")
    used = (c["credentials"].values() for c in centre.automation.configs.values())
    if any(each["id"] == known["id"] for named in used for each in named):
        raise ApiError(409, "resource.in.use", "The credential is used by an integration")
    del centre.automation.credentials[known["id"]], centre.automation.secrets[known["id"]]
    return {}


def _write_credential(centre: Centre, id_: str, body: Entity) -> Entity:
    kind = (body.get("type") or {}).get("name")
    fields = body.get("credentialFields")
    if kind not in _CREDENTIAL_TYPES or not body.get("name") or not isinstance(fields, dict):
        raise bad_request("A credential needs a name, type.name and credentialFields")
    centre.automation.secrets[id_] = {str(k): str(v) for k, v in fields.items()}
    told = {"id": id_, "name": body["name"], "type": {"name": kind}}
    centre.automation.credentials[id_] = told | {"selfUri": f"{_BASE}/credentials/{id_}"}
    _fire(centre)
    return centre.automation.credentials[id_]


# -- data actions ----------------------------------------------------------------------------
async def list_actions(centre: Centre, request: Request) -> Entity:
    name = request.query_params.get("name", "").lower()
    found = [each for each in centre.automation.actions.values() if name in each["name"].lower()]
    return page(request, [_brief(each) for each in found])


async def add_action(centre: Centre, request: Request) -> Entity:
    body = await _object(request)
    if body.get("integrationId") not in centre.automation.integrations:
        raise bad_request(f"integrationId {body.get('integrationId')!r} is not known")
    _check(body)
    id_ = f"custom_-_{new_id()}"
    made = {key: body[key] for key in ("name", "category", "integrationId", "config", "contract")}
    centre.automation.actions[id_] = {"id": id_, "version": 1, "secure": False, **made}
    _fire(centre)
    return _told(centre.automation.actions[id_])


async def read_action(centre: Centre, request: Request) -> Entity:
    known = _known(centre.automation.actions, request, "action")
    query = request.query_params
    told = _told(known) if query.get("includeConfig") == "true" else _brief(known)
    return told | ({"contract": known["contract"]} if query.get("expand") == "contract" else {})


async def read_template(centre: Centre, request: Request) -> str:
    config = _known(centre.automation.actions, request, "action")["config"]
    match request.path_params["file"].lower():
        case "requesttemplate.vm":
            return str(config["request"]["requestTemplate"])
        case "successtemplate.vm":
            return str(config["response"]["successTemplate"])
    raise not_found("template", request.path_params["file"])


async def delete_action(centre: Centre, request: Request) -> Entity:
    known = _known(centre.automation.actions, request, "action")
    del centre.automation.actions[known["id"]]
    centre.automation.drafts.pop(known["id"], None)
    _fire(centre)
    return {}


async def add_draft(centre: Centre, request: Request) -> Entity:
    known = _known(centre.automation.actions, request, "action")
    if known["id"] in centre.automation.drafts:
        raise ApiError(409, "draft.exists", "The action has a draft already")
    centre.automation.drafts[known["id"]] = {**known, "version": 1}
    return _told(centre.automation.drafts[known["id"]])


async def read_draft(centre: Centre, request: Request) -> Entity:
    return _told(_known(centre.automation.drafts, request, "draft"))


async def change_draft(centre: Centre, request: Request) -> Entity:
    known, body = _known(centre.automation.drafts, request, "draft"), await _object(request)
    _same_version(known, body)
    _check(known | body)
    wanted = ("name", "category", "config", "contract")
    known |= {key: body[key] for key in wanted if key in body} | {"version": known["version"] + 1}
    return _told(known)


async def publish_draft(centre: Centre, request: Request) -> Entity:
    known = _known(centre.automation.drafts, request, "draft")
    _same_version(known, await _object(request))
    action = centre.automation.actions[known["id"]]
    action |= {**known, "version": action["version"] + 1}
    del centre.automation.drafts[known["id"]]
    _fire(centre)
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
    base = f"{_BASE}/actions/{action['id']}/templates"
    request, response = dict(action["config"]["request"]), dict(action["config"]["response"])
    request["requestTemplateUri"] = f"{base}/requesttemplate.vm"
    response["successTemplateUri"] = f"{base}/successtemplate.vm"
    del request["requestTemplate"], response["successTemplate"]
    config = action["config"] | {"request": request, "response": response}
    return _brief(action) | {"config": config}


def _brief(action: Entity) -> Entity:
    names = ("id", "name", "integrationId", "category", "version", "secure")
    return {name: action[name] for name in names} | {"selfUri": f"{_BASE}/actions/{action['id']}"}


# -- all of them -----------------------------------------------------------------------------
def _known(of: dict[str, Entity], request: Request, what: str) -> Entity:
    id_ = request.path_params["id"]
    if id_ not in of:
        raise not_found(what, id_)
    return of[id_]


def _same_version(known: Entity, body: Entity) -> None:
    if body.get("version") != known["version"]:
        raise ApiError(409, "version.conflict", f"The version is {known['version']} by now")


async def _object(request: Request) -> Entity:
    body: Any = await json_body(request)
    if not isinstance(body, dict):
        raise bad_request("The request body must be a JSON object")
    return body


def _fire(centre: Centre) -> None:
    firing.follow(centre.triggered, centre.automation)


ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("GET", f"{_BASE}/types", list_types),
    ("GET", f"{_BASE}/types/{{id}}", read_type),
    ("GET", f"{_BASE}/credentials", list_credentials),
    ("POST", f"{_BASE}/credentials", add_credential),
    ("PUT", f"{_BASE}/credentials/{{id}}", put_credential),
    ("DELETE", f"{_BASE}/credentials/{{id}}", delete_credential),
    ("GET", f"{_BASE}/actions", list_actions),
    ("POST", f"{_BASE}/actions", add_action),
    ("GET", f"{_BASE}/actions/{{id}}", read_action),
    ("DELETE", f"{_BASE}/actions/{{id}}", delete_action),
    ("GET", f"{_BASE}/actions/{{id}}/templates/{{file}}", read_template),
    ("POST", f"{_BASE}/actions/{{id}}/draft", add_draft),
    ("GET", f"{_BASE}/actions/{{id}}/draft", read_draft),
    ("PATCH", f"{_BASE}/actions/{{id}}/draft", change_draft),
    ("POST", f"{_BASE}/actions/{{id}}/draft/publish", publish_draft),
    ("GET", _BASE, list_integrations),
    ("POST", _BASE, add_integration),
    ("GET", f"{_BASE}/{{id}}", read_integration),
    ("PATCH", f"{_BASE}/{{id}}", change_integration),
    ("DELETE", f"{_BASE}/{{id}}", delete_integration),
    ("GET", f"{_BASE}/{{id}}/config/current", read_config),
    ("PUT", f"{_BASE}/{{id}}/config/current", put_config),
)
