"""How long an event takes from the 202 that its sender gets to the conversation in the mirror.

Web server, worker and beat run as in the Procfile, beside a simulator that stands in for Genesys
Cloud. Polling rests, so that a conversation can only come because an event told of it. Run in a
process of its own with DATABASE_URL set, and REDIS_URL where there is a Redis.
"""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import requests

from benchmarks.figures import Figure
from dcm.processes import commands_in, end_with_parent
from tests.servers import free_port

ROOT = Path(__file__).parent.parent
COUNT, EVERY_S, AT_MOST_S = 50, 0.2, 60.0
MOST_S = 2.0
WEB, SIMULATOR = free_port(), free_port()
os.environ |= {
    "PORT": str(WEB),
    "GENESYS_BASE_URL": f"http://127.0.0.1:{SIMULATOR}",
    "GENESYS_REGION": "simulator",
    "GENESYS_CLIENT_ID": "simulator",
    "GENESYS_CLIENT_SECRET": "simulator",
    "SECRET_KEY": "only this benchmark's, of fifty characters or somewhat more",
    "DCM_HTTPS": "0",
    "ALLOWED_HOSTS": "127.0.0.1",
    "LOG_LEVEL": "ERROR",
}

import django  # noqa: E402 - the settings read the environment
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

django.setup()

from conversations.models import Conversation  # noqa: E402 - models need Django to be set up
from integrations.inbox import sources  # noqa: E402
from integrations.models import Source, Watermark  # noqa: E402

PROCESSES = {
    "simulator": f"python -m simulator --port {SIMULATOR} --rate-limit 300",
    **{name: commands_in(ROOT / "Procfile")[name] for name in ("web", "worker", "beat")},
}
ROADS = ("poll", "find_open", "reread_open", "last_day", "nightly", "presence", "read_feedback")


def measure() -> list[Figure]:
    """Return the figures of this process's database."""
    now = datetime.now(UTC)
    source = Source.objects.create(name="bench", kind=Source.Kind.GENESYS, created_at=now)
    token = sources.new_key(source_id=source.pk, now=now)
    _rest(now)
    with ExitStack() as running:
        for command in PROCESSES.values():
            running.enter_context(_running(command))
        known = _conversations()
        _waits(known[:1], token)  # until the worker is there
        waits = sorted(_waits(known[1 : COUNT + 1], token))
    return _figures(waits[COUNT // 2], waits[COUNT * 9 // 10])


def _figures(median_s: float, ninth_s: float) -> list[Figure]:
    where = {"postgresql": "PostgreSQL and Redis", "sqlite": "SQLite"}[connection.vendor]
    what = f"{where}: from a webhook's 202 to the conversation in the mirror"
    return [
        Figure(
            what=f"{what}, median", rate=median_s, unit="s", target=MOST_S, more_is_better=False
        ),
        Figure(what=f"{what}, p90", rate=ninth_s, unit="s"),
    ]


def _rest(now: datetime) -> None:
    """Let all that reads unasked find its road busy."""
    until = now + timedelta(hours=1)
    Watermark.objects.bulk_create(
        Watermark(road=f"genesys.{road}", leased_until=until) for road in ROADS
    )


@contextmanager
def _running(command: str) -> Iterator[None]:
    words = shlex.split(command.removeprefix("exec "))
    program = [sys.executable, *(words[1:] if words[0] == "python" else ["-m", *words])]
    process = subprocess.Popen(
        program,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=partial(end_with_parent),  # noqa: PLW1509 - no thread runs
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _conversations() -> list[str]:
    """Return ids of conversations that the simulator has, the latest last."""
    genesys = requests.Session()
    genesys.auth = ("simulator", "simulator")
    token = _answered(
        partial(genesys.post, data={"grant_type": "client_credentials"}), SIMULATOR, "/oauth/token"
    )["access_token"]
    now = datetime.now(UTC)
    asked = {
        "interval": f"{now - timedelta(hours=36):%Y-%m-%dT%H:%M:%SZ}/{now:%Y-%m-%dT%H:%M:%SZ}",
        "paging": {"pageSize": 100, "pageNumber": 1},
    }
    genesys.auth = None
    genesys.headers["Authorization"] = f"Bearer {token}"
    path = "/api/v2/analytics/conversations/details/query"
    found = _answered(partial(genesys.post, json=asked), SIMULATOR, path)["conversations"]
    return [one["conversationId"] for one in found]


def _answered(ask: "partial[requests.Response]", port: int, path: str) -> Any:
    """Ask until somebody listens; return what is answered."""
    until = time.monotonic() + AT_MOST_S
    while True:
        try:
            answer = ask(f"http://127.0.0.1:{port}{path}", timeout=30)
        except requests.ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            answer.raise_for_status()
            return answer.json()


def _waits(genesys_ids: list[str], token: str) -> list[float]:
    """Tell of conversations one after the other; return how long each took to come."""
    sender, told, waits = requests.Session(), dict[str, float](), list[float]()
    sender.headers["Authorization"] = f"Bearer {token}"
    left, due = list(genesys_ids), time.monotonic()
    until = due + AT_MOST_S + EVERY_S * len(left)
    while left or told:
        if left and time.monotonic() >= due:
            one = left.pop(0)
            topic = "v2.detail.events.conversation.{id}.acd.start"
            body = {"topic": topic, "conversationId": one, "eventTime": int(time.time() * 1000)}
            _answered(partial(sender.post, json=body), WEB, "/hooks/genesys/")
            told[one], due = time.monotonic(), due + EVERY_S
        rows = Conversation.objects.filter(genesys_id__in=told)
        for one in rows.values_list("genesys_id", flat=True):
            waits.append(time.monotonic() - told.pop(one))
        assert time.monotonic() < until, f"{len(told)} conversations did not come"
        time.sleep(0.005)
    return waits


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    json.dump([figure.as_dict() for figure in measure()], sys.stdout)
