"""A host on loopback that answers what a test tells it to, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from copy import copy
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.cache import cache

from integrations.genesys.client import Client, Credentials
from integrations.genesys.transport import Wire
from simulator.api.access import Access
from simulator.clock import ManualClock
from simulator.server import Served, serving
from simulator.world import World

Play = Callable[["Stage"], None]


class Stage(BaseHTTPRequestHandler):
    """One request, and ways to answer it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement
    server: "Host"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        pass

    def answer(self, status: int = 200, body: Any = None, **headers: str) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        told = {"Content-Type": "application/json", "Content-Length": str(len(raw))}
        for name, value in (told | {k.replace("_", "-"): v for k, v in headers.items()}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def drop(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _play(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        parts = urlsplit(self.path)
        self.query = dict(parse_qsl(parts.query))
        self.server.asked.append(copy(self))  # one stage serves a whole connection
        if parts.path == "/oauth/token":
            self.server.give_token(self)
        elif parts.path in self.server.routes:
            self.server.routes[parts.path](self)
        else:
            self.server.plays.pop(0)(self)

    do_GET = do_POST = _play  # noqa: N815 - the base looks them up


class Host(ThreadingHTTPServer):
    """Answers a request by its route, else by the next play; gives out tokens by itself."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Stage)
        self.plays: list[Play] = []
        self.routes: dict[str, Play] = {}
        self.asked: list[Stage] = []
        self.tokens = 0
        self.give_token: Play = self._token

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def calls(self) -> list[Stage]:
        return [stage for stage in self.asked if "/oauth/" not in stage.path]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A dropped connection is what some tests ask for."""

    def _token(self, stage: Stage) -> None:
        self.tokens += 1
        stage.answer(body={"access_token": f"token-{self.tokens}", "expires_in": 86400})


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    thread = threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield host
    host.shutdown()
    thread.join()
    host.server_close()


@pytest.fixture
def client(host: Host, settings: Any, tmp_path: Any) -> Client:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    credentials = Credentials(host.url, "an-id", "a-secret")
    return Client(credentials, clock=lambda: datetime(2026, 3, 27, 16, 45, tzinfo=UTC), wire=Wire())


@pytest.fixture
def epoch() -> datetime:
    """Return when the simulated centre's history begins: a Monday morning."""
    return datetime(2026, 3, 23, 4, 0, tzinfo=UTC)


@pytest.fixture
def seed() -> int:
    """Return which of the possible histories it is."""
    return 7


@pytest.fixture
def clock(epoch: datetime) -> ManualClock:
    """Return the clock of the centre and of its client."""
    return ManualClock(epoch + timedelta(hours=2))


@pytest.fixture
def centre(seed: int, epoch: datetime, clock: ManualClock) -> Iterator[Served]:
    """Serve a simulated centre without a rate limit: how it is kept to is tried elsewhere."""
    with serving(World(seed=seed, epoch=epoch), clock) as served:
        served.centre.access = Access(allowed=0)
        yield served


@pytest.fixture
def simulated(centre: Served, clock: ManualClock, client: Client) -> Client:
    """Return a client of the centre, whose clock is the centre's; the cache is the test's."""
    return Client(Credentials(centre.url, "simulator", "simulator"), clock=clock.now)


class Analytics:
    """A list of conversations, served as details/query and batch details serve them.

    An interval selects by UTC start day; results past cap are refused as Genesys refuses them.
    """

    def __init__(self, host: Host) -> None:
        self.conversations: list[dict[str, Any]] = []
        self.cap = 100_000
        self.most_days: int | None = None
        self.queries: list[dict[str, Any]] = []
        self.batches: list[list[str]] = []
        self.poison = ""
        self.filters_feedback = True
        host.routes["/api/v2/analytics/conversations/details/query"] = self.query
        host.routes["/api/v2/analytics/conversations/details"] = self.batch

    def add(self, genesys_id: str, started: str, ended: str | None = None, **more: Any) -> None:
        told = {"conversationId": genesys_id, "conversationStart": started, "participants": []}
        self.conversations.append(told | ({"conversationEnd": ended} if ended else {}) | more)

    def query(self, stage: Stage) -> None:
        query = json.loads(stage.body)
        self.queries.append(query)
        start, end = query["interval"].split("/")
        size, number = query["paging"]["pageSize"], query["paging"]["pageNumber"]
        if self.most_days is not None and _days(start, end) > self.most_days:
            stage.answer(400, {"code": "bad.request", "message": "Interval too long"})
        elif size * number > self.cap:
            message = f"Pagination may not exceed {self.cap} results"
            stage.answer(400, {"code": "bad.request", "message": message})
        else:
            found = self._select(query, start, end)
            page = found[size * (number - 1) : size * number]
            stage.answer(body={"conversations": page} if page else {})

    def batch(self, stage: Stage) -> None:
        ids = stage.query["id"].split(",")
        self.batches.append(ids)
        if self.poison in ids:
            stage.answer(400, {"code": "bad.request"})
        else:
            found = [c for c in self.conversations if c["conversationId"] in ids]
            stage.answer(body={"conversations": found} if found else {})

    def _select(self, query: dict[str, Any], start: str, end: str) -> list[dict[str, Any]]:
        found = [c for c in self.conversations if start[:10] <= c["conversationStart"][:10] <= end]
        for predicate in (p for f in query.get("conversationFilters", []) for p in f["predicates"]):
            found = [c for c in found if _matches(c.get(predicate["dimension"]), predicate)]
        for kind in ("survey", "evaluation") if self.filters_feedback else ():
            for f in query.get(f"{kind}Filters", []):
                found = [c for c in found if _any_matches(c.get(f"{kind}s", []), f)]
        key = query["orderBy"]
        return sorted(found, key=lambda c: c.get(key, ""), reverse=query["order"] == "desc")


def _matches(value: str | None, predicate: dict[str, Any]) -> bool:
    if predicate["operator"] != "matches":
        return (value is None) is bool(predicate["operator"] == "notExists")
    start, end = predicate["value"].split("/")
    return value is not None and start <= value <= end


def _any_matches(rows: list[dict[str, Any]], one_of: dict[str, Any]) -> bool:
    predicates = one_of["predicates"]
    return any(_matches(row.get(p["dimension"]), p) for row in rows for p in predicates)


def _days(start: str, end: str) -> int:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).days


@pytest.fixture
def analytics(host: Host) -> Analytics:
    return Analytics(host)
