"""Who is told that an agent is connected, and that a handover is over: the whole way, as it runs.

Scripted conversations happen in a simulated centre; its triggers post to our webhook; the tasks run
as often as beat sends them; a destination hears.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
import requests
from django.utils import timezone

from conversations.models import Conversation
from integrations import services
from integrations.genesys.client import Client
from integrations.genesys.synchronise import synchronise
from integrations.genesys.verify import verify_connected
from integrations.genesys.wanted import reread_wanted
from integrations.inbox import sources
from integrations.models import Destination, Ringing, Source
from integrations.outbox import announce, relay
from simulator.api.access import Access
from simulator.clock import ManualClock
from simulator.receivers.server import Served as Receiving
from simulator.receivers.server import serving as receiving
from simulator.server import Served, serving
from simulator.world import World
from simulator.world.customers import meet
from tests.http.genesys.scenarios import CONNECTED, LEFT, OVER, PORTAL, TABLE, TRANSFERRED
from tests.scripted import Scripted

pytestmark = pytest.mark.django_db(transaction=True)

EPOCH = datetime(2026, 3, 23, 9, 0, tzinfo=UTC)
WAIT, LONG = 12, 75  # seconds in the queue, and from then on
# How many seconds after it happened each is told, at most.
WITHIN = {CONNECTED: 4.0, TRANSFERRED: 4.0, LEFT: 4.0, OVER: 8.0}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """Return a clock that is everybody's, the web server's too."""
    clock = ManualClock(EPOCH)
    monkeypatch.setattr(timezone, "now", clock.now)
    return clock


@pytest.fixture
def centre(clock: ManualClock) -> Iterator[Served]:
    world = World(seed=7, epoch=EPOCH, auto_answer=[PORTAL], quiet=True)
    with serving(world, clock) as served:
        served.centre.access = Access(allowed=0)
        yield served


@pytest.fixture
def receiver(clock: ManualClock, settings: Any) -> Iterator[Receiving]:
    with receiving(clock) as served:
        destination = Destination.objects.create(
            name="bot",
            kind="webhook",
            mode="live",
            topics=[CONNECTED, TRANSFERRED, LEFT, OVER],
            config={"url": f"{served.url}/hooks/bot"},
            created_at=clock.now(),
        )
        announce.listen(destination)
        yield served


@dataclass
class Stage:
    """The centre, and the product that follows it."""

    centre: Served
    clock: ManualClock
    client: Client
    web: str

    @property
    def world(self) -> World:
        return self.centre.centre.world

    def push(self) -> None:
        """Have the centre's triggers post to our webhook."""
        kind, now = Source.Kind.GENESYS, self.clock.now()
        source = Source.objects.create(name="triggers", kind=kind, created_at=now)
        key = sources.new_key(source_id=source.pk, now=now)
        to = {"name": "ours", "shape": "trigger", "url": f"{self.web}/hooks/genesys/", "token": key}
        self._control("PUT", "push", {"destinations": [to | {"strings": True}]})

    def live(self, seconds: int) -> None:
        """Let seconds pass, and the tasks run as beat and what wakes them would have it."""
        for second in range(seconds):
            self._pass(0.5)
            services.process_inbox(now=self.clock.now())
            self._pass(0.5)  # what that has ordered is due a moment later
            verify_connected(client=self.client, now=self.clock.now())
            reread_wanted(client=self.client, now=self.clock.now())
            if second % 2 == 0:
                relay.relay(now=self.clock.now())

    def _pass(self, seconds: float) -> None:
        self._control("POST", "clock", {"advance_s": seconds})
        self._control("POST", "push/flush")

    def _control(self, method: str, path: str, body: Any = None) -> None:
        url = f"{self.centre.url}/simulator/{path}"
        requests.request(method, url, json=body, timeout=60).raise_for_status()


@pytest.fixture
def stage(centre: Served, clock: ManualClock, simulated: Client, live_server: Any) -> Stage:
    return Stage(centre, clock, simulated, live_server.url)


@pytest.mark.parametrize("lag_s", [0, 8])
def test_each_is_told_exactly_what_happened_and_soon(
    stage: Stage, receiver: Receiving, lag_s: int
) -> None:
    """Analytics may lag: who is connected is told as soon all the same."""
    desks = {desk.agent.name.partition(" ")[0]: desk for desk in stage.world.floor.desks}
    for desk in desks.values():
        desk.begin_shift()
    synchronise(client=stage.client, now=stage.clock.now())
    stage.push()
    stage.centre.centre.lag = timedelta(seconds=lag_s)
    chance = Random(1)
    scripts = {name: Scripted(stage.world, row.queue, meet(chance)) for name, row in TABLE.items()}
    for script in scripts.values():
        script.at(0, script.arrives)
    stage.live(WAIT)
    for name, row in TABLE.items():
        scripts[name].starts()
        row.happens(scripts[name], desks.__getitem__)
    stage.live(LONG)

    told = _heard(receiver, stage.world, scripts)
    assert {name: [call[:3] for call in told[name]] for name in TABLE} == {
        name: row.told for name, row in TABLE.items()
    }
    late = {
        name: [call for call in calls if call[3] > _within(call[0], lag_s)]
        for name, calls in told.items()
    }
    assert {name: calls for name, calls in late.items() if calls} == {}
    assert Ringing.objects.count() == 0
    assert Conversation.objects.count() == len(TABLE)


def _within(event: str, lag_s: int) -> float:
    return WITHIN[event] if event == CONNECTED else WITHIN[event] + 2 * lag_s


Heard = dict[str, list[tuple[str, str, int, float]]]


def _heard(receiver: Receiving, world: World, scripts: dict[str, Scripted]) -> Heard:
    """Return what the destination heard of each: event, agent, when it was, how late it came."""
    names = {agent.id: agent.name.partition(" ")[0] for agent in world.organization.agents}
    found: Heard = {name: [] for name in scripts}
    of = {script.id: name for name, script in scripts.items()}
    for call in receiver.receivers.heard("/hooks/bot"):
        kind, data = call.body["type"], call.body["data"]
        at = datetime.fromisoformat(call.body["timestamp"])
        # A handover is no agent's.
        who = "" if kind == OVER else names[data["userId"]]
        told = (kind, who, (at - EPOCH).seconds - WAIT, (call.at - at).total_seconds())
        found[of[data["conversationId"]]].append(told)
    return found
