"""A simulated Salesforce whose time stands still, and simple-salesforce in front of it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from simple_salesforce.api import Salesforce

from simulator.clock import ManualClock
from simulator.receivers.salesforce.org import Org
from simulator.receivers.salesforce.server import Served, serving
from tests import salesforce

NOW = datetime(2026, 3, 27, 16, 45, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def served(clock: ManualClock) -> Iterator[Served]:
    with serving(clock) as running:
        yield running


@pytest.fixture
def org(served: Served) -> Org:
    return served.org


@pytest.fixture
def sf(served: Served) -> Salesforce:
    return salesforce.direct(served)
