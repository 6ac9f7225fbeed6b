"""A served world that stands still."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from simulator.api.access import Access
from simulator.clock import Clock, ManualClock
from simulator.server import Served, serving
from simulator.world import World
from tests.simulated import Client

EPOCH = datetime(2026, 3, 26, 5, tzinfo=UTC)
NOW = EPOCH + timedelta(days=1, hours=5)


@contextmanager
def centre(now: datetime = NOW, clock: Clock | None = None) -> Iterator[Served]:
    """Serve a world that has lived until now; without a clock it stands still."""
    world = World(seed=7, epoch=EPOCH)
    world.advance_to(now)
    with serving(world, clock or ManualClock(now)) as served:
        yield served


@pytest.fixture(scope="package")
def standing() -> Iterator[Served]:
    with centre() as served:
        yield served


@pytest.fixture
def served(standing: Served) -> Iterator[Served]:
    yield standing
    standing.centre.faults.put([])
    standing.centre.access = Access()


@pytest.fixture
def client(served: Served) -> Client:
    return Client(served.url, served.centre.access.issue().value)
