"""The control surface of what is pushed: /simulator/push."""

import asyncio
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from simulator.api.answers import Centre, Handler, json_body
from simulator.api.errors import bad_request
from simulator.push import plan

Entity = dict[str, Any]


async def read_push(centre: Centre, request: Request) -> Entity:
    """Tell what is pushed where, and what became of it."""
    return centre.push.told()


async def put_push(centre: Centre, request: Request) -> Entity:
    """Follow another plan: {"destinations": [{name, shape, url, token, …}], "faults": {…}}."""
    try:
        found = plan.read(await json_body(request))
    except ValueError as error:
        raise bad_request(str(error)) from error
    centre.live_on()  # what happened until now was not this plan's business
    centre.push.follow(found)
    return centre.push.told()


async def flush_push(centre: Centre, request: Request) -> Entity:
    """Let go what is held back, wait until all has arrived or was given up; tell it as read does.

    ?timeout_s=30 says how many real seconds at most.
    """
    text = request.query_params.get("timeout_s", "30")
    if not text.isdecimal():
        raise bad_request(f"timeout_s {text!r} must be a number of seconds")
    centre.live_on()
    done = await asyncio.to_thread(centre.push.flush, timeout=float(text))
    return centre.push.told() | {"done": done}


ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("GET", "/simulator/push", read_push),
    ("PUT", "/simulator/push", put_push),
    ("POST", "/simulator/push/flush", flush_push),
)
