"""When a wait is told of: against instants worked out by hand."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from chrono.hours import Hours
from sla.domain.fold import replay
from sla.domain.local import Daily
from sla.domain.plan import Planned, Rung, plan
from sla.domain.terms import Kind, Terms
from sla.domain.turns import AgentWrote, Created, CustomerWrote, StatePaused, StateResumed, Turn

WEEK = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
HOURS = Hours.of(timezone="UTC", hours=WEEK)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def on(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of March 2026: the 27th is a Friday, the 30th a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def planned(*turns: Turn, rungs: tuple[Rung, ...] = (), **terms: Any) -> dict[str, Planned]:
    held: dict[str, Any] = {"next_response": 4 * HOUR} | terms
    clock = replay(turns, Terms(hours=HOURS, **held)).clock(Kind.NEXT_RESPONSE)
    assert clock
    return {one.rung: one for one in plan(clock, rungs)}


def due(*turns: Turn, **more: Any) -> dict[str, datetime]:
    return {rung: one.due_at for rung, one in planned(*turns, **more).items()}


def test_the_breach_of_a_wait_from_friday_afternoon_is_on_monday() -> None:
    assert due(Created(at=on(27, 16, 45))) == {"breach": on(30, 12, 45)}


def test_a_breach_that_is_due_at_a_closing_is_not_there_before_it_opens_again() -> None:
    assert due(Created(at=on(27, 13))) == {"breach": on(30, 9)}


def test_rungs_after_the_target_in_business_time_and_on_the_wall_clock() -> None:
    rungs = (
        Rung(1, timedelta()),
        Rung(2, 5 * HOUR),
        Rung(3, 5 * HOUR, wall=True),
        Rung(4, timedelta(), every=HOUR, times=2),
        Rung(5, timedelta(), kinds=frozenset({"resolution"})),
    )
    assert due(Created(at=on(27, 16, 45)), rungs=rungs) == {
        "breach": on(30, 12, 45),
        "rung:1": on(30, 12, 45),
        "rung:2": on(31, 9, 45),
        "rung:3": on(30, 17, 45),
        "rung:4": on(30, 12, 45),
        "rung:4:1": on(30, 13, 45),
        "rung:4:2": on(30, 14, 45),
    }


def test_a_rung_on_the_wall_clock_is_never_there_before_the_breach() -> None:
    found = due(Created(at=on(27, 13)), rungs=(Rung(1, timedelta(), wall=True),))
    assert found == {"breach": on(30, 9), "rung:1": on(30, 9)}


@pytest.mark.parametrize(
    ("began", "before", "at"),
    [
        (on(27, 9), HOUR, on(27, 12)),
        (on(27, 16, 45), HOUR, on(30, 11, 45)),
        # Half an hour before the target there is no time left in which it was open: the opening.
        (on(27, 13, 30), 30 * MINUTE, on(30, 9)),
        (on(27, 15), 2 * HOUR, on(30, 9)),
        (on(27, 15), 3 * HOUR, on(27, 16)),
        (on(27, 15), 4 * HOUR, None),  # never: it lies before the wait, not at its start
        (on(27, 15), 5 * HOUR, None),
    ],
)
def test_a_rung_before_the_target_walks_opening_hours_backwards(
    began: datetime, before: timedelta, at: datetime | None
) -> None:
    assert due(Created(at=began), rungs=(Rung(1, -before),)).get("rung:1") == at


def test_a_rung_before_the_target_by_the_clock_on_the_wall() -> None:
    found = due(Created(at=on(27, 16, 45)), rungs=(Rung(1, -24 * HOUR, wall=True),))
    assert found["rung:1"] == on(29, 12, 45)
    assert "rung:1" not in due(Created(at=on(27, 9)), rungs=(Rung(1, -24 * HOUR, wall=True),))


def test_a_rung_before_a_pause_counts_what_was_left_then() -> None:
    paused = (StatePaused(at=on(27, 12)), StateResumed(at=on(27, 15)))
    found = due(Created(at=on(27, 9)), *paused, rungs=(Rung(1, -2 * HOUR), Rung(2, -30 * MINUTE)))
    assert found == {"breach": on(27, 16), "rung:1": on(27, 11), "rung:2": on(27, 15, 30)}


def test_a_rung_for_opening_hours_only_waits_until_it_opens_and_says_so() -> None:
    rungs = (Rung(1, 6 * HOUR, wall=True, while_open=True), Rung(2, HOUR, while_open=True))
    found = planned(Created(at=on(27, 10)), rungs=rungs)
    assert found["rung:1"] == Planned("rung:1", on(30, 9), 1, "held back until it opens")
    assert found["rung:2"] == Planned("rung:2", on(27, 15), 2, "")


def test_warnings_are_planned_by_what_was_used_up_and_none_at_the_target_or_after() -> None:
    found = due(Created(at=on(27, 16)), warn_percents=(50.0, 75.0, 100.0, 120.0))
    assert found == {
        "warning:7200": on(30, 10),
        "warning:10800": on(30, 11),
        "breach": on(30, 12),
    }


@pytest.mark.parametrize(
    "then",
    [AgentWrote(at=on(27, 11)), StatePaused(at=on(27, 11)), StatePaused(at=on(30, 11))],
)
def test_a_wait_that_is_answered_or_paused_has_nothing_planned(then: Turn) -> None:
    assert due(Created(at=on(27, 10)), then, rungs=(Rung(1, HOUR),)) == {}


def test_the_next_wait_is_planned_anew() -> None:
    turns = (AgentWrote(at=on(27, 11)), CustomerWrote(at=on(27, 12)))
    assert due(Created(at=on(27, 10)), *turns) == {"breach": on(27, 16)}


def test_hours_that_never_hold_so_much_plan_nothing() -> None:
    never = Hours.of(timezone="UTC", hours={})
    clock = replay([Created(at=on(27, 10))], Terms(hours=never, next_response=HOUR)).clock(
        Kind.NEXT_RESPONSE
    )
    assert clock
    assert list(plan(clock, [Rung(1, -MINUTE), Rung(2, HOUR, wall=True)])) == []


BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (datetime(2026, 3, 26, 20, 59, 59, tzinfo=UTC), None),  # 21:59:59 in Berlin
        (datetime(2026, 3, 26, 21, tzinfo=UTC), datetime(2026, 3, 27, 6, tzinfo=UTC)),
        (datetime(2026, 3, 27, 5, 59, tzinfo=UTC), datetime(2026, 3, 27, 6, tzinfo=UTC)),
        (datetime(2026, 3, 27, 6, tzinfo=UTC), None),
        # The night in which clocks go forward, and the one in which they go back.
        (datetime(2026, 3, 28, 21, tzinfo=UTC), datetime(2026, 3, 29, 5, tzinfo=UTC)),
        (datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)),
    ],
)
def test_quiet_hours_over_midnight_in_local_time(at: datetime, until: datetime | None) -> None:
    found = Daily(time(22), time(7), BERLIN).around(at)
    assert (found and found.end) == until


def test_a_shift_belongs_to_the_weekday_on_which_it_starts() -> None:
    nights = Daily(time(22), time(6), BERLIN, ["fri"])
    assert nights.around(datetime(2026, 3, 28, 4, 59, tzinfo=UTC))  # Saturday, 05:59 in Berlin
    assert nights.around(datetime(2026, 3, 28, 5, tzinfo=UTC)) is None
    assert nights.around(datetime(2026, 3, 28, 22, tzinfo=UTC)) is None


def test_a_shift_from_a_time_to_the_same_is_a_whole_day() -> None:
    sundays = Daily(time(0), time(0), BERLIN, ["sun"])
    found = sundays.around(datetime(2026, 3, 29, 12, tzinfo=UTC))
    assert found
    assert found.end - found.start == 23 * HOUR  # clocks go forward that day
