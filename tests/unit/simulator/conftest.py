"""Made-up conversations to hold against what is known of real ones."""

import pytest

from tests.unit.simulator.truths import SEEDS, Facts, truth


@pytest.fixture(params=SEEDS)
def conversations(request: pytest.FixtureRequest) -> Facts:
    return truth(request.param)
