"""The control surface under /simulator: clock, truth, faults. It needs no token."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from starlette.requests import Request

from chrono.instants import isoformat, parse
from simulator.api.answers import Centre, Handler, json_body
from simulator.api.errors import bad_request
from simulator.clock import ManualClock

Entity = dict[str, Any]


class DataFaults(msgspec.Struct, forbid_unknown_fields=True):
    """What goes wrong with the data itself; None leaves it as it is."""

    lag_s: Annotated[float, msgspec.Meta(ge=0)] | None = None
    corrections: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None


async def read_clock(centre: Centre, request: Request) -> Entity:
    """Tell the simulated instant."""
    return {"now": isoformat(centre.clock.now())}


async def move_clock(centre: Centre, request: Request) -> Entity:
    """Move a manual clock: {"advance_s": 60} or {"set": ISO instant}."""
    body = await json_body(request)
    if not isinstance(centre.clock, ManualClock):
        raise bad_request("This clock runs by itself: start with --manual to move it")
    if not isinstance(body, dict):
        raise bad_request('Give {"advance_s": seconds} or {"set": instant}')
    try:
        if "set" in body:
            centre.clock.set(parse(str(body["set"])))
        else:
            centre.clock.advance(float(body["advance_s"]))
    except (KeyError, TypeError, ValueError) as error:
        raise bad_request(f"The clock cannot be moved so: {error}") from error
    centre.live_on()
    return await read_clock(centre, request)


async def read_truth(centre: Centre, request: Request) -> Entity:
    """Tell what a mirror must hold now: of all conversations, or of those of ?id=a,b."""
    ids = [id_ for id_ in request.query_params.get("id", "").split(",") if id_]
    return centre.world.truth(max(centre.clock.now(), centre.world.now), ids=ids)


async def read_faults(centre: Centre, request: Request) -> list[Any]:
    return list(centre.faults.rules)


async def put_faults(centre: Centre, request: Request) -> list[Any]:
    """Replace the rules: the body is a list of them, an empty one ends all faults."""
    centre.faults.put(await json_body(request))
    return await read_faults(centre, request)


async def put_all_faults(centre: Centre, request: Request) -> Entity:
    """Set every fault at a probability: see faults.everything. Tell the rules made of it."""
    centre.faults.put_all(await json_body(request))
    return {"rules": centre.faults.rules}


async def read_befallen(centre: Centre, request: Request) -> Entity:
    """Tell how often each kind of fault has befallen a request since the rules were set."""
    return dict(centre.faults.befallen)


async def revoke_tokens(centre: Centre, request: Request) -> Entity:
    """Make all tokens worthless."""
    return {"revoked": centre.access.revoke_all()}


async def put_limits(centre: Centre, request: Request) -> Entity:
    """Change {"rate_per_minute": n (0: none), "token_seconds": n}."""
    body = await json_body(request)
    if not isinstance(body, dict) or not all(isinstance(v, int) for v in body.values()):
        raise bad_request('Give {"rate_per_minute": number, "token_seconds": number}')
    centre.access.allowed = body.get("rate_per_minute", centre.access.allowed)
    centre.access.lifetime = body.get("token_seconds", centre.access.lifetime)
    return {
        "rate_per_minute": centre.access.allowed,
        "token_seconds": centre.access.lifetime,
    }


async def read_data(centre: Centre, request: Request) -> Entity:
    """Tell by how much analytics lags, what share is corrected, and how many were until now."""
    corrections = centre.world.corrections
    return {
        "lag_s": centre.lag.total_seconds(),
        "corrections": corrections.share,
        "corrected": len(corrections.done),
    }


async def put_data(centre: Centre, request: Request) -> Entity:
    """Change {"lag_s": seconds, "corrections": share}, or one of them."""
    body = await json_body(request)
    try:
        faults = msgspec.convert(body, DataFaults)
    except msgspec.ValidationError as error:
        raise bad_request(f'Give {{"lag_s": seconds, "corrections": share}}: {error}') from error
    if faults.lag_s is not None:
        centre.lag = timedelta(seconds=faults.lag_s)
    if faults.corrections is not None:
        centre.world.corrections.share = faults.corrections
    return await read_data(centre, request)


ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("GET", "/simulator/clock", read_clock),
    ("POST", "/simulator/clock", move_clock),
    ("GET", "/simulator/truth", read_truth),
    ("GET", "/simulator/faults", read_faults),
    ("POST", "/simulator/faults", put_faults),
    ("POST", "/simulator/faults/all", put_all_faults),
    ("GET", "/simulator/faults/befallen", read_befallen),
    ("POST", "/simulator/limits", put_limits),
    ("GET", "/simulator/data", read_data),
    ("PUT", "/simulator/data", put_data),
    ("DELETE", "/simulator/tokens", revoke_tokens),
)
