"""The faults of receivers, set over HTTP: see simulator.receivers.faults for what a rule is."""

from dataclasses import asdict
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.receivers.answers import json
from simulator.receivers.panels import PATH
from simulator.receivers.state import Receivers


def routes(receivers: Receivers) -> list[Route]:
    """Return GET and POST of /receivers/faults: a list of rules; an empty one ends all faults."""

    async def answer(request: Request) -> Response:
        if request.method == "POST":
            try:
                receivers.faults.put(_rules(await request.body()))
            except (TypeError, ValueError) as error:
                return json({"error": str(error)}, 400)
        faults = receivers.faults
        return json({"rules": [asdict(each) for each in faults.rules], "befallen": faults.befallen})

    return [Route(f"{PATH}/faults", answer, methods=["GET", "POST"])]


def _rules(raw: bytes) -> list[dict[str, Any]]:
    return msgspec.json.decode(raw, type=list[dict[str, Any]])
