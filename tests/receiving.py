"""Receivers in a process of their own, whose faults are set and whose calls are asked by HTTP.

`python -m tests.receiving PORT` serves simulator.receivers, an organisation of Salesforce among
them, and records that can be looked for.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import requests
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dcm.processes import end_with_parent
from simulator.api.answers import DropsConnections
from simulator.receivers import answers, faults, hooks, slack
from simulator.receivers.salesforce import desk
from simulator.receivers.salesforce.org import Org
from simulator.receivers.salesforce.server import routes as of_salesforce
from simulator.receivers.state import Call, Receivers
from simulator.receivers.workspace import CHANNEL, Channel, Workspace
from simulator.server import listen
from tests.servers import free_port

ROOT: Final = Path(__file__).parents[1]
READY_WITHIN_S: Final = 30.0
OF_RECORDS: Final = "/records/"
KEY, SECRET = "3MVG9.dcm", "everybody knows it"
CASE_FIELD: Final = "Genesys_Conversation_Id__c"


class Heard(msgspec.Struct, frozen=True):
    """A call that took effect. at is when, in seconds of Unix time; id is its webhook-id."""

    at: float
    path: str
    id: str
    body: Any


# -- in its process ------------------------------------------------------------------------------
def serve(port: int) -> None:
    """Serve until a signal comes."""
    receivers, org = Receivers(_now), Org(_now)
    desk.admit(org, KEY, SECRET)
    # Without Slack's pace, and with all that is posted kept: what is told must all be there.
    receivers.part(Workspace).channels[CHANNEL] = Channel("alerts", burst=10**6, most_kept=10**6)
    described = (*hooks.ROUTES, *slack.ROUTES, ("POST", OF_RECORDS + "{name}", _create))
    routes = [
        *answers.routes(receivers, described),
        *of_salesforce(org),
        *_questions(receivers),
        *_of_places(receivers, org),
    ]
    config = uvicorn.Config(
        DropsConnections(Starlette(routes=routes)),
        log_level="critical",  # whoever is killed breaks off in the middle of a request
        lifespan="off",
        http="h11",
        timeout_keep_alive=75,
        backlog=512,
    )
    uvicorn.Server(config).run(sockets=[listen("127.0.0.1", port)])


def _create(receivers: Receivers, call: Call) -> Response:
    """Make a record, whether it is there already or not: whoever may repeat it must look first."""
    return Response(status_code=201)


def _questions(receivers: Receivers) -> list[Route]:
    async def heard(request: Request) -> Response:
        since = int(request.query_params.get("since", 0))
        return answers.json([_heard(call) for call in list(receivers.calls)[since:]])

    async def record(request: Request) -> Response:
        sought, path = request.path_params["id"], OF_RECORDS + request.path_params["name"]
        found = any(call.path == path and _id(call) == sought for call in receivers.calls)
        return Response(status_code=200 if found else 404)

    return [Route("/told", heard), Route(OF_RECORDS + "{name}/{id}", record)]


def _of_places(receivers: Receivers, org: Org) -> list[Route]:
    """Return what is asked of Slack's channel and the organisation, and where faults are put."""

    async def posted(request: Request) -> Response:
        channel = receivers.part(Workspace).channels[CHANNEL]
        ids = [(one.metadata or {})["event_payload"]["id"] for one in channel.messages]
        return answers.json(ids)

    async def rows(request: Request) -> Response:
        return answers.json(org.rows(request.path_params["name"]))

    async def cases(request: Request) -> Response:
        names = msgspec.json.decode(await request.body(), type=list[str])
        return answers.json([org.case(name, **{CASE_FIELD: name}) for name in names])

    async def fault(request: Request) -> Response:
        asked = msgspec.json.decode(await request.body())
        befallen = receivers.faults.befallen
        befallen |= {f"salesforce: {kind}": n for kind, n in org.faults.befallen.items()}
        everywhere = [rule for rule in asked["rules"] if rule["kind"] in faults.KINDS]
        receivers.faults.put(everywhere, seed=asked["seed"])
        org.faults.put(asked["rules"], seed=asked["seed"])
        return answers.json(befallen)

    return [
        Route("/told/slack", posted),
        Route("/told/salesforce/{name}", rows),
        Route("/cases", cases, methods=["POST"]),
        Route("/faults", fault, methods=["PUT"]),
    ]


def _heard(call: Call) -> Heard:
    return Heard(call.at.timestamp(), call.path, _id(call), call.body)


def _id(call: Call) -> str:
    return call.headers.get("webhook-id", "")


def _now() -> datetime:
    return datetime.now(UTC)


# -- from outside --------------------------------------------------------------------------------
@dataclass
class Receiving:
    """Receivers that run."""

    url: str
    pid: int
    _asked: requests.Session = field(default_factory=requests.Session)

    def heard(self, since: int = 0) -> list[Heard]:
        """Return the calls that took effect, in order, without the first so many."""
        answer = self._asked.get(f"{self.url}/told", params={"since": since}, timeout=60)
        return msgspec.json.decode(answer.content, type=list[Heard])

    def posted(self) -> list[str]:
        """Return the ids of what stands in Slack's channel, as it was posted."""
        ids: list[str] = self._asked.get(f"{self.url}/told/slack", timeout=60).json()
        return ids

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return the organisation's records of a kind, as DCM_Hold__c."""
        url = f"{self.url}/told/salesforce/{name}"
        rows: list[dict[str, Any]] = self._asked.get(url, timeout=60).json()
        return rows

    def cases(self, names: Sequence[str]) -> dict[str, str]:
        """Make a case for each of some conversations; return their ids."""
        ids = self._asked.post(f"{self.url}/cases", json=names, timeout=60).json()
        return dict(zip(names, ids, strict=True))

    def put(self, *rules: dict[str, Any], seed: int = 0) -> dict[str, int]:
        """Replace the faults; return how often the former befell somebody, by kind.

        Troubles of an organisation (simulator.receivers.salesforce.trouble) may be among them.
        """
        asked = {"rules": rules, "seed": seed}
        befallen: dict[str, int] = self._asked.put(
            f"{self.url}/faults", json=asked, timeout=60
        ).json()
        return befallen


@contextmanager
def receiving() -> Iterator[Receiving]:
    """Run them as long as the block lasts."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.receiving", str(port)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        preexec_fn=partial(end_with_parent),  # noqa: PLW1509 - no thread runs
    )
    try:
        yield _reached(Receiving(f"http://127.0.0.1:{port}", process.pid))
    finally:
        process.kill()
        process.wait()


def _reached(receiving: Receiving) -> Receiving:
    until = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            receiving.heard()
        except requests.ConnectionError:
            assert time.monotonic() < until, "the receivers do not answer"
            time.sleep(0.05)
        else:
            return receiving


if __name__ == "__main__":
    serve(int(sys.argv[1]))
