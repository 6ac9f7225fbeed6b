"""A simulated organisation whose administrator sets up DCM, and the settings that name it."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any, NamedTuple

import pytest
import requests
from django.core.cache import cache
from django.core.management import call_command

from integrations.inbox import sources
from simulator.api.access import Access
from simulator.api.permissions import Permissions
from simulator.automation.store import Store
from simulator.clock import ManualClock, RunningClock
from simulator.server import Served, serving
from simulator.world import World

EPOCH = datetime(2026, 3, 26, 9, tzinfo=UTC)


@pytest.fixture(scope="package")
def living() -> Iterator[Served]:
    """An organisation whose clock is this machine's."""
    now = datetime.now(UTC)
    with serving(World(seed=7, epoch=now), RunningClock(now, speed=1)) as served:
        yield served


@pytest.fixture
def centre(living: Served, settings: Any) -> Iterator[Served]:
    """A simulated organisation in which nothing is set up yet, and settings that name it."""
    yield from _fresh(living, settings)


@pytest.fixture
def moved_centre(settings: Any) -> Iterator[Served]:
    """The same, on a morning of its own that POST /simulator/clock moves."""
    with serving(World(seed=7, epoch=EPOCH), ManualClock(EPOCH)) as served:
        yield from _fresh(served, settings)


def _fresh(standing: Served, settings: Any) -> Iterator[Served]:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    sources.KEYS.forget()
    settings.GENESYS_BASE_URL = standing.url
    settings.GENESYS_CLIENT_ID, settings.GENESYS_CLIENT_SECRET = "simulator", "simulator"
    standing.centre.automation = Store()
    standing.centre.permissions = Permissions()
    standing.centre.access = Access(allowed=0)
    standing.centre.faults.put([])
    yield standing
    standing.centre.triggered.close()


class Ran(NamedTuple):
    """What a command wrote."""

    lines: list[str]

    def beginning(self, word: str) -> list[str]:
        return [line for line in self.lines if line.startswith(word)]


def run(*command: str) -> Ran:
    out = StringIO()
    call_command(*command, stdout=out)
    return Ran(out.getvalue().splitlines())


def deny(centre: Served, *names: str) -> None:
    body = {"denied": list(names)}
    answer = requests.put(f"{centre.url}/simulator/permissions", json=body, timeout=30)
    assert answer.status_code == 200, answer.text


class Receiver(ThreadingHTTPServer):
    """Takes what the data action posts, and remembers it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Stage)
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Stage(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
