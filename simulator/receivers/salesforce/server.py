"""Serving an organisation over HTTP, on loopback."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qs, unquote

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.api.answers import DropsConnections
from simulator.clock import Clock
from simulator.receivers import answers
from simulator.receivers.salesforce import dispatch, login
from simulator.receivers.salesforce.asks import Answer, Ask
from simulator.receivers.salesforce.errors import SalesforceError
from simulator.receivers.salesforce.org import Org
from simulator.receivers.salesforce.rest import VERSIONS
from simulator.receivers.server import running

_DATA: Final = "/services/data"
_LONGEST: Final = 16_384  # characters of an address
_METHODS: Final = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"]
Handler = Callable[[Org, Request, bytes], Answer]


@dataclass(frozen=True, slots=True)
class Served:
    """A running organisation: where it listens, and what it knows."""

    url: str
    org: Org


def routes(org: Org) -> list[Route]:
    """Return what an organisation answers to: /services/…, for an application of others too.

    Around that there must be DropsConnections. Where it is mounted under a prefix, the prefix is
    part of instance_url.
    """
    return [
        Route(login.TOKEN, _around(org, login.token), methods=["POST"]),
        Route(login.SOAP, _around(org, login.soap), methods=["POST"]),
        Route(_DATA, _around(org, _versions), methods=["GET"]),
        Route(f"{_DATA}/{{rest:path}}", _around(org, _data), methods=_METHODS),
    ]


@contextmanager
def serving(clock: Clock) -> Iterator[Served]:
    """Serve a new organisation in a thread, on a free port, as long as the block lasts."""
    org = Org(clock.now)
    with running(DropsConnections(Starlette(routes=routes(org)))) as url:
        org.auth.audiences.add(url)
        yield Served(url, org)


def _around(org: Org, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        rule = org.faults.http.of(request.url.path)
        raw = await request.body()
        early = await answers.before(rule, request, org.clock)
        if early:
            return early
        with org.lock:
            told = handler(org, request, raw)
        return await answers.after(rule, request, _response(told))

    return answer


def _response(told: Answer) -> Response:
    if told.value is None:
        return Response(None, told.status, dict(told.headers))
    text = told.media != "application/json"
    body = told.value if text else msgspec.json.encode(told.value)
    return Response(body, told.status, dict(told.headers), media_type=told.media)


def _versions(org: Org, request: Request, raw: bytes) -> Answer:
    told = [{"label": v, "url": f"{_DATA}/v{v}", "version": v} for v in VERSIONS]
    return Answer(200, told)


def _data(org: Org, request: Request, raw: bytes) -> Answer:
    """Answer what needs a session and counts towards the limit."""
    if len(str(request.url)) > _LONGEST:
        return Answer(414, "<h1>URI Too Long</h1>", media="text/html")
    try:
        if org.faults.expires():
            org.auth.expire()
        user = org.auth.admit(request.headers.get("authorization", ""))
        org.limits.count(org.now())
        if org.catch_up:
            org.catch_up()
    except SalesforceError as error:
        return Answer(error.status, error.body())
    told = dispatch.answer(_ask(org, request, raw, user))
    return replace(told, headers=dict(told.headers) | org.limits.header())


def _ask(org: Org, request: Request, raw: bytes, user: str) -> Ask:
    """Read a request. Its path is split before it is decoded: a key may hold an encoded slash."""
    path = request.scope["raw_path"].decode("ascii", "replace")
    below = path.partition(f"{_DATA}/")[2]
    version, *parts = [part for part in below.split("/") if part] or [""]
    query: dict[str, Any] = parse_qs(request.url.query, keep_blank_values=True)
    return Ask(
        org,
        request.method,
        version.removeprefix("v"),
        tuple(unquote(part) for part in parts),
        {name: values[-1] for name, values in query.items()},
        dict(request.headers),
        raw,
        user,
    )
