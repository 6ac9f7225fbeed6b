"""How a request becomes an answer: correlation, faults, token, budget, the handler, errors."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chrono.instants import to_ms
from simulator.api.access import Access
from simulator.api.channels import Channels
from simulator.api.errors import ApiError, bad_credentials, bad_request
from simulator.api.faults import Faults, Rule, with_null_enums
from simulator.api.permissions import Permissions
from simulator.automation.store import Store
from simulator.clock import Clock
from simulator.lag import as_of
from simulator.push.push import Push
from simulator.world import World
from simulator.world.records import Conversation

_ENCODE = msgspec.json.Encoder().encode
_DROPPED = "simulator.dropped"
SEND = "simulator.send"  # the server's own send, for whoever must go below ASGI
_HTML = b"<!doctype html><title>Maintenance</title><h1>We will be back shortly</h1>"


@dataclass(slots=True)
class Centre:
    """What the answers are made of: the world, its clock, and what clients may do."""

    world: World
    clock: Clock
    access: Access = field(default_factory=Access)
    faults: Faults = field(default_factory=Faults)
    channels: Channels = field(default_factory=Channels)
    erasures: list[dict[str, Any]] = field(default_factory=list)
    clients: dict[str, str] = field(default_factory=lambda: {"simulator": "simulator"})
    lag: timedelta = timedelta()  # by which analytics is behind
    permissions: Permissions = field(default_factory=Permissions)
    automation: Store = field(default_factory=Store)
    push: Push = field(init=False)
    triggered: Push = field(init=False)  # what the triggers send that a client has set up

    def __post_init__(self) -> None:
        self.push = Push(self.world)
        self.triggered = Push(self.world)

    def live_on(self) -> World:
        """Bring the world up to the present of its clock."""
        self.world.advance_to(self.clock.now())
        return self.world

    def conversation(self, id_: str) -> Conversation | None:
        return self.live_on().conversations.get(id_)

    def analytics(self, ids: Iterable[str] | None = None) -> list[Conversation]:
        """Return conversations as analytics shows them: all, or those of ids that it knows."""
        known = self.live_on().conversations
        found = known.values() if ids is None else [known[id_] for id_ in ids if id_ in known]
        if not self.lag:
            return list(found)
        at = to_ms(self.world.now - self.lag)
        return [then for each in found if (then := as_of(each, at))]


Handler = Callable[[Centre, Request], Awaitable[Any]]
Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(centre: Centre, handler: Handler) -> Endpoint:
    """Wrap a handler that returns a JSON value into what the platform does around it."""

    async def answer(request: Request) -> Response:
        correlation_id = str(uuid4())
        headers = {"ININ-Correlation-Id": correlation_id}
        try:
            rule = centre.faults.of(request.method, request.url.path)
            early = await _before(rule, request)
            if early:
                return early
            token = centre.access.admit(request.headers.get("authorization", ""))
            centre.access.count(token)
            headers |= centre.access.headers(token)
            centre.permissions.check(request.method, request.url.path)
            value = await handler(centre, request)
            return _after(rule, request, value, headers)
        except ApiError as error:
            body = _ENCODE(error.body(correlation_id))
            return _json(body, headers | error.headers, status=error.status)

    return answer


def open_endpoint(centre: Centre, handler: Handler) -> Endpoint:
    """Wrap a handler that needs no token: the control surface and the token's own endpoint."""

    async def answer(request: Request) -> Response:
        try:
            rule = centre.faults.of(request.method, request.url.path)
            early = await _before(rule, request)
            return early or _after(rule, request, await handler(centre, request), {})
        except ApiError as error:
            return _json(_ENCODE(error.body("")), error.headers, status=error.status)

    return answer


async def json_body(request: Request) -> Any:
    """Read the JSON of a request. Raises ApiError (400) where it is none."""
    try:
        return msgspec.json.decode(await request.body())
    except msgspec.DecodeError as error:
        raise bad_request(f"The request body is not JSON: {error}") from error


def basic_credentials(request: Request) -> tuple[str, str]:
    """Read client id and secret of a Basic header. Raises ApiError (401) where there are none."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        client, found, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise bad_credentials() from error
    if scheme.lower() != "basic" or not found:
        raise bad_credentials()
    return client, secret


async def _before(rule: Rule | None, request: Request) -> Response | None:
    """Let happen what a fault does in place of the answer."""
    match rule.kind if rule else "":
        case "error" if rule:
            retry = {} if rule.retry_after is None else {"Retry-After": str(rule.retry_after)}
            raise ApiError(
                rule.status, _code(rule.status), "The simulator was told to fail", headers=retry
            )
        case "drop":
            return _dropped(request)
        case "html":
            return Response(_HTML, media_type="text/html")
        case "hang" if rule:
            await asyncio.sleep(rule.seconds)
    return None


def _after(rule: Rule | None, request: Request, value: Any, headers: dict[str, str]) -> Response:
    """Send the right answer, or what a fault makes of it."""
    if rule and rule.kind == "drop_after":
        return _dropped(request)
    if rule and rule.kind == "null_enums":
        value = with_null_enums(value)
    return _json(_ENCODE(value), headers)


async def unknown_path(request: Request, error: Exception) -> Response:
    """Answer for a path or a method that there is not."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    wording = ApiError(status, "not.found", f"There is no {request.method} {request.url.path}")
    return _json(_ENCODE(wording.body(str(uuid4()))), {}, status=status)


def _json(body: bytes, headers: dict[str, str], *, status: int = 200) -> Response:
    return Response(body, status, headers, media_type="application/json")


def _code(status: int) -> str:
    known = {429: "too.many.requests", 503: "service.unavailable", 403: "missing.permissions"}
    return known.get(status, "internal.server.error")


class DropsConnections:
    """Closes the connection of an answer that is marked as dropped, without a byte of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_or_drop(message: Message) -> None:
            if scope.get(_DROPPED):
                _close(send)
            else:
                await send(message)

        scope[SEND] = send
        await self._app(scope, receive, send_or_drop)


def _dropped(request: Request) -> Response:
    request.scope[_DROPPED] = True
    return Response()


def _close(send: Send) -> None:
    """Abort the transport below uvicorn's send: ASGI has no word for it."""
    cycle = getattr(send, "__self__", None)
    if cycle is None:
        raise RuntimeError("dropping a connection needs uvicorn's own send")
    cycle.transport.abort()
    # uvicorn answers 500 where an app returns in silence, unless it knows that the line is dead.
    cycle.disconnected = True
