"""Opening hours: spoken cases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chrono.business import LATEST
from chrono.errors import HoursError
from chrono.hours import Hours
from tests.unit.chrono.office import (
    ALWAYS,
    DAY,
    FRIDAY_1645,
    HOUR,
    MINUTE,
    NIGHTS,
    OFFICE,
    hours,
    utc,
)


def test_friday_afternoon_runs_on_into_monday() -> None:
    assert hours().after(FRIDAY_1645, 4 * HOUR) == utc("2026-03-30 12:45")
    assert hours().before(utc("2026-03-30 12:45"), 4 * HOUR) == FRIDAY_1645


def test_what_is_used_up_at_a_boundary_is_the_closing_after_and_the_opening_before() -> None:
    assert hours().after(utc("2026-03-27 16:00"), HOUR) == utc("2026-03-27 17:00")
    assert hours().before(utc("2026-03-27 10:00"), HOUR) == utc("2026-03-27 09:00")


def test_no_amount_takes_no_time_though_it_be_closed() -> None:
    sunday = utc("2026-03-29 03:00")

    assert hours().after(sunday, timedelta()) == sunday
    assert hours().before(sunday, timedelta()) == sunday


def test_it_is_open_at_the_opening_and_closed_at_the_closing() -> None:
    assert hours().in_hours(utc("2026-03-27 09:00"))
    assert not hours().in_hours(utc("2026-03-27 17:00"))


def test_between_two_instants_in_reverse_is_negative() -> None:
    monday = utc("2026-03-30 09:00")

    assert hours().within(FRIDAY_1645, monday) == 15 * MINUTE
    assert hours().within(monday, FRIDAY_1645) == -15 * MINUTE


def test_the_last_instant_without_more_open_time_is_the_next_opening_after_a_closing() -> None:
    assert hours().at_the_latest(utc("2026-03-27 17:00")) == utc("2026-03-30 09:00")
    assert hours().at_the_latest(utc("2026-03-27 16:00")) == utc("2026-03-27 16:00")
    assert hours(week={}).at_the_latest(FRIDAY_1645) is None


def test_a_negative_amount_is_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        hours().after(FRIDAY_1645, -HOUR)
    with pytest.raises(ValueError, match="not negative"):
        hours().before(FRIDAY_1645, -HOUR)


def test_microseconds_are_kept() -> None:
    start = FRIDAY_1645 + timedelta(microseconds=7)

    assert hours().after(start, HOUR) == utc("2026-03-30 09:45") + timedelta(microseconds=7)


def test_instants_of_another_zone_are_answered_in_utc() -> None:
    berlin = hours("Europe/Berlin")
    noon = datetime(2026, 3, 27, 12, tzinfo=berlin.zone)

    assert berlin.after(noon, HOUR) == utc("2026-03-27 12:00")
    assert berlin.within(noon, noon + 2 * HOUR) == 2 * HOUR


@pytest.mark.parametrize(
    ("zone", "week", "start", "end", "open_hours"),
    [
        pytest.param("Europe/Berlin", ALWAYS, "2026-03-28 23:00", "2026-03-29 22:00", 23, id="23h"),
        pytest.param("Europe/Berlin", ALWAYS, "2026-10-24 22:00", "2026-10-25 23:00", 25, id="25h"),
        pytest.param(
            "Europe/Berlin", NIGHTS, "2026-03-28 12:00", "2026-03-29 12:00", 7, id="night-of-7h"
        ),
        pytest.param(
            "Europe/Berlin", NIGHTS, "2026-10-24 12:00", "2026-10-25 12:00", 9, id="night-of-9h"
        ),
        pytest.param(
            "Australia/Lord_Howe",
            ALWAYS,
            "2026-04-04 13:00",
            "2026-04-05 13:30",
            24.5,
            id="half-an-hour-back",
        ),
        pytest.param(
            "Pacific/Apia", ALWAYS, "2011-12-29 10:00", "2011-12-31 10:00", 48, id="a-skipped-date"
        ),
        pytest.param(
            "Antarctica/Troll", ALWAYS, "2026-03-29 00:00", "2026-03-29 22:00", 22, id="two-hours"
        ),
    ],
)
def test_clock_changes_change_how_long_it_is_open(
    zone: str, week: Any, start: str, end: str, open_hours: float
) -> None:
    assert hours(zone, week).within(utc(start), utc(end)) == open_hours * HOUR


def test_an_opening_that_clocks_skip_moves_by_the_gap_and_one_shown_twice_is_the_first() -> None:
    early = {"sun": [["02:30", "04:00"]]}
    berlin = hours("Europe/Berlin", early)

    assert berlin.within(utc("2026-03-29 00:00"), utc("2026-03-30 00:00")) == HOUR / 2
    assert berlin.in_hours(utc("2026-03-29 01:30"))  # 03:30 by the new clock
    assert berlin.within(utc("2026-10-25 00:00"), utc("2026-10-26 00:00")) == 2.5 * HOUR


def test_a_date_that_clocks_skip_has_no_hours() -> None:
    apia = hours("Pacific/Apia", {"fri": [["09:00", "17:00"]]})

    assert apia.within(utc("2011-12-24 12:00"), utc("2012-01-03 00:00")) == timedelta()


def test_a_holiday_cancels_what_starts_on_it_and_wins_over_an_override() -> None:
    nights = hours(
        week=NIGHTS, holidays=["2026-05-01"], overrides={"2026-05-01": [["10:00", "12:00"]]}
    )

    assert nights.in_hours(utc("2026-05-01 05:59"))  # of the night before
    assert nights.within(utc("2026-05-01 06:00"), utc("2026-05-02 22:00")) == timedelta()


def test_an_override_replaces_the_hours_of_its_date_and_a_break_is_closed() -> None:
    office = hours(
        overrides={"2026-04-04": [["10:00", "12:00"]], "2026-04-06": []},
        breaks={"2026-04-04": [["11:00", "11:15"]], "2026-04-07": [["16:00", "10:00"]]},
    )

    assert office.within(utc("2026-04-04 00:00"), utc("2026-04-07 00:00")) == 1.75 * HOUR
    assert office.within(utc("2026-04-07 00:00"), utc("2026-04-09 00:00")) == 14 * HOUR


def test_intervals_that_overlap_or_touch_count_once() -> None:
    office = hours(week={"mon": [["09:00", "12:00"], ["11:00", "13:00"], ["13:00", "14:00"]]})

    assert office.within(utc("2026-03-30 00:00"), utc("2026-03-31 00:00")) == 5 * HOUR
    assert office.after(utc("2026-03-30 09:00"), 4 * HOUR) == utc("2026-03-30 13:00")


@pytest.mark.parametrize("week", [{}, {"mon": []}, {"mon": [["09:00", "09:00"]]}])
def test_hours_that_never_open_are_never_reached(week: Any) -> None:
    never = hours(week=week)

    assert never.after(FRIDAY_1645, MINUTE) is None
    assert never.before(FRIDAY_1645, MINUTE) is None
    assert never.within(FRIDAY_1645, FRIDAY_1645 + 1000 * DAY) == timedelta()


def test_hours_on_single_dates_are_reached_however_far_and_then_never_again() -> None:
    once = hours(week={}, overrides={"2093-05-04": [["09:00", "10:00"]]})

    assert once.after(FRIDAY_1645, HOUR) == utc("2093-05-04 10:00")
    assert once.after(FRIDAY_1645, HOUR + MINUTE) is None
    assert once.before(utc("2101-01-01 00:00"), HOUR) == utc("2093-05-04 09:00")
    assert once.before(FRIDAY_1645, MINUTE) is None


def test_a_thousand_million_seconds_are_answered_and_more_than_the_calendar_holds_is_not() -> None:
    found = hours().after(utc("2026-03-30 09:00"), timedelta(seconds=10**9))

    weeks, rest = divmod(timedelta(seconds=10**9), 40 * HOUR)
    days, last = divmod(rest, 8 * HOUR)
    assert found == utc("2026-03-30 09:00") + 7 * weeks * DAY + days * DAY + last
    assert hours().after(FRIDAY_1645, timedelta(days=366 * 9000)) is None


def test_the_ends_of_the_calendar_are_no_error() -> None:
    late = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    early = datetime(1, 1, 1, tzinfo=UTC)
    office = hours("Europe/Berlin")

    assert not office.in_hours(late)
    assert not office.in_hours(early)
    assert office.after(late, MINUTE) is None
    assert office.before(early, MINUTE) is None
    assert office.within(LATEST - 7 * DAY, late) == 40 * HOUR


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone: 'Mars/Olympus' is no time zone"),
        ({"timezone": None}, "timezone: None is no text"),
        ({"timezone": "../secret"}, "timezone: '../secret' is no time zone"),
        ({"hours": []}, "hours: [] is no object"),
        ({"hours": {"monday": []}}, "hours: 'monday' is no weekday: write one of mon, tue"),
        ({"hours": {"mon": "09:00-17:00"}}, "hours.mon: '09:00-17:00' is no list"),
        ({"hours": {"mon": [["09:00"]]}}, "hours.mon[0]: ['09:00'] is no pair of times"),
        ({"hours": {"mon": [["09:00", "25:00"]]}}, "hours.mon[0][1]: '25:00' is no time of day"),
        ({"hours": {"mon": [["09:60", "17:00"]]}}, "hours.mon[0][0]: '09:60' is no time of day"),
        ({"hours": {"mon": [["24:00", "17:00"]]}}, "hours.mon[0][0]: 24:00 is an end only"),
        ({"hours": {"mon": [[9, 17]]}}, "hours.mon[0][0]: 9 is no text"),
        ({"holidays": "2026-12-25"}, "holidays: '2026-12-25' is no list"),
        ({"holidays": ["25.12.2026"]}, "holidays[0]: '25.12.2026' is no date"),
        ({"holidays": [20261225]}, "holidays[0]: 20261225 is no text"),
        ({"overrides": {"xmas": []}}, "overrides: 'xmas' is no date"),
        ({"overrides": []}, "overrides: [] is no object"),
        ({"breaks": {"2026-12-24": [["a", "b"]]}}, "breaks.2026-12-24[0][0]: 'a' is no time"),
    ],
)
def test_hours_that_cannot_be_read_say_where_and_what_to_write(
    written: dict[str, Any], message: str
) -> None:
    with pytest.raises(HoursError) as raised:
        Hours.of(**{"timezone": "UTC", "hours": OFFICE} | written)

    assert str(raised.value).startswith(message)


def test_a_table_grown_in_steps_answers_as_one_built_at_once() -> None:
    grown = hours("Europe/Berlin", NIGHTS)
    for year in (2026, 2024, 2031, 1999, 2050):
        at = datetime(year, 7, 1, 12, tzinfo=UTC)
        fresh = hours("Europe/Berlin", NIGHTS)
        assert grown.after(at, 50 * HOUR) == fresh.after(at, 50 * HOUR)
        assert grown.within(at - 99 * DAY, at) == fresh.within(at - 99 * DAY, at)
