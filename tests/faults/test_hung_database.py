"""A PostgreSQL that is stopped in the middle: its kernel takes what is sent, and nobody answers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
import requests

from tests import servers
from tests.web import ROOT, Web, environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs("postgresql", reason="SQLite is no server that could hang"),
]
A_SENDER = """
from django.utils import timezone
from integrations.inbox import sources
from integrations.models import Source
source = Source.objects.create(name="Bus", kind="genesys", created_at=timezone.now())
print(sources.new_key(source_id=source.pk, now=timezone.now()))
"""
EVENTBRIDGE_WAITS_S = 5.0


class House(NamedTuple):
    """A web server on a PostgreSQL of its own, and a key that it takes events by."""

    web: Web
    key: str
    database: str

    def send(self, webhook_id: str) -> tuple[int, str | None, float]:
        """Return status, Retry-After and the seconds that the answer took."""
        headers = {"Authorization": f"Bearer {self.key}", "webhook-id": webhook_id}
        began = time.monotonic()
        told = requests.post(f"{self.web.url}/hooks/genesys/", b"{}", headers=headers, timeout=30)
        return told.status_code, told.headers.get("Retry-After"), time.monotonic() - began


@pytest.fixture
def house() -> Iterator[House]:
    with servers.postgres() as url:
        env = {"DATABASE_URL": url}

        def manage(*words: str) -> str:
            command = [sys.executable, "manage.py", *words]
            whole = environment() | env
            return subprocess.run(
                command, cwd=ROOT, env=whole, check=True, capture_output=True, text=True
            ).stdout

        manage("migrate", "-v0")
        key = manage("shell", "--no-imports", "-c", A_SENDER).strip()
        web = Web(**env)
        web.start()
        try:
            yield House(web, key, url)
        finally:
            web.stop()


@contextmanager
def stopped(url: str) -> Iterator[None]:
    """Stop every process of a PostgreSQL, and let them go on again."""
    with psycopg.connect(url) as link:
        status = Path(f"/proc/{link.info.backend_pid}/status").read_text()
    postmaster = int(status.partition("PPid:")[2].split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text()
    pids = [postmaster, *map(int, children.split())]
    try:
        _send(signal.SIGSTOP, pids)
        yield
    finally:
        _send(signal.SIGCONT, pids)


def _send(sign: signal.Signals, pids: Iterable[int]) -> None:
    """Send a signal to those that live: the one that told us of the others is about to end."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, sign)


def test_senders_are_told_in_time_to_come_again_and_nothing_is_lost_or_doubled(
    house: House,
) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert {told[0] for told in pool.map(house.send, map(str, range(8)))} == {202}
        with stopped(house.database):
            # Over connections that were open, and over new ones, when the keys are known and not.
            for _ in range(3):
                for status, again, took in pool.map(house.send, map(str, range(10, 18))):
                    assert (status, again) == (503, "5")
                    assert took < EVENTBRIDGE_WAITS_S
            began = time.monotonic()
            told = requests.get(f"{house.web.url}/readyz", timeout=30)
            assert told.json()["faults"]["database"] == "no answer"
            assert time.monotonic() - began < 2 * EVENTBRIDGE_WAITS_S
        assert {told[0] for told in pool.map(house.send, map(str, range(10, 18)))} == {202}

    with psycopg.connect(house.database) as link:
        rows = link.execute("SELECT sender_id FROM integrations_inboxitem ORDER BY sender_id")
        assert [sender_id for (sender_id,) in rows] == sorted(map(str, (*range(8), *range(10, 18))))
