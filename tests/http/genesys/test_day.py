"""A simulated working day, polled into the mirror: what the centre knows is what stands there."""

from datetime import datetime, timedelta

import pytest

from conversations.models import Change, CommonEvent, Message
from integrations.genesys.client import Client
from integrations.genesys.correspondence import read_messages
from integrations.genesys.feedback import read_feedback
from integrations.genesys.poll import find_open, poll
from integrations.genesys.rereads import reread_open
from simulator.clock import ManualClock
from simulator.server import Served
from tests.truth import ATTRIBUTES, assert_same, mirrored, said, written

pytestmark = pytest.mark.django_db

STEP = timedelta(hours=1)


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
    mirror = mirrored(truth)
    for genesys_id, told in truth.items():
        assert_same(mirror[genesys_id], told, besides=ATTRIBUTES)

    assert written() == said(centre.centre.world.conversations.values(), truth)

    before = (CommonEvent.objects.count(), Change.objects.count(), Message.objects.count())
    read = poll(client=simulated, now=clock.now())
    read += find_open(client=simulated, now=clock.now())
    read += read_feedback(client=simulated, now=clock.now())
    read += reread_open(client=simulated, now=clock.now())
    assert (read.taken.recorded.new, read.taken.recorded.changed) == (0, 0)
    assert (CommonEvent.objects.count(), Change.objects.count(), Message.objects.count()) == before
    assert now < clock.now()
