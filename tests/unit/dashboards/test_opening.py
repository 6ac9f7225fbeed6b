from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chrono.hours import Hours
from dashboards.opening import closes_at, opens_at

WEEK = ("mon", "tue", "wed", "thu", "fri")
HOURS = Hours.of(
    timezone="Europe/Berlin",
    hours={day: [["09:00", "12:30"], ["13:00", "17:00"]] for day in WEEK},
)
instants = st.integers(0, 14 * 86_400).map(
    lambda s: datetime(2026, 10, 19, tzinfo=UTC) + timedelta(seconds=s)
)


@given(instants)
def test_hours_are_open_up_to_their_closing_and_not_at_it(now: datetime) -> None:
    if not HOURS.in_hours(now):
        return
    closing = closes_at(HOURS, now)

    assert closing
    assert not HOURS.in_hours(closing)
    assert HOURS.in_hours(closing - timedelta(milliseconds=1))
    assert HOURS.within(now, closing) == closing - now


@given(instants)
def test_hours_are_shut_up_to_their_opening_and_open_at_it(now: datetime) -> None:
    if HOURS.in_hours(now):
        return
    opening = opens_at(HOURS, now)

    assert opening
    assert HOURS.in_hours(opening)
    assert HOURS.within(now, opening) == timedelta()


def test_what_never_closes_has_no_closing_and_what_never_opens_no_opening() -> None:
    always = Hours.of(
        timezone="UTC", hours={d: [["00:00", "24:00"]] for d in (*WEEK, "sat", "sun")}
    )
    never = Hours.of(timezone="UTC", hours={})
    now = datetime(2026, 11, 20, tzinfo=UTC)

    assert closes_at(always, now) is None
    assert opens_at(never, now) is None
