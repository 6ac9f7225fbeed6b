"""A simulated centre in which nothing happens by itself, and the product that follows it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from integrations import services
from integrations.genesys.client import Client, Credentials
from integrations.genesys.correspondence import read_messages
from integrations.genesys.enforce import Enforced, enforce
from integrations.genesys.poll import find_open, poll
from integrations.genesys.rereads import reread_open
from integrations.genesys.transport import Answer, Request, Wire
from simulator.api.access import Access
from simulator.clock import ManualClock
from simulator.server import Served, serving
from simulator.world import World
from simulator.world.customers import meet
from simulator.world.desk import Desk
from simulator.world.records import Sender
from sla.models import Enforcement, ForcedEnd, Policy
from tests import factories
from tests.scripted import Scripted

EPOCH = datetime(2026, 3, 23, 9, 0, tzinfo=UTC)
CLAIMS, WHATSAPP, CALLS = "Claims E-Mail", "WhatsApp", "Service Hotline"
Allow = Callable[..., Enforcement]


class Watched(Wire):
    """Connections that remember which acts went over them, and may die after one."""

    def __init__(self) -> None:
        super().__init__()
        self.acts: list[str] = []
        self.sent = 0
        self.dies_before_an_act = self.dies_after_an_act = False
        self.before_an_act: Callable[[], object] = lambda: None

    def send(self, request: Request) -> Answer:
        self.sent += 1
        if "/participants/" not in request.url or request.method == "GET":
            return super().send(request)
        if self.dies_before_an_act:
            raise SystemExit("killed before the call")
        self.before_an_act()
        self.acts.append(f"{request.method} {request.url.rpartition('/api/v2/')[2]}")
        answer = super().send(request)
        if self.dies_after_an_act:
            raise SystemExit("killed between the call and its being noted")
        return answer


@dataclass
class Stage:
    """The centre, and the product."""

    centre: Served
    clock: ManualClock
    wire: Watched
    chance: Random = field(default_factory=lambda: Random(1))

    @property
    def world(self) -> World:
        return self.centre.centre.world

    def client(self, wire: Wire | None = None) -> Client:
        credentials = Credentials(self.centre.url, "simulator", "simulator")
        return Client(credentials, clock=self.clock.now, wire=wire or self.wire)

    def desk(self, number: int = 0) -> Desk:
        return self.world.floor.desks[number]

    def queue_id(self, name: str) -> str:
        return next(queue.id for queue in self.world.organization.queues if queue.name == name)

    def taken(self, queue: str = CLAIMS, desk: int = 0) -> Scripted:
        """Let a customer write, and an agent take it at once."""
        script = Scripted(self.world, queue, meet(self.chance))
        script.arrives()
        script.rings(self.desk(desk))
        self.passes(1.0)
        script.answers(self.desk(desk))
        return script

    def passes(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.centre.centre.live_on()

    def faults(self, *rules: dict[str, Any]) -> None:
        """Let acts go wrong so; without rules all is well again."""
        self.centre.centre.faults.put([{"path": "*/participants/*"} | rule for rule in rules])

    def follow(self) -> None:
        """Have the mirror show how the centre stands."""
        now = self.clock.now()
        poll(client=self.client(), now=now)
        find_open(client=self.client(), now=now)
        reread_open(client=self.client(), now=now)
        read_messages(client=self.client(), now=now)
        services.derive(now=now)

    def run(self, wire: Wire | None = None) -> Enforced:
        return enforce(client=self.client(wire), now=self.clock.now())

    def answers(self, script: Scripted) -> None:
        """Let the agent write."""
        work = script.active_work()
        assert work
        script.write(Sender.AGENT, work.session, work.desk.agent.id)

    def forgets(self, hours: float = 49) -> None:
        self.passes(hours * 3600)
        self.follow()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(EPOCH)


@pytest.fixture
def stage(clock: ManualClock, client: Client) -> Iterator[Stage]:
    """Its cache is the test's own: client has set that up."""
    with serving(World(seed=7, epoch=EPOCH, quiet=True), clock) as served:
        served.centre.access = Access(allowed=0)
        yield Stage(served, clock, Watched())


@pytest.fixture
def allow(stage: Stage) -> Allow:
    """Allow it in the queue of e-mails, unless a test says otherwise."""

    def made(**values: Any) -> Enforcement:
        usual = {"mode": "live", "action": "disconnect", "queue_ids": [stage.queue_id(CLAIMS)]}
        row, _ = Enforcement.objects.update_or_create(
            policy=Policy.objects.first() or factories.policy(), defaults=usual | values
        )
        return row

    return made


def forced() -> ForcedEnd:
    return ForcedEnd.objects.get()


def state_of(script: Scripted) -> str:
    """Say how the agent's latest session stands in the centre."""
    session = next(s for s in reversed(script.conversation.sessions) if s.purpose == "agent")
    last = session.segments[-1]
    return "open" if last.end is None and last.segment_type != "wrapup" else last.disconnect_type
