"""A simulated day with every road open and faults on each, and what it must come to."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
import requests
from django.db import connection

from chrono.instants import to_ms
from conversations.domain.events import implied, look
from conversations.models import CommonEvent
from integrations import services
from integrations.errors import IntegrationError
from integrations.genesys import (
    correspondence,
    feedback,
    history,
    nightly,
    poll,
    recover,
    rereads,
    wanted,
)
from integrations.genesys import presence as presences
from integrations.genesys.client import Client, Credentials
from integrations.genesys.notifications.listener import Listener
from integrations.genesys.notifications.pace import Pace
from integrations.genesys.notifications.platform import Platform
from integrations.genesys.synchronise import synchronise
from integrations.inbox import sources
from integrations.inbox.receive import receive_many
from integrations.models import HistoryDay, Source
from simulator.clock import ManualClock
from simulator.server import Served
from tests.truth import ATTRIBUTES, assert_same, mirrored, said, written

SEED: Final = int(os.environ.get("DCM_CHAOS_SEED", "7"))
SETTLED_WITHIN_S: Final = 240
STEP: Final = timedelta(minutes=40)
# A clock that leaps twenty minutes at a time would end every lease.
PACE: Final = Pace(
    heartbeat_s=1.0,
    pong_s=0.5,
    backoff_s=0.05,
    backoff_most_s=0.5,
    stable_s=0.5,
    tend_s=0.2,
    lease_s=10 * 86_400,
    follow_s=1.0,
    batch_s=0.01,
)


@dataclass
class Day:
    """A centre that lives, and a mirror that follows it."""

    served: Served
    clock: ManualClock
    failures: dict[str, int] = field(default_factory=dict)

    @property
    def client(self) -> Client:
        return Client(Credentials(self.served.url, "simulator", "simulator"), clock=self.clock.now)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.served.url}/simulator/{path}"
        answer = requests.request(method, url, json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def live(self, until: datetime) -> None:
        """Let the centre live on, step by step, and the mirror follow."""
        while self.clock.now() < until:
            self.control("POST", "clock", {"advance_s": STEP.total_seconds()})
            self.control("POST", "push/flush")
            self.follow()

    def follow(self) -> set[str]:
        """Run each task once, as beat does; return the names of those that came through."""
        time.sleep(self.client.budget.blocked_s())
        return {name for name, task in self.tasks().items() if self._ran(name, task)}

    def settle(self) -> None:
        """Run every task until each has come through twice, and nothing waits any more."""
        left = dict.fromkeys(self.tasks(), 2)
        deadline = time.monotonic() + SETTLED_WITHIN_S
        while left or HistoryDay.objects.filter(state__in=history.OPEN).exists():
            assert time.monotonic() < deadline, f"these never came through: {left}"
            # A job takes its time to be fulfilled.
            self.control("POST", "clock", {"advance_s": 1})
            for name in self.follow() & left.keys():
                left[name] -= 1
                if not left[name]:
                    del left[name]

    def tasks(self) -> dict[str, Callable[[], Any]]:
        client, now = self.client, self.clock.now()
        return {
            "synchronise": lambda: synchronise(client=client, now=now),
            "process_inbox": lambda: services.process_inbox(now=now),
            "reread_wanted": lambda: wanted.reread_wanted(client=client, now=now),
            "poll": lambda: poll.poll(client=client, now=now),
            "find_open": lambda: poll.find_open(client=client, now=now),
            "reread_open": lambda: rereads.reread_open(client=client, now=now),
            "read_messages": lambda: correspondence.read_messages(client=client, now=now),
            "read_feedback": lambda: feedback.read_feedback(client=client, now=now),
            "last_day": lambda: poll.last_day(client=client, now=now),
            "nightly": lambda: nightly.nightly(client=client, now=now),
            "reconcile": lambda: recover.reconcile(client=client, now=now),
            "read_presence": lambda: presences.read_presence(client=client, now=now),
        }

    def _ran(self, name: str, task: Callable[[], Any]) -> bool:
        try:
            task()
        except IntegrationError:
            self.failures[name] = self.failures.get(name, 0) + 1
            return False
        return True


@contextmanager
def pushed_to(day: Day, web: str, *, share: float) -> Iterator[None]:
    """Have the centre post its events to our webhooks, with faults on the way."""
    destinations = [
        {
            "name": shape,
            "shape": shape,
            "url": f"{web}/hooks/{path}/",
            "token": _key_of(kind, day.clock.now()),
            "strings": shape == "trigger",
            "retry_s": 0.05,
        }
        for shape, path, kind in (
            ("trigger", "genesys", Source.Kind.GENESYS),
            ("eventbridge", "eventbridge", Source.Kind.EVENTBRIDGE),
        )
    ]
    befall = ("late", "repeated", "lost", "reordered", "nulls", "skewed", "forged")
    faults = dict.fromkeys(befall, share)
    day.control("PUT", "push", {"destinations": destinations, "faults": faults, "seed": SEED})
    try:
        yield
    finally:
        day.control("PUT", "push", {"destinations": []})


def _key_of(kind: str, now: datetime) -> str:
    source = Source.objects.create(name=f"chaos {kind}", kind=kind, created_at=now)
    return sources.new_key(source_id=source.pk, now=now)


@contextmanager
def listening(day: Day, *, share: float) -> Iterator[None]:
    """Run a listener against sockets that misbehave."""
    rules = {"heartbeat_s": 0.2, "drop_every_s": 3.0, "refuse": share, "seed": SEED}
    day.control("PUT", "sockets", rules | dict.fromkeys(("lose", "duplicate", "reorder"), share))
    source = Source.objects.create(
        name="chaos notifications",
        kind=Source.Kind.NOTIFICATIONS,
        authentication=Source.Authentication.NONE,
        created_at=day.clock.now(),
    )

    def store(frames: Any) -> None:
        bodies = [(frame, None) for frame in frames]
        receive_many(source_id=source.pk, bodies=bodies, now=day.clock.now())

    listener = Listener(
        name="chaos",
        platform=Platform(
            Credentials(day.served.url, "simulator", "simulator"), clock=day.clock.now
        ),
        clock=day.clock.now,
        store=store,
        wake=lambda: None,
        remind=lambda: None,
        pace=PACE,
    )
    loop = asyncio.new_event_loop()

    def run() -> None:
        loop.run_until_complete(listener.run())
        loop.close()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(listener.stop)
        thread.join(20)
        assert not thread.is_alive()


def assert_the_mirror_is_the_truth(day: Day, *, jobs_up_to: datetime) -> None:
    """Compare row for row: conversations and all below them, who wrote, and Common Events.

    What began before jobs_up_to was read by jobs: there the participants' attributes count too.
    """
    world = day.served.centre.world
    truth = world.truth(day.clock.now())["conversations"]
    facts = mirrored(truth)
    for genesys_id, told in truth.items():
        by_jobs = told["started_at"] < to_ms(jobs_up_to)
        assert_same(facts[genesys_id], told, besides=() if by_jobs else ATTRIBUTES)
    _same("who wrote", written(), said(world.conversations.values(), truth))
    expected = {
        (one.genesys_id, event.name.value, event.subject)
        for one in facts.values()
        for event in implied(look(one, day.clock.now()))
    }
    rows = CommonEvent.objects.values_list("conversation__genesys_id", "name", "subject")
    told = set(rows)
    _same("Common Events", told, expected)
    assert len(rows) == len(told)


def _same(what: str, found: set[Any], expected: set[Any]) -> None:
    more, less = sorted(found - expected), sorted(expected - found)
    if more or less:
        pytest.fail(f"{what}: {len(more)} too many {more[:5]}, {len(less)} lack {less[:5]}")
