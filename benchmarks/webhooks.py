"""How many webhooks a second are accepted by the web server as the Procfile runs it.

Beside it: the bare verified INSERT under the same server, which is the limit, and an answer that
does nothing (hello), which says how fast this machine is today. The generator runs beside them in
two processes. Run in a process of its own with DATABASE_URL set.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import django
from django.core.management import call_command
from django.db import connection

from benchmarks import load
from benchmarks.figures import Figure, database
from tests.servers import free_port

django.setup()

from conversations.models import Conversation  # noqa: E402 - models need Django to be set up
from integrations.inbox import sources  # noqa: E402
from integrations.models import InboxItem, Source  # noqa: E402

ROOT = Path(__file__).parent.parent
SECONDS, ROUNDS, OPEN_SECONDS, OPEN_RATE = 2.0, 3, 8.0, 100.0
PROCESSES, CONNECTIONS = 2, 8
TARGETS = {"postgresql": 800, "sqlite": 400}
WHILE_INGESTING = 60
BODY = json.dumps(
    {
        "topic": "v2.detail.events.conversation.{id}.user.end",
        "conversationId": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "participantId": "3f2504e0-4f89-41d3-9a0c-0305e82c3302",
        "sessionId": "3f2504e0-4f89-41d3-9a0c-0305e82c3303",
        "userId": "3f2504e0-4f89-41d3-9a0c-0305e82c3304",
        "queueId": "3f2504e0-4f89-41d3-9a0c-0305e82c3305",
        "mediaType": "EMAIL",
        "disconnectType": "CLIENT",
        "eventTime": "1774629900000",
        "interactingDurationMs": "184000",
    }
)


def measure() -> list[Figure]:
    """Return the figures of this process's database."""
    token = _token()
    url = os.environ["DATABASE_URL"]
    with (
        _server("dcm.wsgi") as (ours, pid),
        _server("benchmarks.bare", BARE_URL=url, BARE_TOKEN=token) as (bare, _),
    ):
        for port in (ours, bare):
            _accepted(port, token, seconds=1)  # connections, first imports
        rounds = [(_accepted(ours, token), _accepted(bare, token)) for _ in range(ROUNDS)]
        accepted, limit = (median(column) for column in zip(*rounds, strict=True))
        hello = _sent(ours, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "200").rate
        steady = _sent(ours, _post(token), "202", seconds=OPEN_SECONDS, rate=OPEN_RATE)
        busy = _while_ingesting(ours, token) if connection.vendor == "sqlite" else []
        return _figures(accepted, limit, hello, steady.wait_ms(0.99)) + busy + [_memory(pid)]


def _figures(accepted: float, limit: float, hello: float, p99_ms: float) -> list[Figure]:
    where, unit = database(), "requests/s"
    return [
        Figure(what=f"{where}: webhook, hello alone", rate=hello, unit=unit),
        Figure(
            what=f"{where}: webhooks accepted",
            rate=accepted,
            unit=unit,
            target=TARGETS[connection.vendor],
        ),
        Figure(
            what=f"{where}: bare verified INSERT, the limit",
            rate=limit,
            unit=unit,
            against="webhooks accepted",
            ratio=limit / accepted,
        ),
        Figure(
            what=f"{where}: webhooks at {OPEN_RATE:.0f}/s, p99",
            rate=p99_ms,
            unit="ms",
            target=50,
            more_is_better=False,
        ),
    ]


def _while_ingesting(port: int, token: str) -> list[Figure]:
    """Measure while a worker loads conversations as fast as it may."""
    worker = subprocess.Popen([sys.executable, "-m", "benchmarks.webhooks", "ingest"], cwd=ROOT)
    try:
        while not Conversation.objects.exists():
            assert worker.poll() is None, "the ingest ended"
        busy = _sent(port, _post(token), "202", "503", seconds=OPEN_SECONDS)
        assert worker.poll() is None, "the ingest ended too early"
    finally:
        worker.kill()
        worker.wait()
    return [
        Figure(
            what=f"{database()}: webhooks accepted while a worker ingests",
            rate=busy.statuses["202"] / busy.seconds,
            unit="requests/s",
            target=WHILE_INGESTING,
        ),
        Figure(
            what=f"{database()}: and their p99",
            rate=busy.wait_ms(0.99),
            unit="ms",
        ),
        Figure(
            what=f"{database()}: and told to come again",
            rate=busy.statuses.get("503", 0) / busy.seconds,
            unit="requests/s",
        ),
    ]


def _memory(pid: int) -> Figure:
    """Return what the process that answered all this holds."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    told = Path(f"/proc/{children[0]}/status").read_text()
    resident = next(line for line in told.splitlines() if line.startswith("VmRSS"))
    return Figure(
        what=f"{database()}: web process after these webhooks, resident",
        rate=int(resident.split()[1]) / 1024,
        unit="MiB",
        target=150,
        more_is_better=False,
    )


def _accepted(port: int, token: str, *, seconds: float = SECONDS) -> float:
    return _sent(port, _post(token), "202", seconds=seconds).rate


def _sent(
    port: int, request: str, *expected: str, seconds: float = SECONDS, rate: float = 0
) -> load.Load:
    plan = load.Plan(
        port=port,
        request=request,
        seconds=seconds,
        connections=CONNECTIONS,
        rate=rate / PROCESSES,
    )
    done = load.sent([plan] * PROCESSES)
    assert set(done.statuses) <= set(expected), done.statuses
    return done


def _post(token: str) -> str:
    return (
        "POST /hooks/genesys/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}"
    )


@contextmanager
def _server(application: str, **more: str) -> Iterator[tuple[int, int]]:
    """Run gunicorn as the Procfile does; yield its port and its pid."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "python:dcm.server", application]
    environment = {**os.environ, **more, "PORT": str(port), "LOG_LEVEL": "WARNING"}
    process = subprocess.Popen(
        [*command, "--log-level", "warning"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )
    try:
        load.reached(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def _token() -> str:
    now = datetime.now(UTC)
    source = Source.objects.create(name="bench", kind=Source.Kind.GENESYS, created_at=now)
    return sources.new_key(source_id=source.pk, now=now)


def _ingest() -> None:
    """Load conversations over and over, as a worker does, until somebody ends this process."""
    from benchmarks import ingest  # noqa: PLC0415 - it measures nothing here
    from benchmarks.documents import documents  # noqa: PLC0415

    given = list(documents(ingest.COUNT))
    while True:
        # The same work as is measured there.
        ingest._empty()  # noqa: SLF001
        ingest._take(given)  # noqa: SLF001


if __name__ == "__main__":
    if sys.argv[1:] == ["ingest"]:
        _ingest()
    call_command("migrate", verbosity=0)
    found = measure()
    InboxItem.objects.all()._raw_delete(connection.alias)  # noqa: SLF001 - tens of thousands
    json.dump([figure.as_dict() for figure in found], sys.stdout)
