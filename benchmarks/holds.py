"""How long a hold takes from its event's arrival to its record in Salesforce.

Worker and beat run as in the Procfile, and Salesforce in a process of its own. Each hold is of a
conversation whose case is not known yet: it is looked for first. Run in a process of its own with
DATABASE_URL set, and REDIS_URL where there is a Redis.
"""

import json
import os
import sys
import time
from contextlib import ExitStack
from typing import Any, Final

os.environ |= {
    "DCM_OUTBOUND_ALLOW": "127.0.0.0/8",
    "SECRET_KEY": "only this benchmark's, of fifty characters or somewhat more",
    "LOG_LEVEL": "ERROR",
}

import django
from django.core.management import call_command

from benchmarks.figures import Figure, database
from tests.receiving import Receiving, receiving

django.setup()

from benchmarks.beside import running  # noqa: E402
from benchmarks.telling import instant  # noqa: E402
from chrono.instants import to_ms  # noqa: E402
from conversations import services  # noqa: E402
from integrations.inbox import receive  # noqa: E402
from integrations.inbox.wakeup import WAKE_UP  # noqa: E402
from integrations.models import Source  # noqa: E402
from tests.faults.held import minute_of, open_email, salesforce  # noqa: E402
from tests.heard import snapshot  # noqa: E402

COUNT, A_SECOND, WITHIN_S, LOOK_S = 100, 4.0, 60.0, 0.02
STATE: Final = "v2.detail.events.agent.{id}.state"


def measure() -> list[Figure]:
    """Return the figures of this process's database."""
    names = [f"e{number}" for number in range(COUNT)]
    _mirror(["first", *names])
    with receiving() as receivers, ExitStack() as stack:
        receivers.cases(["first", *names])
        salesforce(receivers)
        for process in ("worker", "beat"):
            stack.enter_context(running(process))
        source = Source.objects.create(name="bench", kind=Source.Kind.GENESYS, created_at=instant())
        _waits(receivers, source, ["first"])  # until the worker is there, and is logged in
        waits = sorted(_waits(receivers, source, names))
    what = f"{database()}: from a hold event's arrival to its record in Salesforce"
    return [
        Figure(what=f"{what}, median", rate=waits[COUNT // 2], unit="s"),
        Figure(
            what=f"{what}, p95",
            rate=waits[int(COUNT * 0.95)],
            unit="s",
            target=2.0,
            more_is_better=False,
        ),
    ]


def _mirror(names: list[str]) -> None:
    """Have e-mails that agents have in hand."""
    now = instant()
    began = minute_of(now) - 20
    found = [snapshot(open_email(name, began=began), now) for name in names]
    services.record(snapshots=found, now=now)


def _waits(receivers: Receiving, source: Source, names: list[str]) -> list[float]:
    """Receive holds at a pace; return how long each took to be seen in Salesforce."""
    received, waits, left = dict[str, float](), list[float](), list(names)
    begun = time.monotonic()
    while left or received:
        if left and time.monotonic() - begun >= (len(names) - len(left)) / A_SECOND:
            name = left.pop(0)
            _receive(source, name)
            received[name] = time.monotonic()
        for row in receivers.rows("DCM_Hold__c"):
            if since := received.pop(row["Conversation_Id__c"], None):
                waits.append(time.monotonic() - since)
        assert time.monotonic() < begun + WITHIN_S, f"{len(received)} holds did not come"
        time.sleep(LOOK_S)
    return waits


def _receive(source: Source, name: str) -> None:
    now = instant()
    body: dict[str, Any] = {
        "topic": STATE,
        "conversationId": name,
        "sessionId": f"{name}-a",
        "userId": f"u-{name}",
        "queueId": "mail",
        "mediaType": "EMAIL",
        "currentState": "HOLD",
        "currentStateStart": to_ms(now),
    }
    receive.receive_many(source_id=source.pk, bodies=[(json.dumps(body).encode(), None)], now=now)
    WAKE_UP.tell()


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    json.dump([figure.as_dict() for figure in measure()], sys.stdout)
