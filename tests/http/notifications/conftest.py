"""A served centre with notification channels, and listeners that hear what happens in it."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import pytest
import requests
from django.core.cache import cache
from django.db import OperationalError
from django.utils import timezone

from integrations.genesys.client import Credentials
from integrations.genesys.notifications.listener import Listener
from integrations.genesys.notifications.means import Means
from integrations.genesys.notifications.pace import Pace
from integrations.genesys.notifications.platform import Platform
from integrations.inbox.receive import receive_many
from integrations.models import InboxItem, NotificationTopic, Source
from simulator.clock import ManualClock
from simulator.server import Served, serving
from simulator.world import World
from simulator.world.feed import Occurrence
from tests import factories

EPOCH = datetime(2026, 3, 26, 5, tzinfo=UTC)
QUICK = Pace(
    heartbeat_s=0.4,
    pong_s=0.2,
    connect_s=5.0,
    backoff_s=0.05,
    backoff_most_s=0.5,
    stable_s=0.2,
    tend_s=0.05,
    lease_s=0.6,
    follow_s=0.1,
    batch_s=0.01,
)
_names = count(1)


def until(holds: Callable[[], Any], *, within_s: float = 60.0) -> Any:
    """Wait until something holds; return what it returned."""
    end = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.01)
    return found


def platform_at(url: str) -> Platform:
    return Platform(Credentials(url, "simulator", "simulator"), clock=timezone.now)


@dataclass
class Stage:
    """The simulator, and the listeners that run."""

    served: Served
    source_id: int
    running: "dict[str, tuple[Mortal, threading.Thread, asyncio.AbstractEventLoop]]" = field(
        default_factory=dict
    )
    woken: int = 0
    reminded: int = 0
    ahead: timedelta = timedelta()
    failures: int = 0

    def rules(self, **rules: Any) -> None:
        told = {"heartbeat_s": 0.1} | rules
        answer = requests.put(f"{self.served.url}/simulator/sockets", json=told, timeout=30)
        assert answer.status_code == 200, answer.text

    def tell(self, topic: str, **body: Any) -> None:
        self.served.centre.world.feed.tell(Occurrence(topic, body, 0))

    def start(self, pace: Pace = QUICK, *, platform: Platform | None = None) -> Listener:
        listener = Mortal(
            name=f"listener-{next(_names)}",
            platform=platform or platform_at(self.served.url),
            clock=lambda: timezone.now() + self.ahead,
            store=self._store,
            wake=self._wake,
            remind=self._remind,
            pace=pace,
        )
        runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        loop = runner.get_loop()

        def run() -> None:
            with runner:  # nothing of one that was killed outlives its loop
                runner.run(listener.run())

        thread = threading.Thread(target=run)
        thread.start()
        self.running[listener.name] = (listener, thread, loop)
        return listener

    def stop(self, listener: Listener) -> float:
        """End a listener in order; return the seconds that it took."""
        _, thread, loop = self.running.pop(listener.name)
        begun = time.monotonic()
        loop.call_soon_threadsafe(listener.stop)
        thread.join(10)
        assert not thread.is_alive()
        return time.monotonic() - begun

    def kill(self, listener: Listener) -> None:
        """End a listener where it stands: nothing is given back, nothing is told."""
        mortal, thread, loop = self.running.pop(listener.name)
        loop.call_soon_threadsafe(mortal.kill)
        thread.join(10)

    def bodies(self) -> list[Any]:
        """What stands in the inbox, in order."""
        rows = InboxItem.objects.order_by("pk").values_list("body", flat=True)
        return [msgspec.json.decode(bytes(body)) for body in rows]

    def said(self) -> list[Any]:
        return [body["eventBody"].get("say") for body in self.bodies()]

    def _store(self, frames: Any) -> None:
        if self.failures:
            self.failures -= 1
            raise OperationalError("the database is away")
        receive_many(
            source_id=self.source_id, bodies=[(f, None) for f in frames], now=timezone.now()
        )

    def _remind(self) -> None:
        self.reminded += 1

    def _wake(self) -> None:
        self.woken += 1


class Mortal(Listener):
    """A listener that can die where it stands, as by SIGKILL."""

    killed = False

    def kill(self) -> None:
        self.killed = True
        for line, task in self._lines.items():
            task.cancel()
            if line._leg and line._leg._socket:
                line._leg._socket.transport.abort()
        self.stop()

    async def _leave(self, means: Means) -> None:
        if not self.killed:
            await super()._leave(means)


def agents(many: int) -> list[str]:
    return [factories.agent(state="active").genesys_id for _ in range(many)]


def subscribed() -> set[str]:
    rows = NotificationTopic.objects.filter(state=NotificationTopic.State.SUBSCRIBED)
    return set(rows.values_list("name", flat=True))


@pytest.fixture
def stage(transactional_db: None, settings: Any) -> Iterator[Stage]:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    source = Source.objects.create(
        name="notifications",
        kind=Source.Kind.NOTIFICATIONS,
        authentication=Source.Authentication.NONE,
        created_at=timezone.now(),
    )
    with serving(World(seed=7, epoch=EPOCH), ManualClock(EPOCH)) as served:
        stage = Stage(served, source.pk)
        stage.rules()
        yield stage
        for listener, _, _ in tuple(stage.running.values()):
            stage.stop(listener)
