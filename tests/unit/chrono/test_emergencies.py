"""Opening hours under emergencies: every answer beside that of a walk in small steps."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chrono.emergencies import Emergency, Overlaid
from chrono.hours import Hours
from chrono.schedules import ScheduleHours, Written
from chrono.strip import days
from chrono.zones import zone_named
from tests.unit.chrono.office import ALWAYS, DAY, FRIDAY_1645, HOUR, MINUTE, OFFICE, hours, utc
from tests.unit.chrono.walked import CHANGES, INTERVALS, assert_alike
from tests.unit.chrono.walker import STEP, WEEKDAYS, Walker, walk

MONDAY_9 = utc("2026-03-30T09:00")


class EmergencyWalker(Walker):
    """A walker that asks each step for the last emergency that covers it."""

    def __init__(self, first: date, last: date, told: list[Emergency], **written: Any) -> None:
        super().__init__(first, last, **written)
        self.emergencies = told
        every = walk(self.first - 5 * DAY, self.last + 5 * DAY)
        self.open = {step for step in every if self._opens(step)}

    def _opens(self, step: datetime) -> bool:
        covering = [e for e in self.emergencies if e.start <= step and (not e.end or step < e.end)]
        return covering[-1].opens if covering else step in self.open


@st.composite
def overlaid(draw: st.DrawFn) -> tuple[Overlaid, EmergencyWalker]:
    zone, day = draw(CHANGES)
    midnight = datetime.combine(day, datetime.min.time(), tzinfo=UTC)
    told = []
    for _ in range(draw(st.integers(1, 4))):
        start = midnight + draw(st.integers(-400, 500)) * STEP
        length = draw(st.none() | st.integers(1, 300))
        end = None if length is None else start + length * STEP
        told.append(Emergency(draw(st.booleans()), start, end))
    written = {
        "timezone": zone,
        "hours": draw(st.dictionaries(st.sampled_from(WEEKDAYS), INTERVALS)),
    }
    walker = EmergencyWalker(day - 3 * DAY, day + 4 * DAY, told, **written)
    return Overlaid(Hours.of(**written), tuple(told)), walker


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(overlaid(), st.data())
def test_every_answer_is_that_of_a_walk_in_small_steps(
    pair: tuple[Overlaid, EmergencyWalker], data: st.DataObject
) -> None:
    assert_alike(*pair, data)


def under(base: Any, *told: Emergency) -> Overlaid:
    return Overlaid(base, told)


@pytest.mark.parametrize(
    ("told", "due"),
    [
        # Friday 16:45 and four hours of Mon-Fri 09-17: 15 minutes on Friday, the rest on Monday.
        ([], MONDAY_9 + 3 * HOUR + 45 * MINUTE),
        ([Emergency(False, MONDAY_9)], None),
        ([Emergency(False, MONDAY_9, MONDAY_9 + HOUR)], MONDAY_9 + 4 * HOUR + 45 * MINUTE),
        ([Emergency(True, FRIDAY_1645)], FRIDAY_1645 + 4 * HOUR),
        ([Emergency(True, FRIDAY_1645, FRIDAY_1645 + 2 * HOUR)], MONDAY_9 + 2 * HOUR),
        # Closed until further notice, and open for two hours in between.
        (
            [Emergency(False, FRIDAY_1645), Emergency(True, MONDAY_9, MONDAY_9 + 5 * HOUR)],
            MONDAY_9 + 4 * HOUR,
        ),
        ([Emergency(False, FRIDAY_1645), Emergency(True, MONDAY_9, MONDAY_9 + HOUR)], None),
    ],
)
def test_a_due_time_moves_with_an_emergency(told: list[Emergency], due: datetime | None) -> None:
    assert under(hours(), *told).after(FRIDAY_1645, 4 * HOUR) == due


def test_hours_that_never_open_run_while_an_emergency_opens_them() -> None:
    shut = under(hours(week={}), Emergency(True, MONDAY_9, MONDAY_9 + HOUR))

    assert shut.after(FRIDAY_1645, HOUR) == MONDAY_9 + HOUR
    assert shut.after(FRIDAY_1645, 2 * HOUR) is None
    assert shut.before(MONDAY_9 + DAY, HOUR) == MONDAY_9


def test_rules_without_an_end_are_looked_up_far_beyond_a_closing() -> None:
    daily = ScheduleHours.of(
        timezone="UTC",
        opening=[Written("Day", "2026-01-05T09:00:00", "2026-01-05T10:00:00", "FREQ=YEARLY")],
    )
    closed = under(daily, Emergency(False, utc("2026-01-01T00:00"), utc("2427-01-01T00:00")))

    assert closed.after(utc("2026-01-01T00:00"), HOUR) == utc("2427-01-05T10:00")


@pytest.mark.parametrize(
    ("week", "after", "opens"),
    [
        (OFFICE, "2026-03-27T16:45", "2026-03-30T09:00"),
        (OFFICE, "2026-03-27T08:59", "2026-03-27T09:00"),
        (OFFICE, "2026-03-27T09:00", "2026-03-30T09:00"),
        (ALWAYS, "2026-03-27T09:00", None),
        ({}, "2026-03-27T09:00", None),
    ],
)
def test_the_next_opening_is_later_than_now(week: Any, after: str, opens: str | None) -> None:
    assert hours(week=week).next_opening(utc(after)) == (utc(opens) if opens else None)


def test_a_strip_says_day_by_day_what_is_open_and_why_it_is_not() -> None:
    berlin = Hours.of(
        timezone="Europe/Berlin",
        hours=OFFICE,
        holidays=["2026-03-27"],
        overrides={"2026-03-30": [["10:00", "12:00"]]},
        breaks={"2026-03-31": [["12:00", "13:00"]]},
    )
    shut = Emergency(False, utc("2026-04-01T10:00"), utc("2026-04-01T11:00"), "burst pipe")
    shown = list(days(under(berlin, shut), zone_named("Europe/Berlin"), date(2026, 3, 27), 6))

    assert [day.length for day in shown] == [DAY, DAY, DAY - HOUR, DAY, DAY, DAY]
    assert [day.notes for day in shown] == [
        ("holiday",),
        ("no hours on Saturdays",),
        ("no hours on Sundays",),
        ("other hours on this date",),
        ("closed for a part of it",),
        ("emergency: closed, burst pipe",),
    ]
    open_hours = [sum((s.length for s in day.opens), timedelta()) / HOUR for day in shown]
    assert open_hours == [0, 0, 0, 2, 7, 7]


def test_a_strip_names_the_schedules_that_close_and_cuts_nights_at_midnight() -> None:
    group = ScheduleHours.of(
        timezone="Europe/Berlin",
        opening=[Written("Nights", "2026-10-23T22:00:00", "2026-10-24T06:00:00", "FREQ=DAILY")],
        closing=[Written("Inventory", "2026-10-26T00:00:00", "2026-10-28T00:00:00")],
    )
    shown = list(days(group, zone_named("Europe/Berlin"), date(2026, 10, 24), 4))

    assert [(day.length / HOUR, day.clocks_change) for day in shown[:2]] == [
        (24, False),
        (25, True),
    ]
    assert [len(day.opens) for day in shown] == [2, 2, 0, 0]
    assert sum((s.length for s in shown[1].opens), timedelta()) == 9 * HOUR
    assert [day.notes for day in shown] == [
        (),
        (),
        ("closed by “Inventory”",),
        ("closed by “Inventory”",),
    ]


def test_a_date_that_clocks_skip_has_no_length() -> None:
    apia = hours("Pacific/Apia", ALWAYS)
    shown = list(days(apia, zone_named("Pacific/Apia"), date(2011, 12, 29), 3))

    assert [day.length for day in shown] == [DAY, timedelta(), DAY]
    assert shown[1].notes == ("the clocks skip this date",)
