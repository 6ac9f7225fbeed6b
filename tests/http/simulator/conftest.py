"""A served world that stands still."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from simulator.api.access import Access
from simulator.clock import ManualClock
from simulator.server import Served, serving
from simulator.world import World
from tests.simulated import Client

EPOCH = datetime(2026, 3, 26, 5, tzinfo=UTC)
NOW = EPOCH + timedelta(days=1, hours=5)


@pytest.fixture(scope="package")
def standing() -> Iterator[Served]:
    world = World(seed=7, epoch=EPOCH)
    world.advance_to(NOW)
    with serving(world, ManualClock(NOW)) as served:
        yield served


@pytest.fixture
def served(standing: Served) -> Iterator[Served]:
    yield standing
    standing.centre.faults.put([])
    standing.centre.access = Access()


@pytest.fixture
def client(served: Served) -> Client:
    return Client(served.url, served.centre.access.issue().value)
