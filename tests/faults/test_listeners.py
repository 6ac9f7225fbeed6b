"""Listeners as processes of their own: killed at random, told to stop, among sockets that fail."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
import requests
from django.conf import settings
from django.db import connection

from integrations.genesys.notifications import gaps
from integrations.models import InboxItem, NotificationListener, NotificationTopic
from simulator.clock import ManualClock
from simulator.server import Served, serving
from simulator.world import World
from simulator.world.feed import Occurrence
from tests import factories

ROOT = Path(__file__).parents[2]
EPOCH = datetime(2026, 3, 26, 5, tzinfo=UTC)
SEED = 11
STOPPED_WITHIN_S = 10.0  # what Docker leaves a process before it kills it
LISTEN = ("manage.py", "listen_notifications", "--heartbeat", "1", "--lease", "2")

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(World(seed=7, epoch=EPOCH), ManualClock(EPOCH)) as served:
        rules(served)
        yield served


@pytest.fixture
def env(served: Served, tmp_path: Path) -> dict[str, str]:
    """The environment of a listener that works on this test's database."""
    known = connection.settings_dict
    if settings.ON_SQLITE:
        url = f"sqlite:///{known['NAME']}"
    else:
        who = f"{known['USER']}:{known['PASSWORD']}@{known['HOST']}:{known['PORT'] or 5432}"
        url = f"postgres://{who}/{known['NAME']}"
    mine = {k: v for k, v in os.environ.items() if k not in {"DJANGO_SETTINGS_MODULE", "REDIS_URL"}}
    return mine | {
        "DATABASE_URL": url,
        "DCM_VAR_DIR": str(tmp_path),
        "GENESYS_BASE_URL": served.url,
        "GENESYS_REGION": "example.org",
        "GENESYS_CLIENT_ID": "simulator",
        "GENESYS_CLIENT_SECRET": "simulator",
        "SECRET_KEY": "x" * 50,
    }


def rules(served: Served, **more: Any) -> None:
    told = {"heartbeat_s": 0.3} | more
    requests.put(f"{served.url}/simulator/sockets", json=told, timeout=30).raise_for_status()


@contextmanager
def listener(env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, *LISTEN],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(holds: Callable[[], Any], *, within_s: float = 60.0) -> Any:
    end = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.05)
    return found


def subscribed() -> int:
    return NotificationTopic.objects.filter(state="subscribed").count()


def said() -> set[int]:
    rows = InboxItem.objects.values_list("body", flat=True)
    return {msgspec.json.decode(bytes(body))["eventBody"]["say"] for body in rows}


class Teller:
    """Tells numbered events of random topics, and remembers when it told each."""

    def __init__(self, served: Served, topics: list[str]) -> None:
        self.told: dict[int, datetime] = {}
        self._served = served
        self._topics = topics
        self._draw = Random(SEED)

    def tell(self, many: int) -> int:
        """Tell so many events, and return the number of the last but ten: it may have come."""
        for _ in range(many):
            number = len(self.told)
            self.told[number] = datetime.now(UTC)
            occurrence = Occurrence(self._draw.choice(self._topics), {"say": number}, 0)
            self._served.centre.world.feed.tell(occurrence)
            time.sleep(0.01)
        return len(self.told) - 10


def settled(listeners: int) -> bool:
    """Whether so many listeners live, and every topic is subscribed."""
    free = NotificationTopic.objects.exclude(state="subscribed")
    counts = (NotificationListener.objects.count(), subscribed(), free.count())
    return counts == (listeners, NotificationTopic.objects.count(), 0) and counts[1] > 0


def test_killed_and_dropped_listeners_come_back_and_order_what_they_missed(
    served: Served, env: dict[str, str], tmp_path: Path
) -> None:
    """Whatever is not in the inbox must lie in a time that is ordered to be read again."""
    sys.stdout.write(f"seed {SEED}\n")
    ids = [factories.agent(state="active").genesys_id for _ in range(20)]
    teller, log = Teller(served, [f"v2.users.{id_}.conversations" for id_ in ids]), tmp_path / "log"
    with listener(env, log) as first, listener(env, log) as second:
        until(lambda: settled(2))
        gaps.done(since=until(gaps.ordered))
        rules(served, drop_every_s=0.7, closing_every_s=1.1, closing_grace_s=0.2, duplicate=0.1)
        teller.tell(100)
        first.send_signal(signal.SIGKILL)
        teller.tell(200)
        rules(served)
        until(lambda: settled(1))
        until(lambda: teller.tell(1) in said())

        begun = time.monotonic()
        second.terminate()
        assert second.wait(timeout=60) == 0
        assert time.monotonic() - begun < STOPPED_WITHIN_S

    ordered, missing = until(gaps.ordered), set(teller.told) - said()
    assert all(teller.told[number] >= ordered for number in missing), log.read_text()
    assert not NotificationListener.objects.exists()
    assert "Traceback" not in log.read_text()
