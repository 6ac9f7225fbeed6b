"""A simulated day, every road open and every fault switched on: the mirror ends as the truth."""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from simulator.api.access import Access
from simulator.clock import ManualClock
from simulator.server import serving
from simulator.world import World
from tests.faults.centre_day import (
    SEED,
    Day,
    assert_the_mirror_is_the_truth,
    listening,
    pushed_to,
)

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

EPOCH = datetime(2026, 3, 23, 5, 0, tzinfo=UTC)  # a Monday
# A morning where every change is tried; `make chaos` takes the whole day.
EVENING = EPOCH + timedelta(hours=int(os.environ.get("DCM_CHAOS_HOURS", "4")))
MIDNIGHT = datetime(2026, 3, 24, tzinfo=UTC)
NIGHT = datetime(2026, 3, 24, 3, 30, tzinfo=UTC)
# Of each fault of what is pushed; of answers, the share that goes wrong in any of the ways there
# are: were it the share of each way, hardly one answer would be right.
SHARE = 0.1


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Day]:
    """A day whose clock is everybody's: the centre's, the tasks' and the web server's."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    sys.stdout.write(f"seed {SEED}: DCM_CHAOS_SEED={SEED} repeats this day\n")
    clock = ManualClock(EPOCH)
    monkeypatch.setattr(timezone, "now", clock.now)
    with serving(World(seed=SEED, epoch=EPOCH), clock) as served:
        order = {"probability": SHARE, "seconds": 0.05, "seed": SEED, "spread": True}
        # Each answer tells the limit; how it is kept to is tried elsewhere, in real minutes.
        served.centre.access = Access(allowed=0)
        day = Day(served, clock)
        day.control("POST", "faults/all", order)
        yield day


def test_with_every_road_open_the_day_ends_as_it_was(day: Day, live_server: Any) -> None:
    with pushed_to(day, live_server.url, share=SHARE), listening(day, share=SHARE):
        day.live(EVENING)
    day.clock.set(NIGHT)
    day.settle()
    assert sum(day.failures.values()) > 0
    assert_the_mirror_is_the_truth(day, jobs_up_to=MIDNIGHT)


def test_without_what_is_pushed_it_ends_the_same_after_the_night(day: Day) -> None:
    day.live(EVENING)
    day.clock.set(NIGHT)
    day.settle()
    assert_the_mirror_is_the_truth(day, jobs_up_to=MIDNIGHT)
