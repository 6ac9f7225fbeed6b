"""What a road misses is noticed once, shown, and filled by the run that reads it after all."""

from datetime import date, datetime, timedelta

import pytest

from dashboards.health_words import ROADS
from integrations import gaps, selectors, watermarks
from integrations.errors import BudgetSpentError, TemporaryError
from integrations.genesys.backfill import BACKFILL
from integrations.models import Gap, HistoryDay, Watermark

pytestmark = pytest.mark.django_db
POLL = "genesys.poll"


def _run(at: datetime, *, road: str = POLL) -> None:
    with watermarks.run(road, clock=lambda: at) as run:
        run.advance(at)


def _fail(at: datetime) -> None:
    with pytest.raises(TemporaryError), watermarks.run(POLL, clock=lambda: at):
        raise TemporaryError("GET api.example/x: 503")


def test_three_cycles_that_did_not_run_are_a_gap_that_the_next_run_fills(now: datetime) -> None:
    _run(now)
    back = now + timedelta(minutes=4)

    assert gaps.watch(now=back) == 1
    assert gaps.watch(now=back) == 0
    gap = Gap.objects.get()
    assert (gap.road, gap.start, gap.end, gap.filled_at) == (POLL, now, None, None)
    assert "was down" in gap.reason

    _run(back)
    gap.refresh_from_db()
    assert (gap.end, gap.filled_at) == (back, back)


def test_a_gap_that_nobody_watched_is_noticed_by_the_run_that_fills_it(now: datetime) -> None:
    _run(now)
    _run(now + timedelta(hours=2))

    assert Gap.objects.get().filled_at == now + timedelta(hours=2)


# These have no schedule of their own, or read only where something was ordered.
UNPACED = {
    *("genesys.wanted", "genesys.answered", "genesys.notifications", "genesys.reconcile"),
    "genesys.enforce",
}


@pytest.mark.parametrize(
    "road", sorted({name for name in ROADS if name.startswith("genesys.")} - UNPACED)
)
def test_a_road_that_beat_sends_is_known_to_be_late(road: str, now: datetime) -> None:
    _run(now, road=road)

    assert gaps.watch(now=now + timedelta(days=1)) == 1


def test_a_road_that_runs_in_time_has_no_gap(now: datetime) -> None:
    for minutes in range(0, 9, 3):
        _run(now + timedelta(minutes=minutes))

    assert not Gap.objects.exists()


def test_a_road_that_fails_grows_one_gap_and_says_why(now: datetime) -> None:
    _run(now)
    for minutes in (1, 4, 5):
        _fail(now + timedelta(minutes=minutes))

    gap = Gap.objects.get()
    assert (gap.start, gap.reason) == (now, "GET api.example/x: 503")


def test_a_road_that_leaves_its_requests_to_others_says_so(now: datetime) -> None:
    _run(now)
    for minutes in (1, 2, 4):
        with (
            pytest.raises(BudgetSpentError),
            watermarks.run(POLL, clock=lambda: now + timedelta(minutes=minutes)),  # noqa: B023
        ):
            raise BudgetSpentError("not sent: 200 of 300", retry_after=9)

    assert Gap.objects.get().reason == "not sent: 200 of 300"


def test_a_road_without_a_schedule_is_never_late(now: datetime) -> None:
    _run(now, road="by.hand")

    assert gaps.watch(now=now + timedelta(days=3)) == 0


def test_a_backfill_that_failed_fails_until_its_days_are_loaded_by_whatever_road(
    now: datetime,
) -> None:
    Watermark.objects.create(road=BACKFILL, failing_since=now, detail="503")
    days = [
        HistoryDay.objects.create(road=BACKFILL, day=date(2026, 3, day), state=state)
        for day, state in ((1, "done"), (2, "failed"), (3, "reading"), (4, "waiting"))
    ]

    def failing_since() -> datetime | None:
        (road,) = selectors.roads(now=now + timedelta(days=9))
        return road.failing_since

    HistoryDay.objects.filter(pk=days[2].pk).update(state="done")
    assert failing_since() == now
    HistoryDay.objects.create(road="genesys.nightly", day=days[3].day, state="done")
    assert failing_since() is None

    Watermark.objects.update(road="genesys.nightly")
    assert failing_since() == now  # it runs again and again: that it fails is news


def test_what_a_page_needs_of_the_roads(now: datetime) -> None:
    _run(now)
    later = now + timedelta(minutes=10)
    gaps.watch(now=later)

    (road,) = selectors.roads(now=later)
    assert (road.overdue, road.missing_since, road.running) == (True, now, False)
    (gap,) = selectors.gaps(now=later)
    assert gap.road == POLL

    _run(later)
    (road,) = selectors.roads(now=later)
    assert (road.overdue, road.missing_since) == (False, None)
    assert [g.filled_at for g in selectors.gaps(now=later)] == [later]
    assert selectors.gaps(now=later + timedelta(days=2)) == []
    assert Watermark.objects.get().succeeded_at == later
