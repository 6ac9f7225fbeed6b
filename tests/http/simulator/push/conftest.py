"""A receiver over real HTTP, and a centre that has lived for four hours."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from simulator.server import Served
from tests.http.simulator.conftest import centre
from tests.http.simulator.push.receiving import (
    NOW,
    Got,
    Receiver,
    follow,
)


@pytest.fixture(scope="package")
def listening() -> Iterator[Receiver]:
    known = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            authorization = self.headers.get("Authorization", "")
            key = self.headers.get("X-API-Key", "")
            got = Got(self.path, authorization, key, json.loads(body))
            status = known.answer(got)
            known.got.append(got)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    known.url = f"http://127.0.0.1:{server.server_port}/hooks/genesys/"
    yield known
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def receiver(listening: Receiver) -> Receiver:
    """Return a receiver that has got nothing yet and takes everything."""
    listening.got, listening.answer = [], Receiver.answer
    return listening


@pytest.fixture(scope="package")
def standing() -> Iterator[Served]:
    with centre(NOW) as known:
        yield known


@pytest.fixture
def served(standing: Served) -> Iterator[Served]:
    """Return a world that pushes nothing yet, later with each test."""
    yield standing
    follow(standing)
