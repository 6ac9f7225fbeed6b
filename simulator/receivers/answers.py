"""What stands around every receiver: faults, and the log of what took effect."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator.api.answers import drop
from simulator.receivers.faults import Rule
from simulator.receivers.state import Call, Receivers

Tells = Callable[[], datetime]
Handler = Callable[[Receivers, Call], Response]
# Method, path, handler: handlers are called with what was sent, and answer.
Routes = tuple[tuple[str, str, Handler], ...]
HTML: Final = "<html><body><h1>Service unavailable</h1></body></html>"
_ENCODE: Final = msgspec.json.encode


def json(value: object, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(_ENCODE(value), status, media_type="application/json")


def routes(receivers: Receivers, described: Routes) -> list[Route]:
    """Return the routes of receivers, with faults around each."""
    return [Route(path, _around(receivers, handler), methods=[m]) for m, path, handler in described]


def _around(receivers: Receivers, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        rule = receivers.faults.of(request.url.path)
        call = await _call(receivers, request)
        early = await before(rule, request, receivers.clock)
        if early:
            return early
        response = handler(receivers, call)
        if response.status_code < 300:  # noqa: PLR2004 - HTTP's
            receivers.calls.append(call)
        return await after(rule, request, response)

    return answer


async def _call(receivers: Receivers, request: Request) -> Call:
    raw = await request.body()
    try:
        body = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        body = raw.decode(errors="replace")
    url = request.url
    return Call(receivers.clock(), url.path, dict(request.headers), body, raw, url.query)


async def before(rule: Rule | None, request: Request, clock: Tells) -> Response | None:
    """Let happen what a fault does before anything is done; return what it answers instead."""
    if rule is None:
        return None
    if rule.kind == "slow":
        await asyncio.sleep(rule.seconds)
    match rule.kind:
        case "drop":
            found: Response | None = drop(request)
        case "redirect":
            found = RedirectResponse("http://192.0.2.1/elsewhere")
        case "html":
            found = HTMLResponse(HTML, rule.status)
        case "error":
            found = Response("fault", rule.status, _retry_after(rule, clock))
        case _:
            found = None
    return found


async def after(rule: Rule | None, request: Request, response: Response) -> Response:
    """Let happen what a fault does when all is done; return what is answered."""
    if rule and rule.kind == "hang":
        await asyncio.sleep(rule.seconds)
    return drop(request) if rule and rule.kind == "drop_after" else response


def _retry_after(rule: Rule, clock: Tells) -> dict[str, str]:
    if rule.retry_after is None:
        return {}
    if rule.as_date:
        until = clock() + timedelta(seconds=rule.retry_after)
        return {"Retry-After": format_datetime(until, usegmt=True)}
    return {"Retry-After": f"{rule.retry_after:g}"}
