"""Opening hours on the days on which clocks change, in six zones: spoken cases, and a walk's."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest

from chrono.hours import Hours
from tests.unit.chrono.change_days import CHANGES, Change
from tests.unit.chrono.office import ALWAYS, DAY, HOUR, NIGHTS, OFFICE, hours, utc
from tests.unit.chrono.walker import STEP, WEEKDAYS, Walker

WEEKS: dict[str, Any] = {
    "office": OFFICE,
    "always": ALWAYS,
    "nights": NIGHTS,
    # Opens or closes where clocks jump, and twice a day.
    "early": {day: [["00:30", "02:30"], ["03:00", "06:00"]] for day in WEEKDAYS},
    "late": {day: [["13:00", "24:00"]] for day in WEEKDAYS},
}
STARTS = (-30, -5, 2, 27)  # hours from the changing day's midnight
AMOUNTS = (40, 470, 1310)  # minutes


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_day_is_as_long_as_its_clocks_make_it(change: Change) -> None:
    start, end = utc(change.midnight), utc(change.next_midnight)
    always = hours(change.zone, ALWAYS)

    assert always.within(start, end) == timedelta(hours=change.hours)
    assert always.after(start, timedelta(hours=change.hours)) == end
    assert always.before(end, timedelta(hours=change.hours)) == start


@pytest.mark.parametrize(
    ("zone", "opens", "closes", "length"),
    [
        ("Europe/Berlin", "2026-03-28 21:00", "2026-03-29 04:00", 7),
        ("Europe/Berlin", "2026-10-24 20:00", "2026-10-25 05:00", 9),
        ("America/New_York", "2026-03-08 03:00", "2026-03-08 10:00", 7),
        ("America/New_York", "2026-11-01 02:00", "2026-11-01 11:00", 9),
        ("Australia/Lord_Howe", "2026-04-04 11:00", "2026-04-04 19:30", 8.5),
        ("Australia/Lord_Howe", "2026-10-03 11:30", "2026-10-03 19:00", 7.5),
        ("Pacific/Auckland", "2026-04-04 09:00", "2026-04-04 18:00", 9),
        ("Pacific/Auckland", "2026-09-26 10:00", "2026-09-26 17:00", 7),
        ("America/Santiago", "2026-04-05 01:00", "2026-04-05 10:00", 9),
        ("America/Santiago", "2026-09-06 02:00", "2026-09-06 09:00", 7),
        ("Africa/Casablanca", "2026-02-14 21:00", "2026-02-15 06:00", 9),
        ("Africa/Casablanca", "2026-03-21 22:00", "2026-03-22 05:00", 7),
    ],
)
def test_a_night_shift_from_22_to_6_is_an_hour_shorter_or_longer(
    zone: str, opens: str, closes: str, length: float
) -> None:
    nights, start, end = hours(zone, NIGHTS), utc(opens), utc(closes)

    assert nights.in_hours(start)
    assert not nights.in_hours(start - timedelta(minutes=1))
    assert not nights.in_hours(end)
    assert nights.within(start - HOUR, end + HOUR) == timedelta(hours=length)


@pytest.mark.parametrize(
    ("zone", "friday", "due"),
    [
        ("Europe/Berlin", "2026-03-27 15:45", "2026-03-30 10:45"),
        ("Europe/Berlin", "2026-10-23 14:45", "2026-10-26 11:45"),
        ("America/New_York", "2026-03-06 21:45", "2026-03-09 16:45"),
        ("America/New_York", "2026-10-30 20:45", "2026-11-02 17:45"),
        ("Australia/Lord_Howe", "2026-04-03 05:45", "2026-04-06 02:15"),
        ("Australia/Lord_Howe", "2026-10-02 06:15", "2026-10-05 01:45"),
        ("Pacific/Auckland", "2026-04-03 03:45", "2026-04-06 00:45"),
        ("Pacific/Auckland", "2026-09-25 04:45", "2026-09-27 23:45"),
        ("America/Santiago", "2026-04-03 19:45", "2026-04-06 16:45"),
        ("America/Santiago", "2026-09-04 20:45", "2026-09-07 15:45"),
        ("Africa/Casablanca", "2026-02-13 15:45", "2026-02-16 12:45"),
        ("Africa/Casablanca", "2026-03-20 16:45", "2026-03-23 11:45"),
    ],
)
def test_four_hours_from_friday_at_1645_end_on_monday_at_1245_whatever_clocks_did(
    zone: str, friday: str, due: str
) -> None:
    assert hours(zone).after(utc(friday), 4 * HOUR) == utc(due)
    assert hours(zone).before(utc(due), 4 * HOUR) == utc(friday)


@cache
def walked(change: Change, week: str) -> tuple[Hours, Walker]:
    written: dict[str, Any] = {"timezone": change.zone, "hours": WEEKS[week]}
    return Hours.of(**written), Walker(change.day - 3 * DAY, change.day + 4 * DAY, **written)


def starts(change: Change) -> list[datetime]:
    return [utc(change.midnight) + timedelta(hours=n) for n in STARTS]


@pytest.mark.parametrize("week", WEEKS)
@pytest.mark.parametrize("change", CHANGES, ids=str)
@pytest.mark.parametrize("asked", ["in_hours", "within", "after", "before"])
def test_on_a_day_of_change_every_answer_is_a_walks(asked: str, change: Change, week: str) -> None:
    fast, slow = walked(change, week)
    amounts = [timedelta(minutes=minutes) for minutes in AMOUNTS]

    match asked:
        case "in_hours":
            steps = [utc(change.midnight) + n * STEP for n in range(-12, 26 * 6)]
            assert [fast.in_hours(at) for at in steps] == [slow.in_hours(at) for at in steps]
        case "within":
            pairs = [(start, end) for start in starts(change) for end in starts(change)]
            assert [fast.within(*p) for p in pairs] == [slow.within(*p) for p in pairs]
        case "after":
            for start in starts(change):
                for amount in amounts:
                    found = slow.after(start, amount)
                    assert found is None or fast.after(start, amount) == found
        case _:
            for end in starts(change):
                for amount in amounts:
                    found = slow.before(end, amount)
                    assert found is None or fast.before(end, amount) == found
