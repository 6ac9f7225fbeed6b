from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import format as write

BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 11, 20, 15, 20, 7, tzinfo=UTC)  # 16:20:07 in Berlin


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (timedelta(hours=3, minutes=5, seconds=59), "3:05"),
        (timedelta(hours=100), "100:00"),
        (timedelta(minutes=10), "0:10"),
        (timedelta(minutes=9, seconds=59), "09:59"),
        (timedelta(minutes=8, seconds=12, milliseconds=900), "08:12"),
        (timedelta(), "00:00"),
        (timedelta(minutes=-42, seconds=-30), "\N{MINUS SIGN}0:42"),
        (timedelta(hours=-30), "\N{MINUS SIGN}30:00"),
    ],
)
def test_a_countdown_never_speaks_of_days_and_shows_seconds_in_the_last_ten_minutes(
    left: timedelta, text: str
) -> None:
    assert write.countdown(left) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "00:00"),
        (59, "00:59"),
        (3599, "59:59"),
        (3600, "1:00:00"),
        (-647, "\N{MINUS SIGN}10:47"),
        (None, "\N{EM DASH}"),
    ],
)
def test_a_handle_time_shows_hours_from_one_hour(seconds: int | None, text: str) -> None:
    assert write.handle_time(seconds) == text


@given(st.integers(0, 10**10), st.integers(1, 10**5))
def test_a_mean_is_within_half_a_second_of_the_truth(total: int, handled: int) -> None:
    shown = write.mean_seconds(total, handled)

    assert shown is not None
    assert abs(shown * 1000 - total / handled) <= 500.001


def test_nothing_handled_has_no_mean_and_no_share() -> None:
    assert write.mean_seconds(0, 0) is None
    assert write.percent(0, 0) == "\N{EM DASH}"


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_percentage_is_a_whole_number_rounded_half_up(part: int, whole: int) -> None:
    shown = int(write.percent(part, whole).removesuffix("\N{NARROW NO-BREAK SPACE}%"))

    assert 2 * abs(shown * whole - 100 * part) <= whole
    assert write.percent(1, 8).startswith("13")  # 12.5


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 20, 15, 28, tzinfo=UTC), "16:28"),
        (datetime(2026, 11, 20, 23, 30, tzinfo=UTC), "Sat 00:30"),
        (datetime(2026, 11, 23, 9, 0, tzinfo=UTC), "Mon 10:00"),
        (datetime(2026, 11, 26, 9, 0, tzinfo=UTC), "Thu 10:00"),
        (datetime(2026, 11, 27, 9, 0, tzinfo=UTC), "2026-11-27 10:00"),
        (datetime(2026, 11, 14, 9, 0, tzinfo=UTC), "Sat 10:00"),
        (datetime(2026, 11, 13, 9, 0, tzinfo=UTC), "2026-11-13 10:00"),
    ],
)
def test_an_instant_names_its_day_as_far_as_a_weekday_is_clear(at: datetime, text: str) -> None:
    assert write.wall(at, now=FRIDAY, zone=BERLIN) == text


def test_on_a_day_that_changes_the_offset_the_offset_is_shown() -> None:
    now = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    assert write.wall(now, now=now, zone=BERLIN) == "02:30 +02:00"
    assert write.wall(now + timedelta(hours=1), now=now, zone=BERLIN) == "02:30 +01:00"
    assert write.to_the_second(now, BERLIN) == "02:30:00 +02:00"
    assert write.dated(FRIDAY, BERLIN) == "20 Nov 2026 16:20"


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=-1), "0 s ago"),
        (timedelta(seconds=4), "4 s ago"),
        (timedelta(minutes=7, seconds=50), "7 min ago"),
        (timedelta(hours=2, minutes=10), "2:10 h ago"),
        (timedelta(hours=47, minutes=59), "47:59 h ago"),
        (timedelta(days=59), "59 days ago"),
    ],
)
def test_an_age_is_told_in_its_own_unit(age: timedelta, text: str) -> None:
    assert write.ago(age) == text


def test_counts_and_days_read_naturally() -> None:
    assert write.count(1234567) == "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567"
    assert write.plural(1, "agent") == "1 agent"
    assert write.plural(2, "reply", "replies") == "2 replies"
    assert write.total_hours(39_720_000) == "11:02 h"
    assert write.days(date(2026, 11, 13), date(2026, 11, 20)) == "13\N{EN DASH}20 Nov 2026"
    assert write.days(date(2026, 10, 30), date(2026, 11, 5)) == ("30 Oct \N{EN DASH} 5 Nov 2026")
    assert write.days(date(2025, 12, 30), date(2026, 1, 5)) == (
        "30 Dec 2025 \N{EN DASH} 5 Jan 2026"
    )
    assert write.days(date(2026, 11, 20), date(2026, 11, 20)) == "Fri 20 Nov 2026"
