"""How a request becomes an answer: correlation, faults, token, budget, the handler, errors."""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chrono.instants import to_ms
from simulator.api.access import Access
from simulator.api.channels import Channels
from simulator.api.errors import ApiError, bad_credentials, bad_request
from simulator.api.faults import Faults, Rule, reordered, with_null_enums, with_shifted_total
from simulator.api.permissions import Permissions
from simulator.automation import firing
from simulator.automation.store import Store
from simulator.clock import Clock, ManualClock
from simulator.jobs import Jobs
from simulator.lag import as_of
from simulator.push.push import Push
from simulator.world import World
from simulator.world.records import Conversation

_ENCODE = msgspec.json.Encoder().encode
_DROPPED = "simulator.dropped"
SEND = "simulator.send"  # the server's own send, for whoever must go below ASGI
_FAULT = "simulator.fault"
_PIECES = 20
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
    jobs: Jobs = field(default_factory=Jobs)
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

    def live_on_by_itself(self) -> None:
        """Live on as the clock runs; a manual one is left to whoever moves it."""
        if not isinstance(self.clock, ManualClock):
            self.live_on()

    def follow_triggers(self) -> None:
        """Send from now on what the triggers ask for that are set up now."""
        firing.follow(self.triggered, self.automation)

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


class Told(NamedTuple):
    """A handler's answer with a status of its own."""

    value: Any
    status: int


Handler = Callable[[Centre, Request], Awaitable[Any]]
Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(centre: Centre, handler: Handler) -> Endpoint:
    """Wrap a handler that returns a JSON value into what the platform does around it."""

    async def answer(request: Request) -> Response:
        correlation_id = str(uuid4())
        headers = {"ININ-Correlation-Id": correlation_id}
        rule = _befall(centre, request)
        headers |= _date(centre, rule)
        try:
            early = await _before(rule, request, centre)
            if early:
                return early
            token = centre.access.admit(request.headers.get("authorization", ""))
            centre.access.count(token)
            headers |= centre.access.headers(token)
            centre.permissions.check(request.method, request.url.path)
            value = await handler(centre, request)
            return _after(rule, request, value, headers, centre)
        except ApiError as error:
            body = _ENCODE(error.body(correlation_id))
            return _json(body, headers | error.headers, status=error.status)

    return answer


def open_endpoint(centre: Centre, handler: Handler) -> Endpoint:
    """Wrap a handler that needs no token: the control surface and the token's own endpoint."""

    async def answer(request: Request) -> Response:
        rule = _befall(centre, request)
        date = _date(centre, rule)
        try:
            early = await _before(rule, request, centre)
            return early or _after(rule, request, await handler(centre, request), date, centre)
        except ApiError as error:
            return _json(_ENCODE(error.body("")), date | error.headers, status=error.status)

    return answer


async def json_body(request: Request) -> Any:
    """Read the JSON of a request. Raises ApiError (400) where it is none."""
    try:
        return msgspec.json.decode(await request.body())
    except msgspec.DecodeError as error:
        raise bad_request(f"The request body is not JSON: {error}") from error


async def object_body(request: Request) -> dict[str, Any]:
    """Read the JSON object of a request. Raises ApiError (400) where it is none."""
    body = await json_body(request)
    if not isinstance(body, dict):
        raise bad_request("The request body must be a JSON object")
    return body


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


def fault_of(request: Request) -> str:
    """Return the kind of the fault that befell a request, for handlers that make it happen."""
    kind: str = request.scope.get(_FAULT, "")
    return kind


def _befall(centre: Centre, request: Request) -> Rule | None:
    rule = centre.faults.of(request.method, request.url.path)
    request.scope[_FAULT] = rule.kind if rule else ""
    return rule


def _date(centre: Centre, rule: Rule | None) -> dict[str, str]:
    """Return the Date header: the centre's own time, unless a fault puts its clock wrong."""
    ahead = timedelta(seconds=rule.seconds if rule and rule.kind == "skew" else 0)
    return {"Date": format_datetime(centre.clock.now() + ahead, usegmt=True)}


async def _before(rule: Rule | None, request: Request, centre: Centre) -> Response | None:
    """Let happen what a fault does in place of the answer."""
    match rule.kind if rule else "":
        case "error" if rule:
            raise _told_to_fail(rule, centre)
        case "error_body" if rule:
            body = _ENCODE(_told_to_fail(rule, centre).body(str(uuid4())))
            return _json(body, {})
        case "drop":
            return drop(request)
        case "html":
            return Response(_HTML, media_type="text/html")
        case "revoke":
            centre.access.revoke_all()
        case "hang" if rule:
            await asyncio.sleep(rule.seconds)
    return None


def _told_to_fail(rule: Rule, centre: Centre) -> ApiError:
    headers = {}
    if rule.retry_after is not None:
        at = centre.clock.now() + timedelta(seconds=rule.retry_after)
        date = format_datetime(at.replace(microsecond=0), usegmt=True)
        headers["Retry-After"] = date if rule.as_date else str(rule.retry_after)
    elif rule.reset is not None:
        headers["inin-ratelimit-reset"] = str(rule.reset)
    wording = "The simulator was told to fail"
    return ApiError(rule.status, _code(rule.status), wording, headers=headers)


def _after(
    rule: Rule | None, request: Request, value: Any, headers: dict[str, str], centre: Centre
) -> Response:
    """Send the right answer, or what a fault makes of it."""
    value, status = value if isinstance(value, Told) else (value, 200)
    if rule and rule.kind == "drop_after":
        return drop(request)
    if status == 204:  # noqa: PLR2004 - no content
        return Response(None, status, headers)
    body = _ENCODE(value)
    match rule.kind if rule else "":
        case "null_enums":
            body = _ENCODE(with_null_enums(value))
        case "reordered":
            body = _ENCODE(reordered(value, centre.faults.shape))
        case "shifting_total":
            body = _ENCODE(with_shifted_total(value, centre.faults.shape))
        case "truncated":
            body = body[: max(len(body) // 2, 1)]
        case "trickle" if rule:
            pieces = _trickle(body, rule.seconds)
            return StreamingResponse(pieces, status, headers, media_type="application/json")
    return _json(body, headers, status=status)


async def _trickle(body: bytes, seconds: float) -> AsyncIterator[bytes]:
    size = max(len(body) // _PIECES, 1)
    for start in range(0, len(body), size):
        yield body[start : start + size]
        await asyncio.sleep(seconds / _PIECES)


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


def drop(request: Request) -> Response:
    """Return what DropsConnections closes the connection for."""
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
