from datetime import datetime, timedelta

import pytest

from simulator.clock import ManualClock, RunningClock


def test_a_running_clock_goes_on_from_its_start_as_fast_as_told(now: datetime) -> None:
    clock = RunningClock(now, speed=1_000_000)
    first = clock.now()
    second = clock.now()
    assert now <= first < second
    assert second - now < timedelta(days=365)


@pytest.mark.parametrize("speed", [0, -1])
def test_a_clock_that_does_not_run_forward_is_refused(now: datetime, speed: float) -> None:
    with pytest.raises(ValueError, match="time runs forward"):
        RunningClock(now, speed=speed)


def test_a_manual_clock_stands_still_until_it_is_moved(now: datetime) -> None:
    clock = ManualClock(now)
    clock.advance(90.5)
    assert clock.now() == now + timedelta(seconds=90.5)
    clock.set(now + timedelta(days=1))
    assert clock.now() == now + timedelta(days=1)


def test_a_manual_clock_never_goes_back(now: datetime) -> None:
    clock = ManualClock(now)
    with pytest.raises(ValueError, match="does not go back"):
        clock.set(now - timedelta(milliseconds=1))
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)
    assert clock.now() == now
