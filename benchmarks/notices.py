"""How long it takes from the instant at which a timer falls due to its notice's arrival.

Worker and beat run as in the Procfile, and the receivers in a process of their own. Beside them a
simulated Genesys Cloud, which keeps to its rate limit, is asked about every conversation before
anybody is told. Run in a process of its own with DATABASE_URL set, and REDIS_URL where there is a
Redis.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

os.environ |= {
    "DCM_OUTBOUND_ALLOW": "127.0.0.0/8",
    "GENESYS_REGION": "simulator",
    "GENESYS_CLIENT_ID": "simulator",
    "GENESYS_CLIENT_SECRET": "simulator",
    "SECRET_KEY": "only this benchmark's, of fifty characters or somewhat more",
    "LOG_LEVEL": "ERROR",
}

import django
from django.core.management import call_command

from benchmarks.figures import Figure, database
from simulator.clock import RunningClock
from simulator.server import serving
from simulator.world import World
from simulator.world.customers import meet
from tests.receiving import Receiving, receiving
from tests.scripted import Scripted

django.setup()

from benchmarks.beside import running  # noqa: E402
from benchmarks.telling import instant  # noqa: E402
from chrono.instants import parse  # noqa: E402
from conversations.models import Conversation  # noqa: E402
from integrations import heartbeat, services  # noqa: E402
from integrations.genesys.client import Client, Credentials  # noqa: E402
from integrations.genesys.correspondence import read_messages  # noqa: E402
from integrations.genesys.plain import ApiClient  # noqa: E402
from integrations.genesys.poll import find_open  # noqa: E402
from integrations.models import Destination  # noqa: E402
from integrations.outbox import announce  # noqa: E402
from sla.models import Ladder, Policy, Rung, Timer  # noqa: E402
from sla.services import refresh  # noqa: E402

# So many customers wrote one after the other; each of them is told of thrice: the breach, a rung
# with it, and a rung RUNGS_S later, which is asked about anew. To ask takes a request for each, and
# one a second for all: of the 300 a minute that Genesys allows this is half, and the first minute's
# directory a third.
CUSTOMERS, NOTICES, OVER_S, RUNGS_S = 50, 150, 60.0, (0, 10)
LEAD, READY_WITHIN_S, WITHIN_S, LOOK_S = timedelta(seconds=5), 60.0, 120.0, 0.2
MOST_S: Final = 5.0
AGO: Final = timedelta(minutes=10)
# What must have run before the first timer falls due: a process that starts loads for seconds.
TASKS: Final = tuple(
    f"integrations.{name}"
    for name in ("check_timers", "deliver", "genesys.reread_wanted", "genesys.read_writers")
)


def measure() -> list[Figure]:
    """Return the figures of this process's database."""
    begun = datetime.now(UTC) - AGO
    world = World(seed=7, epoch=begun, quiet=True)
    _write(world, begun)
    with receiving() as receivers, serving(world, RunningClock(instant())) as served:
        os.environ["GENESYS_BASE_URL"] = served.url
        served.centre.clients["reader"] = "reader"  # whose requests are not counted with theirs
        _mirror(served.url)
        with ExitStack() as stack:
            for name in ("worker", "beat"):
                stack.enter_context(running(name))
            _until(lambda: len(heartbeat.runs(TASKS)) == len(TASKS), "the worker is not there")
            _promise(receivers, LEAD + (instant() - begun))
            waits = sorted(_waits(receivers))
    assert Timer.objects.filter(state="fired", verified=True).count() == NOTICES
    what = f"{database()}: from a timer's due instant to its notice's arrival"
    return [
        Figure(what=f"{what}, median", rate=waits[NOTICES // 2], unit="s"),
        Figure(
            what=f"{what}, p99",
            rate=waits[int(NOTICES * 0.99)],
            unit="s",
            target=MOST_S,
            more_is_better=False,
        ),
    ]


def _write(world: World, begun: datetime) -> None:
    """Have customers write, at even distances over OVER_S, and nobody answer."""
    chance = Random(7)
    for number in range(CUSTOMERS):
        world.advance_to(begun + timedelta(seconds=OVER_S * number / CUSTOMERS))
        Scripted(world, "WhatsApp", meet(chance)).arrives()


def _mirror(url: str) -> None:
    """Have all that was written mirrored: what is measured is not the first reading."""
    client = Client(Credentials(url, "reader", "reader"), clock=instant, api=ApiClient)
    find_open(client=client, now=instant())
    while read_messages(client=client, now=instant()):
        pass
    services.derive(now=instant())
    assert Conversation.objects.count() == CUSTOMERS


def _promise(receivers: Receiving, target: timedelta) -> None:
    """Promise an answer within so long, and tell a webhook where it does not come."""
    hook = Destination.objects.create(
        name="hook",
        kind="webhook",
        mode=Destination.Mode.LIVE,
        topics=["sla.breached"],
        config={"url": f"{receivers.url}/hooks/hook"},
        created_at=instant(),
    )
    announce.listen(hook)
    ladder = Ladder.objects.create(name="Ladder")
    for offset_s in RUNGS_S:
        Rung.objects.create(ladder=ladder, offset_s=offset_s, destination_id=hook.pk)
    target_s = target // timedelta(seconds=1)
    Policy.objects.update(
        time_unit="wall", next_response_s=target_s, warnings=[], forgotten_s=None, ladder=ladder
    )
    refresh(conversation_ids=Conversation.objects.values_list("pk", flat=True), now=instant())
    assert Timer.objects.filter(state="waiting").count() == NOTICES


def _waits(receivers: Receiving) -> list[float]:
    """Return by how many seconds after its timer's due instant each notice arrived."""
    _until(lambda: len(receivers.heard()) >= NOTICES, "notices did not come", within_s=WITHIN_S)
    heard = receivers.heard()
    assert len({one.id for one in heard}) == len(heard) == NOTICES
    return [one.at - parse(one.body["timestamp"]).timestamp() for one in heard]


def _until(holds: Callable[[], bool], otherwise: str, *, within_s: float = READY_WITHIN_S) -> None:
    until = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until, otherwise
        time.sleep(LOOK_S)


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    json.dump([figure.as_dict() for figure in measure()], sys.stdout)
