"""Sends one HTTP request over and over on connections that are kept, and times the answers.

python -m benchmarks.load: a plan as JSON on standard input, what came of it as JSON on standard
output. A process of its own, so that it takes no time of what it measures; its one thread waits for
all connections at once.
"""

import json
import selectors
import socket
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic, perf_counter

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to send. rate is 0 for as fast as answers come, else so many a second whatever comes."""

    port: int
    request: str
    seconds: float
    connections: int
    rate: float = 0


@dataclass(slots=True, kw_only=True)
class Load:
    """What was answered: how many of each status in what time, and how long each took."""

    statuses: dict[str, int]
    seconds: float
    waits: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return sum(self.statuses.values()) / self.seconds

    def wait_ms(self, quantile: float) -> float:
        ordered = sorted(self.waits)
        return ordered[min(int(len(ordered) * quantile), len(ordered) - 1)] * 1000


def sent(plans: Sequence[Plan]) -> Load:
    """Carry out plans in a process each, all at once, and return what came of them together."""
    command = [sys.executable, "-m", "benchmarks.load"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    running = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in plans]  # type: ignore[call-overload]
    for process, plan in zip(running, plans, strict=True):
        process.stdin.write(json.dumps(asdict(plan)))
        process.stdin.close()
    loads = [Load(**json.loads(process.stdout.read())) for process in running]
    for process in running:
        process.wait()
        process.stdout.close()
    statuses: Counter[str] = Counter()
    for load in loads:
        statuses.update(load.statuses)
    waits = [wait for load in loads for wait in load.waits]
    return Load(statuses=statuses, seconds=max(load.seconds for load in loads), waits=waits)


class _Sender:
    """One thread, many connections; a request is due at an instant and sent when one is free."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.request = plan.request.encode()
        self.selector = selectors.DefaultSelector()
        self.free = deque(self._connect() for _ in range(plan.connections))
        self.due: dict[socket.socket, float] = {}
        self.told: dict[socket.socket, bytes] = {}
        self.load = Load(statuses={}, seconds=0)

    def run(self) -> Load:
        start = perf_counter()
        end, number = start + self.plan.seconds, 0
        while (now := perf_counter()) < end or self.due:
            number = self._send_what_is_due(start, now, end, number)
            wait = self._until_next(start, number) if now < end else 1.0
            for key, _ in self.selector.select(wait):
                assert isinstance(key.fileobj, socket.socket)
                self._answered(key.fileobj)
        self.load.seconds = perf_counter() - start
        return self.load

    def _send_what_is_due(self, start: float, now: float, end: float, number: int) -> int:
        while self.free and now < end:
            due = start + number / self.plan.rate if self.plan.rate else now
            if due > now:
                break
            link = self.free.popleft()
            link.sendall(self.request)
            self.due[link] = due
            number += 1
        return number

    def _until_next(self, start: float, number: int) -> float:
        if not self.plan.rate or not self.free:
            return 1.0
        return max(start + number / self.plan.rate - perf_counter(), 0)

    def _answered(self, link: socket.socket) -> None:
        """Take what came; once it is a whole answer, the connection is free again."""
        piece = link.recv(65_536)
        told = self.told.pop(link, b"") + piece
        if piece and not _is_whole(told):
            self.told[link] = told
            return
        if link in self.due:
            self.load.waits.append(perf_counter() - self.due.pop(link))
            status = told[9:12].decode() or "closed"
            self.load.statuses[status] = self.load.statuses.get(status, 0) + 1
        else:  # it was idle for so long that the server has closed it
            self.free.remove(link)
        if not piece or b"connection: close" in told.lower():
            self.selector.unregister(link)
            link.close()
            link = self._connect()
        self.free.append(link)

    def _connect(self) -> socket.socket:
        link = socket.create_connection(("127.0.0.1", self.plan.port), timeout=10)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(link, selectors.EVENT_READ)
        return link


def _is_whole(told: bytes) -> bool:
    """Whether the headers and as much of a body as they promise are there."""
    headers, end, body = told.lower().partition(b"\r\n\r\n")
    length = headers.partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return bool(end) and len(body) >= int(length or 0)


def reached(port: int, *, within: float = 20) -> None:
    """Wait until somebody listens at a port."""
    until = monotonic() + within
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if monotonic() > until:
                raise
        else:
            return


if __name__ == "__main__":
    json.dump(asdict(_Sender(Plan(**json.load(sys.stdin))).run()), sys.stdout)
