"""The roads on which a simulated day is told to us, each with faults on the way."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, Final

from django.db import connection

from integrations.eventbridge.sqs import Consumer, source_of
from integrations.genesys.client import Credentials
from integrations.genesys.notifications.listener import Listener
from integrations.genesys.notifications.pace import Pace
from integrations.genesys.notifications.platform import Platform
from integrations.inbox import sources
from integrations.inbox.receive import receive_many
from integrations.models import Source
from tests.faults.centre_day import ALL_AT_ONCE, SEED, SHARE, Day
from tests.http.eventbridge.conftest import REGION, Sqs, wait_for

VISIBLE_AGAIN_S: Final = 2
OF_CONVERSATIONS: Final = ("v2.detail.events.conversation.*",)
# Snapshots are the most: the WebSocket carries them too.
SNAPSHOTS: Final = ("v2.users.*.conversations",) if ALL_AT_ONCE else ()
OF_AGENTS: Final = ("v2.detail.events.agent.*", "v2.users.*.activity", *SNAPSHOTS)
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


@contextmanager
def pushed_to(day: Day, web: str, sqs: Sqs) -> Iterator[None]:
    """Have the centre send its events to our webhooks and our queue, with faults on the way.

    EventBridge puts what happens to conversations into the queue, and posts the rest.
    """
    now = day.clock.now()
    destinations: list[dict[str, Any]] = [
        {
            "shape": "trigger",
            "url": f"{web}/hooks/genesys/",
            "token": _key_of(Source.Kind.GENESYS, now),
            "strings": True,
        },
        {
            "shape": "eventbridge",
            "url": f"{web}/hooks/eventbridge/",
            "token": _key_of(Source.Kind.EVENTBRIDGE, now),
            "topics": OF_AGENTS,
        },
        {
            "shape": "sqs",
            "url": sqs.url,
            "endpoint": sqs.gate.url,
            "region": REGION,
            "topics": OF_CONVERSATIONS,
        },
    ]
    plan = [{"name": each["shape"], "retry_s": 0.05} | each for each in destinations]
    befall = ("late", "repeated", "lost", "reordered", "nulls", "skewed", "forged")
    faults = dict.fromkeys(befall, SHARE)
    day.control("PUT", "push", {"destinations": plan, "faults": faults, "seed": SEED})
    try:
        yield
        for road in day.control("GET", "push")["destinations"]:
            day.befallen.update({f"{road['name']} {k}": n for k, n in road["counts"].items()})
    finally:
        day.control("PUT", "push", {"destinations": []})


def _key_of(kind: str, now: datetime) -> str:
    source = Source.objects.create(name=f"chaos {kind}", kind=kind, created_at=now)
    return sources.new_key(source_id=source.pk, now=now)


@contextmanager
def listening(day: Day) -> Iterator[None]:
    """Run a listener against sockets that misbehave."""
    rules = {"heartbeat_s": 0.2, "drop_every_s": 3.0, "refuse": SHARE, "seed": SEED}
    day.control("PUT", "sockets", rules | dict.fromkeys(("lose", "duplicate", "reorder"), SHARE))
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
    runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
    loop = runner.get_loop()

    def run() -> None:
        with runner:
            runner.run(listener.run())
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


@contextmanager
def consuming(day: Day, sqs: Sqs) -> Iterator[None]:
    """Take from a queue that misbehaves, as manage.py consume_sqs does, until nothing is left."""
    sqs.gate.go_wrong(SHARE, seed=SEED)
    queue = sqs.queue(visibility_s=VISIBLE_AGAIN_S)
    source = source_of(queue, now=day.clock.now())

    def store(bodies: Any) -> int:
        return receive_many(source_id=source.pk, bodies=bodies, now=day.clock.now())

    consumer = Consumer(queue, store, lambda: None, day.clock.now, pause_s=lambda _: 0.05)

    def run() -> None:
        consumer.run()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
        wait_for(lambda: not sqs.left)
        day.befallen.update({f"queue {k}": n for k, n in sqs.gate.befallen.items()})
    finally:
        consumer.stop.set()
        thread.join(20)
        assert not thread.is_alive()
