"""How long others wait to be told, and the inbox to be worked through, beside a slow destination.

Worker and beat run as in the Procfile, and the receivers in a process of their own. Run in a
process of its own with DATABASE_URL set, and REDIS_URL where there is a Redis.
"""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

os.environ |= {
    "DCM_OUTBOUND_ALLOW": "127.0.0.0/8",
    "SECRET_KEY": "only this benchmark's, of fifty characters or somewhat more",
    "LOG_LEVEL": "ERROR",
}

import django
from django.core.management import call_command
from django.db import transaction

from benchmarks.figures import Figure, database
from dcm.processes import commands_in, end_with_parent
from tests.receiving import Receiving, receiving

django.setup()

from benchmarks.telling import conversations, destinations, id_of, instant, write  # noqa: E402
from conversations.models import CommonEvent, Conversation  # noqa: E402
from integrations.inbox import receive  # noqa: E402
from integrations.inbox.wakeup import WAKE_UP as INBOX  # noqa: E402
from integrations.models import Attempt, Delivery, Destination, InboxItem, Source  # noqa: E402

ROOT: Final = Path(__file__).parent.parent
# What is written meanwhile, and how long is waited for it to be told.
BESIDE_S, A_SECOND, SLOW_S, WITHIN_S = 40.0, 20.0, 9.0, 60.0
CONVERSATIONS: Final = 500


def measure() -> list[Figure]:
    """Return the figures of this process's database."""
    with receiving() as receivers, ExitStack() as stack:
        slow, *others = destinations(receivers, ("slow", "e", "f", "g"), kind="webhook")
        receivers.put({"kind": "slow", "path": "/hooks/slow", "seconds": SLOW_S})
        for name in ("worker", "beat"):
            stack.enter_context(running(name))
        rows = conversations(CONVERSATIONS)
        write(rows, [0])
        _until(lambda: len(receivers.heard()) > 0, "the worker tells nobody")
        committed = _tell(rows, others[0])
        _until(lambda: not _waiting(others), "the others are not told")
        _until(lambda: not InboxItem.objects.filter(state="waiting").exists(), "the inbox waits")
        reached = _reached(receivers, committed)
    tries = Attempt.objects.filter(delivery__destination=slow)
    assert tries.exists(), "the slow one was not tried"
    return _figures(_delivered(others), reached, _worked_through())


def _figures(
    delivered: Sequence[float], reached: Sequence[float], worked: Sequence[float]
) -> list[Figure]:
    beside = f"{database()}: beside a destination that takes {SLOW_S:.0f} s a call"
    told = (
        ("others, from ordered to delivered, p99", delivered, 0.99, 5.0),
        ("others, from an event's commit to its arrival, median", reached, 0.5, None),
        ("others, from an event's commit to its arrival, p95", reached, 0.95, 2.0),
        ("the inbox, from received to worked through, p95", worked, 0.95, 2.0),
    )
    return [
        Figure(
            what=f"{beside}: {what}",
            rate=sorted(values)[int(len(values) * share)],
            unit="s",
            target=target,
            more_is_better=False,
        )
        for what, values, share, target in told
    ]


def _tell(rows: Sequence[Conversation], among: Destination) -> dict[str, float]:
    """Write events at a pace, and an item of the inbox now and then; return their commits by id."""
    source = Source.objects.create(name="bench", kind=Source.Kind.GENESYS, created_at=instant())
    begun, number, committed = time.monotonic(), 1, dict[str, float]()
    while (passed := time.monotonic() - begun) < BESIDE_S:
        while number < passed * A_SECOND:
            with transaction.atomic():
                write(rows, [number])
            committed[id_of(among, rows[number % len(rows)], number)] = time.time()
            if number % 10 == 0:
                receive.receive_many(source_id=source.pk, bodies=[(b"{}", None)], now=instant())
                INBOX.tell()
            number += 1
        time.sleep(0.005)
    return committed


def _reached(receivers: Receiving, committed: dict[str, float]) -> list[float]:
    heard = {call.id: call.at for call in receivers.heard()}
    return [heard[one] - at for one, at in committed.items()]


def _delivered(others: Sequence[Destination]) -> list[float]:
    rows = Delivery.objects.filter(destination__in=others).exclude(delivered_at=None)
    return [(row.delivered_at - row.ordered_at).total_seconds() for row in rows if row.delivered_at]


def _worked_through() -> list[float]:
    """Return how long items waited that nobody can read: they are set aside, which is done too."""
    rows = InboxItem.objects.values_list("received_at", "processed_at")
    return [(at - received).total_seconds() for received, at in rows if at]


def _waiting(others: Sequence[Destination]) -> int:
    unannounced = CommonEvent.objects.filter(announced=False).count()
    return unannounced + Delivery.objects.filter(destination__in=others, state="waiting").count()


def _until(holds: Callable[[], bool], otherwise: str) -> None:
    until = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < until, otherwise
        time.sleep(0.05)


@contextmanager
def running(name: str) -> Iterator[None]:
    """Run a process of the Procfile as long as the block lasts."""
    command = commands_in(ROOT / "Procfile")[name]
    process = subprocess.Popen(
        [sys.executable, "-m", *shlex.split(command.removeprefix("exec "))],
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


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    json.dump([figure.as_dict() for figure in measure()], sys.stdout)
