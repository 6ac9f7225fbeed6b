"""One run of a road at a time, and what it leaves behind."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations import watermarks
from integrations.errors import RoadBusyError, TemporaryError
from integrations.models import Watermark

pytestmark = pytest.mark.django_db


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


def test_a_second_run_finds_the_road_busy(clock: Clock) -> None:
    with (
        watermarks.run("r", clock=clock),
        pytest.raises(RoadBusyError, match="another run is under way"),
        watermarks.run("r", clock=clock),
    ):
        pytest.fail("the road was not busy")


def test_the_second_run_does_not_end_the_first_ones_lease(clock: Clock) -> None:
    with watermarks.run("r", clock=clock):
        for _ in range(2):
            with pytest.raises(RoadBusyError), watermarks.run("r", clock=clock):
                pytest.fail("the road was not busy")


def test_roads_do_not_know_each_other(clock: Clock) -> None:
    with watermarks.run("a", clock=clock), watermarks.run("b", clock=clock) as other:
        assert other.road == "b"


def test_the_lease_of_a_dead_run_counts_for_nothing_once_it_is_past(clock: Clock) -> None:
    Watermark.objects.create(road="r", leased_until=clock.at + timedelta(minutes=1))
    clock.at += timedelta(minutes=2)

    with watermarks.run("r", clock=clock) as run:
        run.advance(clock.at)

    assert Watermark.objects.get().read_to == clock.at


def _overtaken(clock: Clock) -> None:
    """Start a run that falls asleep, and moves the watermark after another one has."""
    with watermarks.run("r", clock=clock) as slow:
        clock.at += timedelta(minutes=10)
        with watermarks.run("r", clock=clock) as fast:
            fast.advance(clock.at)
        slow.advance(clock.at + timedelta(hours=1))


def test_a_run_that_lost_its_lease_cannot_move_the_watermark(clock: Clock) -> None:
    with pytest.raises(RoadBusyError, match="lost"):
        _overtaken(clock)

    row = Watermark.objects.get()
    assert (row.read_to, row.succeeded_at, row.failing_since) == (clock.at, clock.at, None)


def test_a_long_run_keeps_its_lease_by_going_on(clock: Clock) -> None:
    with watermarks.run("r", clock=clock) as run:
        for _ in range(10):
            clock.at += timedelta(minutes=2)
            run.go_on()
        with pytest.raises(RoadBusyError), watermarks.run("r", clock=clock):
            pytest.fail("the road was not busy")


def test_the_watermark_never_moves_back(clock: Clock, now: datetime) -> None:
    with watermarks.run("r", clock=clock) as run:
        run.advance(now)
        run.advance(now - timedelta(days=1))

    assert Watermark.objects.get().read_to == now


def test_a_failed_run_says_since_when_and_why_until_one_succeeds(
    clock: Clock, now: datetime
) -> None:
    for _ in range(2):
        with pytest.raises(TemporaryError), watermarks.run("r", clock=clock):
            raise TemporaryError("GET api.example/x: 503")
        clock.at += timedelta(minutes=1)

    row = Watermark.objects.get()
    assert (row.failing_since, row.detail) == (now, "GET api.example/x: 503")
    assert row.leased_until is None

    with watermarks.run("r", clock=clock) as run:
        run.detail = "all well"

    row.refresh_from_db()
    assert (row.failing_since, row.detail) == (None, "all well")
    assert row.succeeded_at == datetime(2026, 3, 27, 16, 47, tzinfo=UTC)


def test_the_text_of_an_error_that_is_not_ours_is_not_shown(clock: Clock) -> None:
    with pytest.raises(KeyError), watermarks.run("r", clock=clock):
        raise KeyError("Anna Example")

    assert Watermark.objects.get().detail == "internal error (KeyError): see the log"
