from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.axis import FOLD, fitted, ruled, ticks, whole_hours

BERLIN = ZoneInfo("Europe/Berlin")
EIGHT = datetime(2026, 11, 20, 8, tzinfo=UTC)
TWO_HOURS = timedelta(hours=2)
instants = st.lists(
    st.integers(0, 4 * 86_400).map(lambda s: EIGHT + timedelta(seconds=s)), min_size=1, max_size=30
)


@given(instants)
def test_an_axis_keeps_the_order_of_instants_and_folds_only_silence(marks: list[datetime]) -> None:
    axis = fitted(marks, width=1000, fold_above=TWO_HOURS)

    xs = [axis.x(at) for at in sorted(set(marks))]
    assert xs[0] == 0
    assert xs[-1] == pytest.approx(axis.width)
    assert all(a < b for a, b in pairwise(xs))
    for fold in axis.folds:
        assert fold.end - fold.start > TWO_HOURS
        assert fold.right - fold.left == pytest.approx(FOLD)
        assert not any(fold.start < at < fold.end for at in marks)


@given(instants)
def test_what_is_not_folded_has_one_scale(marks: list[datetime]) -> None:
    axis = fitted(marks, width=1000, fold_above=TWO_HOURS)

    scales = [
        (p.right - p.left) / (p.end - p.start).total_seconds()
        for p in axis.pieces
        if not p.folded and p.end > p.start
    ]
    assert all(scale == pytest.approx(scales[0]) for scale in scales)


@given(instants, st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "Pacific/Apia"]))
def test_ticks_are_round_local_times_that_never_crowd(marks: list[datetime], zone: str) -> None:
    axis = fitted(marks, width=1000, fold_above=TWO_HOURS)

    found = ticks(axis, ZoneInfo(zone))
    assert all(b.x - a.x >= 5 * 7.5 for a, b in pairwise(found))
    assert all(0 <= tick.x <= axis.width + 0.01 for tick in found)


def test_a_day_is_ruled_by_the_local_hours_through_a_change_of_offset() -> None:
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight in Berlin, 25 hours follow
    axis = ruled(start, start + timedelta(hours=25), px_per_hour=90)

    texts = [tick.text for tick in ticks(axis, BERLIN)]
    assert axis.width == 2250
    assert texts[:6] == ["00:00", "01:00", "02:00", "02:00", "03:00", "04:00"]
    assert texts[-1] == "00:00"


def test_years_of_one_segment_are_ruled_by_days_at_once() -> None:
    axis = fitted([EIGHT, EIGHT + timedelta(days=4000)], width=900, fold_above=TWO_HOURS)

    found = ticks(axis, BERLIN)
    assert 3 <= len(found) <= 15
    assert found[0].text.endswith(("2026", "2027", "2028"))
    assert not axis.folds


def test_an_instant_outside_lies_on_the_edge() -> None:
    axis = ruled(EIGHT, EIGHT + timedelta(hours=1), px_per_hour=100)

    assert axis.x(EIGHT - timedelta(days=1)) == 0
    assert axis.x(EIGHT + timedelta(days=1)) == 100


def test_a_moment_beside_a_night_does_not_take_the_whole_width() -> None:
    marks = [EIGHT, EIGHT + timedelta(milliseconds=175), EIGHT + timedelta(hours=14)]
    axis = fitted(marks, width=900, fold_above=TWO_HOURS)

    assert axis.x(marks[1]) < 5


def test_a_span_is_widened_to_whole_hours() -> None:
    nine = EIGHT + timedelta(hours=1)

    assert whole_hours(EIGHT, nine) == (EIGHT, nine)
    assert whole_hours(EIGHT, EIGHT) == (EIGHT, nine)
    assert whole_hours(EIGHT + timedelta(minutes=5), nine + timedelta(seconds=1)) == (
        EIGHT,
        nine + timedelta(hours=1),
    )
