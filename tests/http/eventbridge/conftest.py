"""Amazon's SQS on loopback: moto's server, and a gate before it that can hold and refuse."""

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from integrations.eventbridge.queue import Queue

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

REGION = "eu-central-1"


REFUSAL = b'{"__type": "com.amazonaws.sqs#ServiceUnavailable", "message": "no"}'


class Passage(BaseHTTPRequestHandler):
    """One request on its way to moto."""

    protocol_version = "HTTP/1.1"
    server: "Gate"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        action = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        self.server.seen.append(action)
        if planned := self.server.planned.get(action):
            self._answer(*planned.pop(0))
        elif action in self.server.held:
            self.server.released.wait(30)
            self.close_connection = True
        elif (fault := self.server.draw_fault()) == "refused":
            self._answer(503, REFUSAL)
        else:
            status, told = self._pass_on(body)
            if fault == "unanswered":
                self.close_connection = True
                return
            if action == "ReceiveMessage":
                messages = json.loads(told).get("Messages", [])
                self.server.receipts += [one["ReceiptHandle"] for one in messages]
            self._answer(status, told)

    def _pass_on(self, body: bytes) -> tuple[int, bytes]:
        line = HTTPConnection("127.0.0.1", self.server.moto_port, timeout=30)
        line.request("POST", self.path, body, dict(self.headers))
        answer = line.getresponse()
        told = answer.status, answer.read()
        line.close()
        return told

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Gate(ThreadingHTTPServer):
    """Passes requests on; answers the next ones of an action itself, or holds them for ever.

    go_wrong has a share of all refused, and the same share carried out without an answer.
    """

    daemon_threads = True

    def __init__(self, moto_port: int) -> None:
        super().__init__(("127.0.0.1", 0), Passage)
        self.moto_port = moto_port
        self.planned: dict[str, list[tuple[int, bytes]]] = {}
        self.held: set[str] = set()
        self.released = threading.Event()
        self.seen: list[str] = []
        self.receipts: list[str] = []
        self.befallen: Counter[str] = Counter()
        self._share = 0.0
        self._draw = Random()

    def go_wrong(self, share: float, *, seed: int) -> None:
        self._share, self._draw = share, Random(f"queue/{seed}")

    def draw_fault(self) -> str:
        for fault in ("refused", "unanswered"):
            if self._draw.random() < self._share:
                self.befallen[fault] += 1
                return fault
        return ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def refuse(self, action: str, *refusals: tuple[int, str]) -> None:
        self.planned[action] = [
            (status, json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": "no"}).encode())
            for status, code in refusals
        ]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A killed client is what some tests ask for."""


@dataclass
class Sqs:
    """A queue, and what a test does with it."""

    client: "SQSClient"
    url: str
    gate: Gate

    def queue(self, *, visibility_s: int = 30) -> Queue:
        """Return the product's own queue, which goes through the gate."""
        return Queue(
            self.url, region=REGION, endpoint_url=self.gate.url, wait_s=1, visibility_s=visibility_s
        )

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.client.send_message(QueueUrl=self.url, MessageBody=body)

    @property
    def left(self) -> int:
        """How many messages the queue holds, hidden ones included."""
        answer = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])
        told: Any = answer["Attributes"]
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return sum(int(told[name]) for name in names)


@pytest.fixture(scope="session")
def moto_port() -> Iterator[int]:
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # or each request is a line
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


@pytest.fixture
def sqs(moto_port: int, monkeypatch: pytest.MonkeyPatch, request: Any) -> Iterator[Sqs]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    gate = Gate(moto_port)
    thread = threading.Thread(target=gate.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    client = boto3.client("sqs", REGION, endpoint_url=f"http://127.0.0.1:{moto_port}")
    url = client.create_queue(QueueName=f"genesys-{time.monotonic_ns()}")["QueueUrl"]
    yield Sqs(client, url, gate)
    gate.released.set()
    gate.shutdown()
    thread.join()
    gate.server_close()


def wait_for(look: Callable[[], object], within: float = 60.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + within
    while not look():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)
