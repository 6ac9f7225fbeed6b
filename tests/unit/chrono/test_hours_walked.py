"""Opening hours: every answer beside that of a walk in small steps."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chrono.hours import Hours
from tests.unit.chrono.office import DAY, hours
from tests.unit.chrono.walked import CHANGES, INTERVALS, assert_alike, dates_near
from tests.unit.chrono.walker import WEEKDAYS, Walker


@st.composite
def walked(draw: st.DrawFn) -> tuple[Hours, Walker]:
    zone, day = draw(CHANGES)
    written: dict[str, Any] = {
        "timezone": zone,
        "hours": draw(st.dictionaries(st.sampled_from(WEEKDAYS), INTERVALS)),
        "holidays": draw(st.lists(dates_near(day), max_size=1)),
        "overrides": draw(st.dictionaries(dates_near(day), INTERVALS, max_size=2)),
        "breaks": draw(st.dictionaries(dates_near(day), INTERVALS, max_size=2)),
    }
    return Hours.of(**written), Walker(day - 3 * DAY, day + 4 * DAY, **written)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(walked(), st.data())
def test_every_answer_is_that_of_a_walk_in_small_steps(
    pair: tuple[Hours, Walker], data: st.DataObject
) -> None:
    assert_alike(*pair, data)


@settings(max_examples=40, deadline=None)
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)),
    st.integers(1, 60 * 60 * 400),
    st.sampled_from(["Europe/Berlin", "America/New_York", "UTC"]),
)
def test_after_and_before_use_up_exactly_the_amount(
    naive: datetime, seconds: int, zone: str
) -> None:
    office, start, amount = hours(zone), naive.replace(tzinfo=UTC), timedelta(seconds=seconds)
    due, begun = office.after(start, amount), office.before(start, amount)

    assert due is not None
    assert begun is not None
    assert office.within(start, due) == office.within(begun, start) == amount
    assert office.within(start, due - timedelta(microseconds=1)) < amount
    assert office.within(begun + timedelta(microseconds=1), start) < amount
