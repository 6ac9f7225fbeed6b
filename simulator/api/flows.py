"""Workflows: listed, and published from YAML by a job, whose file is put to a URL of its own."""

import re
from collections.abc import Sequence
from typing import Final

from starlette.requests import Request

from simulator.api.answers import Centre, Handler
from simulator.api.entities import by_name, known_of, page
from simulator.api.errors import bad_request
from simulator.automation.store import Entity, new_id

_BASE: Final = "/api/v2/flows"
# The header of a flow: what stands two blanks in from the left.
_FIELD: Final = re.compile(r'^  (name|description|division): "?(.*?)"?$', re.MULTILINE)
_ACTION: Final = re.compile(r'dataAction:\s+"([^"]+)":')


async def list_flows(centre: Centre, request: Request) -> Entity:
    query = request.query_params
    kind, name = query.get("type", "").upper(), query.get("name", "").lower()
    found = [
        flow
        for flow in centre.automation.flows.values()
        if kind in {"", flow["type"]} and name in flow["name"].lower()
    ]
    return page(request, by_name(found))


async def read_flow(centre: Centre, request: Request) -> Entity:
    return known_of(centre.automation.flows, request, "flow")


async def delete_flow(centre: Centre, request: Request) -> Entity:
    id_ = known_of(centre.automation.flows, request, "flow")["id"]
    if any(each["target"]["id"] == id_ for each in centre.automation.triggers.values()):
        raise bad_request("The flow is the target of a trigger")
    del centre.automation.flows[id_], centre.automation.sources[id_]
    return {}


async def add_job(centre: Centre, request: Request) -> Entity:
    """Register a job; it runs once its file has come."""
    id_ = new_id()
    centre.automation.jobs[id_] = {"id": id_, "status": "Registered", "command": "Publish"}
    url = f"http://{request.url.netloc}/simulator/uploads/{id_}"
    return {"id": id_, "presignedUrl": url, "headers": {"x-amz-meta-jobid": id_}}


async def read_job(centre: Centre, request: Request) -> Entity:
    return known_of(centre.automation.jobs, request, "job")


async def upload(centre: Centre, request: Request) -> Entity:
    """Take the file of a job, and publish what it holds."""
    job = known_of(centre.automation.jobs, request, "job")
    if request.headers.get("x-amz-meta-jobid") != job["id"]:
        raise bad_request("The upload lacks the headers that its job was given")
    source = (await request.body()).decode()
    reason = _refusal(centre, source)
    if reason:
        job |= {"status": "Failure", "messages": [{"type": "Error", "text": reason}]}
    else:
        job |= {"status": "Success", "flow": {"id": _publish(centre, source)}, "messages": []}
    return {}


def _refusal(centre: Centre, source: str) -> str:
    """Return why a flow cannot be published; "" where it can."""
    told = dict(_FIELD.findall(source))
    divisions = {each.name for each in centre.world.organization.divisions}
    actions = {each["name"] for each in centre.automation.actions.values()}
    unknown = [name for name in _ACTION.findall(source) if name not in actions]
    if not source.startswith("workflow:") or not told.get("name"):
        return "the file holds no workflow with a name"
    if told.get("division") not in divisions:
        return f"there is no division {told.get('division')!r}"
    return f"there is no data action {unknown[0]!r}" if unknown else ""


def _publish(centre: Centre, source: str) -> str:
    told = dict(_FIELD.findall(source))
    flows = centre.automation.flows
    known = next((each for each in flows.values() if each["name"] == told["name"]), None)
    id_ = known["id"] if known else new_id()
    published = (known or {}).get("publishedVersion", {"id": "0.0"})
    version = int(published["id"].split(".")[0]) + 1
    flows[id_] = {
        "id": id_,
        "name": told["name"],
        "description": told.get("description", ""),
        "type": "WORKFLOW",
        "active": True,
        "deleted": False,
        "publishedVersion": {"id": f"{version}.0"},
        "selfUri": f"{_BASE}/{id_}",
    }
    centre.automation.sources[id_] = source
    centre.follow_triggers()
    return str(id_)


ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("GET", _BASE, list_flows),
    ("POST", f"{_BASE}/jobs", add_job),
    ("GET", f"{_BASE}/jobs/{{id}}", read_job),
    ("GET", f"{_BASE}/{{id}}", read_flow),
    ("DELETE", f"{_BASE}/{{id}}", delete_flow),
)
CONTROL: Sequence[tuple[str, str, Handler]] = (("PUT", "/simulator/uploads/{id}", upload),)
