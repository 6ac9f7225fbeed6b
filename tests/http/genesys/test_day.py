"""A simulated working day, polled into the mirror: what the centre knows is what stands there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any

import pytest

from chrono.instants import to_ms
from conversations import selectors
from conversations.models import Change, CommonEvent, Message
from integrations.genesys.client import Client, Credentials
from integrations.genesys.correspondence import read_messages
from integrations.genesys.feedback import read_feedback
from integrations.genesys.poll import find_open, poll
from integrations.genesys.rereads import reread_open
from simulator.api.access import Access
from simulator.clock import ManualClock
from simulator.server import Served, serving
from simulator.world import World

pytestmark = pytest.mark.django_db

EPOCH = datetime(2026, 3, 23, 4, 0, tzinfo=UTC)  # a Monday
STEP = timedelta(hours=1)
# What analytics queries do not tell: attributes come from jobs, who wrote from elsewhere.
OF_OTHER_SOURCES = {"attributes", "messages", "last_writer", "last_written_at", "holds"}
SENDERS = {"customer": "customer", "agent": "agent", "bot": "automatic", "auto_reply": "automatic"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(EPOCH + timedelta(hours=2))


@pytest.fixture
def centre(clock: ManualClock) -> Iterator[Served]:
    with serving(World(seed=7, epoch=EPOCH), clock) as served:
        served.centre.access = Access(allowed=0)
        yield served


@pytest.fixture
def simulated(centre: Served, clock: ManualClock, client: Client) -> Client:
    """A client of the simulated centre, whose clock is the centre's; the cache is the test's."""
    return Client(Credentials(centre.url, "simulator", "simulator"), clock=clock.now)


def _read_all(client: Client, now: datetime) -> None:
    poll(client=client, now=now)
    find_open(client=client, now=now)
    reread_open(client=client, now=now)
    read_feedback(client=client, now=now)
    read_messages(client=client, now=now)


def _work_a_day(client: Client, clock: ManualClock) -> datetime:
    for _ in range(12):
        clock.advance(STEP.total_seconds())
        _read_all(client, clock.now())
    return clock.now()


def test_the_mirror_is_the_truth_and_reading_again_writes_nothing(
    centre: Served, simulated: Client, clock: ManualClock
) -> None:
    now = _work_a_day(simulated, clock)
    clock.advance(1)
    _read_all(simulated, clock.now())

    truth = centre.centre.world.truth(clock.now())["conversations"]
    assert len(truth) > 100
    mirror = {c.genesys_id: c for c in selectors.conversation_facts(list(truth))}
    assert mirror.keys() == truth.keys()
    for genesys_id, told in truth.items():
        assert _shown(mirror[genesys_id], told) == _kept(told)

    assert _written() == _said(centre, truth)

    before = (CommonEvent.objects.count(), Change.objects.count(), Message.objects.count())
    read = poll(client=simulated, now=clock.now())
    read += find_open(client=simulated, now=clock.now())
    read += read_feedback(client=simulated, now=clock.now())
    read += reread_open(client=simulated, now=clock.now())
    assert (read.taken.recorded.new, read.taken.recorded.changed) == (0, 0)
    assert (CommonEvent.objects.count(), Change.objects.count(), Message.objects.count()) == before
    assert now < clock.now()


def _written() -> set[tuple[str, int, str, str]]:
    rows = Message.objects.values_list("genesys_id", "sent_at", "sender", "user_id")
    return {(genesys_id, to_ms(at), sender, user_id) for genesys_id, at, sender, user_id in rows}


def _said(centre: Served, truth: dict[str, Any]) -> set[tuple[str, int, str, str]]:
    """Tell who wrote, as the mirror should: a customer's out-of-office mail is automatic."""
    conversations = centre.centre.world.conversations.values()
    machines = {c.messages[0].id for c in conversations if c.auto_generated}
    return {
        (key, message["at"], *_sender(message, automatic=key in machines))
        for told in truth.values()
        for message in told["messages"]
        if message["sender"] != "draft"
        for key in (message["genesys_id"],)
    }


def _sender(message: dict[str, Any], *, automatic: bool) -> tuple[str, str]:
    return ("automatic", "") if automatic else (SENDERS[message["sender"]], message["user_id"])


def _kept(told: Any) -> Any:
    """Leave out what the mirror takes from other sources."""
    if isinstance(told, list):
        return [_kept(one) for one in told]
    if isinstance(told, dict):
        return {k: _kept(v) for k, v in told.items() if k not in OF_OTHER_SOURCES}
    return told


def _shown(fact: Any, told: Any) -> Any:
    """Show a fact of the mirror in the shape in which the truth is told."""
    if isinstance(fact, datetime):
        return to_ms(fact)
    if isinstance(told, list):
        return [_shown(f, t) for f, t in zip_longest(fact, told)]
    if isinstance(told, dict):
        kept = [name for name in told if name not in OF_OTHER_SOURCES]
        return {name: _shown(getattr(fact, name, ...), told[name]) for name in kept}
    return fact
