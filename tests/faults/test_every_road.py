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
from simulator.api.faults import KINDS
from simulator.clock import ManualClock
from simulator.server import serving
from simulator.world import World
from tests.faults.centre_day import ALL_AT_ONCE, SEED, SHARE, Day
from tests.faults.outcome import (
    assert_corrections_are_adopted,
    assert_the_mirror_is_the_truth,
    told,
)
from tests.faults.roads import consuming, listening, pushed_to
from tests.http.eventbridge.conftest import Sqs, moto_port, sqs

__all__ = ["moto_port", "sqs"]
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

EPOCH = datetime(2026, 3, 23, 5, 0, tzinfo=UTC)  # a Monday
# A morning where every change is tried; `make chaos` takes the whole day.
EVENING = EPOCH + timedelta(hours=int(os.environ.get("DCM_CHAOS_HOURS", "1")))
MIDNIGHT = datetime(2026, 3, 24, tzinfo=UTC)
NIGHT = datetime(2026, 3, 24, 3, 30, tzinfo=UTC)
# By then all of the day is corrected that ever is: on the third day after its end.
CORRECTED = NIGHT + timedelta(days=4)
# What befalls jobs alone: they are of the night.
OF_JOBS = [kind for kind, path in KINDS.items() if "/jobs" in path]


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Day]:
    """A day whose clock is everybody's: the centre's, the tasks' and the web server's."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    sys.stdout.write(f"seed {SEED}: DCM_CHAOS_SEED={SEED} repeats this day\n")
    clock = ManualClock(EPOCH)
    monkeypatch.setattr(timezone, "now", clock.now)
    with serving(World(seed=SEED, epoch=EPOCH, corrections=SHARE), clock) as served:
        # Each answer tells the limit; how it is kept to is tried elsewhere, in real minutes.
        served.centre.access = Access(allowed=0)
        day = Day(served, clock)
        day.control("POST", "faults/all", {"probability": 0, "seed": SEED})
        yield day
        day.go_wrong(())
        sys.stdout.write(f"befallen: {dict(sorted(day.befallen.items()))}\n")
        sys.stdout.write(f"runs that failed: {dict(sorted(day.failures.items()))}\n")


def test_with_every_road_open_the_day_ends_as_it_was(day: Day, live_server: Any, sqs: Sqs) -> None:
    with consuming(day, sqs), pushed_to(day, live_server.url, sqs), listening(day):
        day.live(EVENING)
    _end_as_it_was(day)
    _be_corrected(day)


def test_without_what_is_pushed_it_ends_the_same_after_the_night(day: Day) -> None:
    day.live(EVENING)
    _end_as_it_was(day)
    if ALL_AT_ONCE:  # in the suite the open roads' is enough: it reads four days more
        _be_corrected(day)


def _end_as_it_was(day: Day) -> None:
    """Live through the night."""
    day.go_wrong(KINDS if ALL_AT_ONCE else OF_JOBS, spread=not ALL_AT_ONCE)
    day.clock.set(NIGHT)
    day.read_days()
    day.settle()
    assert day.failures.total() > 0
    assert_the_mirror_is_the_truth(day, jobs_up_to=MIDNIGHT)


def _be_corrected(day: Day) -> None:
    """Live through the nights after which Genesys corrects the day no more."""
    before = told(day.served.centre.world.conversations)
    day.clock.set(CORRECTED)
    day.read_days()
    day.settle("read_feedback")
    corrected = assert_corrections_are_adopted(day, before=before, ended_by=MIDNIGHT)
    assert corrected
    day.befallen.update({f"corrected {way}": n for way, n in corrected.items()})
