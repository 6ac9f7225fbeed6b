"""genesys_setup, run, and what stands in the organisation then."""

from typing import Any

import msgspec

from integrations.genesys.setup import names
from integrations.models import SourceKey
from simulator.server import Served
from tests.http.setup.conftest import run

URL = "http://127.0.0.1:8000"
# integration, credential, its place, state, data action, and a workflow and trigger an event
THINGS = 5 + 2 * len(names.EVENTS)


def set_up(*options: str) -> Any:
    return run("genesys_setup", "--apply", "--url", URL, *options)


def writes(centre: Served) -> Any:
    """Remember everything that stands in the organisation."""
    return msgspec.json.encode([centre.centre.automation, SourceKey.objects.count()])


def only(things: dict[str, Any]) -> Any:
    (thing,) = things.values()
    return thing
