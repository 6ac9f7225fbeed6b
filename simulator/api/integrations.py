"""Integrations and their credentials, as an administrator sets them up."""

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request

from simulator.api.answers import Centre, Handler, object_body
from simulator.api.entities import by_name, known_of, page, same_version
from simulator.api.errors import ApiError, bad_request
from simulator.automation.store import Entity, new_id

BASE: Final = "/api/v2/integrations"
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
_STATES: Final = frozenset(("ENABLED", "DISABLED"))


# -- integrations ----------------------------------------------------------------------------
async def list_types(centre: Centre, request: Request) -> Entity:
    return page(request, by_name(_TYPES.values()))


async def read_type(centre: Centre, request: Request) -> Entity:
    return known_of(_TYPES, request, "integrationType")


async def list_integrations(centre: Centre, request: Request) -> Entity:
    return page(request, by_name(centre.automation.integrations.values()))


async def add_integration(centre: Centre, request: Request) -> Entity:
    body = await object_body(request)
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
        "selfUri": f"{BASE}/{id_}",
    }
    return made


async def read_integration(centre: Centre, request: Request) -> Entity:
    return known_of(centre.automation.integrations, request, "integration")


async def change_integration(centre: Centre, request: Request) -> Entity:
    known = known_of(centre.automation.integrations, request, "integration")
    state = (await object_body(request)).get("intendedState")
    if state not in _STATES:
        raise bad_request(f"intendedState {state!r} must be ENABLED or DISABLED")
    known["intendedState"] = state
    code = "ACTIVE" if state == "ENABLED" else "INACTIVE"
    known["reportedState"] = {"code": code, "effective": code.capitalize()}
    centre.follow_triggers()
    return known


async def delete_integration(centre: Centre, request: Request) -> Entity:
    known = known_of(centre.automation.integrations, request, "integration")
    del centre.automation.integrations[known["id"]], centre.automation.configs[known["id"]]
    actions = centre.automation.actions
    for id_ in [id_ for id_, each in actions.items() if each["integrationId"] == known["id"]]:
        del actions[id_]
    centre.follow_triggers()
    return known


async def read_config(centre: Centre, request: Request) -> Entity:
    return known_of(centre.automation.configs, request, "integration")


async def put_config(centre: Centre, request: Request) -> Entity:
    known = known_of(centre.automation.configs, request, "integration")
    body = await object_body(request)
    same_version(known, body)
    places = _TYPES["custom-rest-actions"]["credentials"]
    for place, named in (body.get("credentials") or {}).items():
        if place not in places or named.get("id") not in centre.automation.credentials:
            raise bad_request(f"credentials.{place}: there is no such place or credential")
    wanted = ("name", "properties", "advanced", "notes", "credentials")
    known |= {key: body[key] for key in wanted if key in body} | {"version": known["version"] + 1}
    centre.automation.integrations[request.path_params["id"]]["name"] = known["name"]
    centre.follow_triggers()
    return known


# -- credentials -----------------------------------------------------------------------------
async def list_credentials(centre: Centre, request: Request) -> Entity:
    return page(request, by_name(centre.automation.credentials.values()))


async def add_credential(centre: Centre, request: Request) -> Entity:
    return _write_credential(centre, new_id(), await object_body(request))


async def put_credential(centre: Centre, request: Request) -> Entity:
    known = known_of(centre.automation.credentials, request, "credential")
    return _write_credential(centre, known["id"], await object_body(request))


async def delete_credential(centre: Centre, request: Request) -> Entity:
    known = known_of(centre.automation.credentials, request, "credential")
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
    centre.automation.credentials[id_] = told | {"selfUri": f"{BASE}/credentials/{id_}"}
    centre.follow_triggers()
    return centre.automation.credentials[id_]


ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("GET", f"{BASE}/types", list_types),
    ("GET", f"{BASE}/types/{{id}}", read_type),
    ("GET", f"{BASE}/credentials", list_credentials),
    ("POST", f"{BASE}/credentials", add_credential),
    ("PUT", f"{BASE}/credentials/{{id}}", put_credential),
    ("DELETE", f"{BASE}/credentials/{{id}}", delete_credential),
    ("GET", BASE, list_integrations),
    ("POST", BASE, add_integration),
    ("GET", f"{BASE}/{{id}}", read_integration),
    ("PATCH", f"{BASE}/{{id}}", change_integration),
    ("DELETE", f"{BASE}/{{id}}", delete_integration),
    ("GET", f"{BASE}/{{id}}/config/current", read_config),
    ("PUT", f"{BASE}/{{id}}/config/current", put_config),
)
