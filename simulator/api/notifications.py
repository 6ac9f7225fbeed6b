"""The notifications endpoints: channels, their topics, what topics there are."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request

from chrono.instants import from_ms, isoformat
from simulator.api.access import Token
from simulator.api.answers import Centre, Handler, json_body
from simulator.api.channels import TOPICS, Channel, Rules, Topic
from simulator.api.errors import bad_request

Entity = dict[str, Any]
_PATH: Final = "/api/v2/notifications/channels"


async def open_channel(centre: Centre, request: Request) -> Entity:
    token = _token(centre, request)
    return _channel(centre.channels.open(client=token.client, token=token.value), request)


async def list_channels(centre: Centre, request: Request) -> Entity:
    mine = centre.channels.of(_token(centre, request).client)
    return {"entities": [_channel(each, request) for each in mine]}


async def verify_channel(centre: Centre, request: Request) -> Entity:
    """Answer 200 or 404: nothing else is asked."""
    _of(centre, request)
    return {}


async def list_topics(centre: Centre, request: Request) -> Entity:
    channel = _of(centre, request)
    return {"entities": [{"id": name, "state": "Permitted"} for name in channel.topics]}


async def add_topics(centre: Centre, request: Request) -> Entity:
    return await _subscribe(centre, request, replace=False)


async def replace_topics(centre: Centre, request: Request) -> Entity:
    return await _subscribe(centre, request, replace=True)


async def clear_topics(centre: Centre, request: Request) -> Entity:
    centre.channels.clear(_of(centre, request))
    return {}


async def _subscribe(centre: Centre, request: Request, *, replace: bool) -> Entity:
    body = await json_body(request)
    if not isinstance(body, list) or not all(isinstance(each, dict) for each in body):
        raise bad_request('The body must be a list of {"id": topic}')
    told = centre.channels.subscribe(
        _of(centre, request),
        [str(each.get("id", "")) for each in body],
        replace=replace,
        lenient=request.query_params.get("ignoreErrors", "").lower() == "true",
    )
    return {"entities": told}


async def available_topics(centre: Centre, request: Request) -> Entity:
    """Tell which topics there are: names, and of the rest what expand asks for."""
    query = request.query_params
    expand = {name for text in query.getlist("expand") for name in text.split(",")}
    preview = query.get("includePreview", "").lower() == "true"
    offered = [t for t in TOPICS if centre.channels.offers(t) and (preview or not t.preview)]
    return {"entities": [_available(each, expand) for each in offered]}


async def read_rules(centre: Centre, request: Request) -> Rules:
    return centre.channels.rules


async def put_rules(centre: Centre, request: Request) -> Rules:
    """Replace the rules by which sockets misbehave: see channels.Rules; {} ends all faults."""
    centre.channels.put_rules(await json_body(request))
    return centre.channels.rules


def _available(topic: Topic, expand: set[str]) -> Entity:
    more: Entity = {
        "requiresPermissions": [topic.permission],
        "permissionDetails": [{"type": "requiresPermissions", "permissions": [topic.permission]}],
        "requiresDivisionPermissions": False,
        "requiresCurrentUser": False,
        "enforced": True,
        "visibility": "Preview" if topic.preview else "Public",
        "transports": list(topic.transports),
        "topicParameters": ["id"] if "{id}" in topic.id else [],
    }
    chosen = {name: value for name, value in more.items() if name in expand}
    return {"id": topic.id, "description": topic.description, **chosen}


def _channel(channel: Channel, request: Request) -> Entity:
    return {
        "id": channel.id,
        "connectUri": f"ws://{request.url.netloc}/channels/{channel.id}",
        "expires": isoformat(from_ms(int(channel.expires * 1000))),
    }


def _of(centre: Centre, request: Request) -> Channel:
    return centre.channels.get(request.path_params["id"])


def _token(centre: Centre, request: Request) -> Token:
    return centre.access.admit(request.headers.get("authorization", ""))


ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("POST", _PATH, open_channel),
    ("GET", _PATH, list_channels),
    ("HEAD", f"{_PATH}/{{id}}", verify_channel),
    ("GET", f"{_PATH}/{{id}}/subscriptions", list_topics),
    ("POST", f"{_PATH}/{{id}}/subscriptions", add_topics),
    ("PUT", f"{_PATH}/{{id}}/subscriptions", replace_topics),
    ("DELETE", f"{_PATH}/{{id}}/subscriptions", clear_topics),
    ("GET", "/api/v2/notifications/availabletopics", available_topics),
)
CONTROL: Sequence[tuple[str, str, Handler]] = (
    ("GET", "/simulator/sockets", read_rules),
    ("PUT", "/simulator/sockets", put_rules),
)
