"""Genesys schedules: they repeat in local time, and holidays and closings win over openings."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chrono.errors import HoursError
from chrono.hours import Hours
from chrono.schedules import ScheduleHours, Written

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OFFICE = Written(
    "office",
    "2005-01-03T09:00:00.000",
    "2005-01-03T17:00:00.000",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
)


def group(*opening: Written, closing: tuple[Written, ...] = (), zone: str = "UTC") -> ScheduleHours:
    return ScheduleHours.of(timezone=zone, opening=opening, closing=closing)


def once(start: str, end: str) -> Written:
    return Written("once", start, end)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@settings(max_examples=25, deadline=None)
@given(
    st.datetimes(datetime(2006, 1, 1), datetime(2036, 1, 1)),
    st.integers(1, 60 * 60 * 100),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_a_weekly_rule_is_the_same_as_hours_written_by_hand(
    naive: datetime, seconds: int, zone: str
) -> None:
    at, amount = naive.replace(tzinfo=UTC), timedelta(seconds=seconds)
    week = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    scheduled, written = group(OFFICE, zone=zone), Hours.of(timezone=zone, hours=week)

    assert scheduled.after(at, amount) == written.after(at, amount)
    assert scheduled.within(at - 9 * DAY, at) == written.within(at - 9 * DAY, at)


def test_a_night_shift_keeps_its_local_hours_when_clocks_change() -> None:
    nights = group(
        Written("night", "2026-01-01T22:00:00", "2026-01-02T06:00:00", "FREQ=DAILY"),
        zone="Europe/Berlin",
    )

    assert nights.within(utc("2026-03-28 12:00"), utc("2026-03-29 12:00")) == 7 * HOUR
    assert nights.within(utc("2026-10-24 12:00"), utc("2026-10-25 12:00")) == 9 * HOUR


def test_closed_schedules_win_over_open_ones() -> None:
    office = group(
        OFFICE,
        closing=(
            once("2026-12-24T12:00:00", "2026-12-28T00:00:00"),
            Written("lunch", "2026-01-01T12:00", "2026-01-01T13:00", "FREQ=DAILY"),
        ),
    )

    assert office.within(utc("2026-12-23 00:00"), utc("2026-12-24 00:00")) == 7 * HOUR
    assert office.within(utc("2026-12-24 00:00"), utc("2026-12-28 00:00")) == 3 * HOUR


def test_an_occurrence_may_last_for_days() -> None:
    fair = group(once("2026-05-01T08:00:00", "2026-05-11T20:00:00"))

    assert fair.in_hours(utc("2026-05-10 03:00"))
    assert fair.after(utc("2026-05-10 03:00"), DAY) == utc("2026-05-11 03:00")
    assert fair.before(utc("2027-01-01 00:00"), 10 * DAY) == utc("2026-05-01 20:00")


def test_a_date_that_never_comes_again_is_not_waited_for() -> None:
    fair = group(once("2026-05-01T08:00:00", "2026-05-01T20:00:00"))

    assert fair.after(utc("2026-05-01 08:00"), 12 * HOUR) == utc("2026-05-01 20:00")
    assert fair.after(utc("2026-05-01 08:00"), 13 * HOUR) is None
    assert fair.before(utc("2026-05-01 08:00"), HOUR) is None
    assert group().after(utc("2026-05-01 08:00"), HOUR) is None


def test_every_other_week_counts_from_the_first() -> None:
    other = group(
        Written("other", "2020-01-06T09:00", "2020-01-06T10:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO")
    )
    mondays = [utc("2026-03-02 09:30") + 7 * n * DAY for n in range(4)]
    weeks = [(monday - utc("2020-01-06 09:30")).days // 7 for monday in mondays]

    assert [other.in_hours(monday) for monday in mondays] == [week % 2 == 0 for week in weeks]


@pytest.mark.parametrize(
    ("until", "last"),
    [
        pytest.param("20260403T150000Z", "2026-04-02", id="utc-made-local"),  # Berlin 17:00
        pytest.param("20260403T160000Z", "2026-04-03", id="utc-made-local-inclusive"),
        pytest.param("20260403T175959", "2026-04-02", id="local"),
        pytest.param("20260403", "2026-04-03", id="a-whole-date"),
    ],
)
def test_until_is_read_in_the_zone_of_the_group(until: str, last: str) -> None:
    evening = group(
        Written("e", "2026-03-01T18:00:00", "2026-03-01T19:00:00", f"FREQ=DAILY;UNTIL={until}"),
        zone="Europe/Berlin",
    )

    closing = evening.before(utc("2026-12-01 00:00"), timedelta(microseconds=1))
    assert closing is not None
    assert closing.date().isoformat() == last
    assert evening.after(utc("2026-05-01 00:00"), HOUR) is None


def test_count_ends_a_rule() -> None:
    thrice = group(Written("t", "2026-03-02T09:00", "2026-03-02T10:00", "FREQ=MONTHLY;COUNT=3"))

    assert thrice.within(utc("2020-01-01 00:00"), utc("2040-01-01 00:00")) == 3 * HOUR
    assert thrice.after(utc("2026-05-02 09:30"), HOUR / 2) == utc("2026-05-02 10:00")
    assert thrice.after(utc("2026-05-02 09:30"), HOUR) is None


def test_what_is_always_closed_is_never_reached() -> None:
    yearly = Written("y", "2026-02-01T00:00", "2026-02-02T00:00", "FREQ=YEARLY")
    shut = group(yearly, closing=(yearly,))

    assert shut.after(utc("2026-01-01 00:00"), HOUR) is None


def test_a_rule_from_long_ago_is_as_quick_as_a_new_one_and_right() -> None:
    old = group(Written("o", "1970-01-05T09:00", "1970-01-05T10:00", "RRULE:FREQ=DAILY;INTERVAL=3"))
    days = (utc("2026-03-27 00:00") - utc("1970-01-05 00:00")).days

    opening = old.at_the_latest(utc("2026-03-27 00:00") - 3 * DAY + HOUR)
    assert opening is not None
    assert (opening - utc("1970-01-05 09:00")).days % 3 == 0
    assert old.in_hours(utc("2026-03-27 09:30")) == (days % 3 == 0)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (OFFICE._replace(starts="9 o'clock"), 'office: start: "9 o\'clock" is no local time'),
        (OFFICE._replace(ends="2005-01-03T17:00:00Z"), "office: end: '2005-01-03T17:00:00Z' has a"),
        (OFFICE._replace(ends="2005-01-02T17:00:00"), "office: it ends at 2005-01-02T17:00:00, be"),
        (OFFICE._replace(rrule="FREQ=HOURLY"), "office: 'FREQ=HOURLY' does not say FREQ=DAILY"),
        (OFFICE._replace(rrule="nonsense"), "office: 'nonsense' does not say FREQ"),
        (OFFICE._replace(rrule="FREQ=DAILY;INTERVAL=0"), "office: INTERVAL of"),
        (OFFICE._replace(rrule="FREQ=DAILY;COUNT=1000000"), "office: COUNT of"),
        (OFFICE._replace(rrule="FREQ=DAILY;BYDAY=XX"), "office: 'FREQ=DAILY;BYDAY=XX' is no iCal"),
        (OFFICE._replace(rrule="FREQ=DAILY;UNTIL=soon"), "office: UNTIL=SOON is no iCal time"),
    ],
)
def test_a_schedule_that_cannot_be_read_is_named(written: Written, message: str) -> None:
    with pytest.raises(HoursError) as raised:
        group(written)

    assert str(raised.value).startswith(message)


def test_the_zone_of_a_group_must_exist() -> None:
    with pytest.raises(HoursError, match="timezone: 'Berlin' is no time zone"):
        group(OFFICE, zone="Berlin")
