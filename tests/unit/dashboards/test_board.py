from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chrono.business import BusinessTime
from chrono.emergencies import Emergency, Overlaid
from chrono.hours import Hours
from dashboards import board
from dashboards.board import Setting, State
from dashboards.clocks import Forgotten, Held, Standing, held, most_telling

NOW = datetime(2026, 11, 20, 15, 20, tzinfo=UTC)  # a Friday, 16:20 in Berlin
BERLIN = ZoneInfo("Europe/Berlin")
WEEK = ("mon", "tue", "wed", "thu", "fri")
OFFICE = Hours.of(timezone="Europe/Berlin", hours={day: [["09:00", "17:00"]] for day in WEEK})
SHUT = Hours.of(timezone="Europe/Berlin", hours={day: [["09:00", "16:00"]] for day in WEEK})
TARGET = timedelta(hours=4)
HOUR = timedelta(hours=1)


def standing(waited: timedelta = timedelta(hours=1), **values: object) -> Standing:
    """Make a clock that has run in office hours for so long, and is due accordingly."""
    since = OFFICE.before(NOW, waited)
    assert since
    due = OFFICE.after(since, TARGET)
    assert due
    made = Standing(
        conversation_id=1,
        genesys_id="52e6b438",
        media_type="email",
        queue_id="q",
        user_id="a",
        kind="next_response",
        state="running",
        reason="the customer wrote",
        since=since,
        elapsed_ms=0,
        target_s=14_400,
        warn_at=OFFICE.after(since, timedelta(hours=3, minutes=30)),
        due_at=due,
        breaches_at=due,
        policy="Answer within 4 h",
        calendar_id=1,
        calendar_version=None,
        started_at=since,
    )
    return made._replace(**values)  # type: ignore[arg-type]  # a test names columns


def shown(
    clock: Standing, *, hours: BusinessTime = OFFICE, activity: Held | None = None
) -> board.Row:
    setting = Setting(
        now=NOW,
        zone=BERLIN,
        hours={(1, None): hours},
        held={1: activity} if activity else {},
        queues={"q": "Support EU"},
        agents={"a": "A. Rossi"},
    )
    [one] = board.judged([clock], setting)
    return board.row(one, setting)


@pytest.mark.parametrize(
    ("waited", "state", "due", "why"),
    [
        (timedelta(hours=1), State.ON_TRACK, "3:00", "customer waiting 1:00 h; clock stops 17:00"),
        (timedelta(hours=3, minutes=30), State.DUE_SOON, "0:30", "customer waiting 3:30 h"),
        (timedelta(hours=3, minutes=51, seconds=48), State.DUE_SOON, "08:12", None),
        (timedelta(hours=4), State.DUE_SOON, "00:00", None),
        (timedelta(hours=4, milliseconds=1), State.BREACHED, "\N{MINUS SIGN}0:00", None),
        (
            timedelta(hours=4, minutes=42),
            State.BREACHED,
            "\N{MINUS SIGN}0:42",
            "customer waiting 4:42 h",
        ),
    ],
)
def test_a_running_clock_counts_business_time_down_to_its_breach(
    waited: timedelta, state: State, due: str, why: str | None
) -> None:
    row = shown(standing(waited))

    assert (row.state, row.due and row.due.text) == (state, due)
    assert why in {None, str(row.why)}
    assert row.due
    assert row.due.rate == -1


def test_a_clock_due_at_closing_is_breached_only_when_hours_open_again() -> None:
    row = shown(standing(timedelta(hours=4))._replace(breaches_at=NOW + timedelta(days=2)))

    assert row.state is State.DUE_SOON


def test_outside_opening_hours_a_clock_stands_and_says_when_they_open() -> None:
    row = shown(standing(timedelta(minutes=30)), hours=SHUT)

    assert row.state is State.PAUSED
    assert row.due
    assert row.due.rate == 0
    assert row.due_suffix == " left"
    assert "outside opening hours, opens Mon 09:00" in str(row.why)


@pytest.mark.parametrize(
    ("emergency", "said"),
    [
        (Emergency(opens=False, start=NOW, end=NOW + HOUR, reason="fire drill"), ": fire drill"),
        (Emergency(opens=False, start=NOW, end=NOW + HOUR), ""),
    ],
)
def test_a_clock_that_an_emergency_stops_says_why(emergency: Emergency, said: str) -> None:
    row = shown(standing(), hours=Overlaid(OFFICE, (emergency,)))

    assert f"; closed by an emergency{said}, opens Mon 09:00" in row.why.after


def test_an_overdue_clock_stays_breached_outside_opening_hours() -> None:
    row = shown(standing(timedelta(hours=5)), hours=SHUT)

    assert row.state is State.BREACHED


def left_alone(minutes: float, late: float) -> Forgotten:
    """Make what was left alone for so long, and is late by so many minutes."""
    since = NOW - timedelta(minutes=minutes)
    reason = "parked since {at 2026-11-20T11:25:00.000Z} by {user a}"
    return Forgotten(since, reason, NOW - timedelta(minutes=late))


@pytest.mark.parametrize(
    ("late", "values", "hours", "state"),
    [
        (1, {}, OFFICE, State.FORGOTTEN),
        (0, {}, OFFICE, State.ON_TRACK),
        (-1, {}, OFFICE, State.ON_TRACK),
        (1, {}, SHUT, State.FORGOTTEN),
        (1, {"state": "paused", "due_at": None}, OFFICE, State.FORGOTTEN),
        (-1, {"state": "paused", "due_at": None}, OFFICE, State.PAUSED),
    ],
    ids=["over", "at its very end", "before", "closed by now", "paused", "paused, before"],
)
def test_forgotten_is_what_the_clock_of_forgotten_work_says(
    late: float, values: dict[str, object], hours: Hours, state: State
) -> None:
    clock = standing()._replace(forgotten=left_alone(150, late), **values)  # type: ignore[arg-type]  # columns

    assert shown(clock, hours=hours).state is state


def test_a_forgotten_row_says_who_left_it_alone_and_since_when() -> None:
    row = shown(
        standing(forgotten=left_alone(235, 115)),
        activity=Held("parked", NOW - timedelta(minutes=235), idle=True),
    )

    assert str(row.why) == "parked since 12:25 by A. Rossi; left alone for 3:55 h"
    assert row.activity == "parked since 12:25"


def test_what_is_left_of_a_paused_clock_is_said_to_be_so_though_its_work_is_forgotten() -> None:
    row = shown(standing(state="paused", due_at=None, forgotten=left_alone(235, 115)))

    assert (row.state, row.due and row.due.text, row.due_suffix) == ("forgotten", "4:00", " left")


def test_forgotten_work_is_told_with_the_clock_that_waits_and_alone_where_none_does() -> None:
    waiting = standing()
    forgotten = standing(kind="forgotten", reason="parked")
    at_rest = forgotten._replace(state="paused", breaches_at=None)
    since = Forgotten(forgotten.started_at, "parked", forgotten.breaches_at or NOW)

    assert most_telling([waiting, forgotten]) == [waiting._replace(forgotten=since)]
    assert most_telling([forgotten]) == [forgotten._replace(forgotten=since)]
    assert most_telling([waiting, at_rest]) == [waiting]
    assert most_telling([at_rest]) == [at_rest]
    assert shown(most_telling([forgotten])[0]).state is State.ON_TRACK
    assert str(shown(most_telling([forgotten])[0]).why).startswith("left alone for 1:00 h")


def test_while_the_agent_wrote_last_the_clock_is_paused_with_what_is_left() -> None:
    row = shown(
        standing(
            state="paused",
            reason="the agent answered",
            since=NOW - timedelta(minutes=78),
            elapsed_ms=108 * 60_000,
            due_at=None,
            breaches_at=None,
            warn_at=None,
        )
    )

    assert row.state is State.PAUSED
    assert (row.due and row.due.text, row.due_suffix) == ("2:12", " left")
    assert row.due_at_text == "\N{EM DASH}"
    assert str(row.why) == "the agent answered 15:02"


def test_an_answer_that_came_late_is_paused_and_says_how_late() -> None:
    row = shown(standing(state="paused", reason="the agent answered", elapsed_ms=282 * 60_000))

    assert str(row.why).endswith("0:42 h late")
    assert row.due_suffix == ""


def test_without_usable_hours_nothing_is_pretended() -> None:
    setting = Setting(now=NOW, zone=BERLIN, hours={}, held={}, queues={}, agents={})
    [one] = board.judged([standing()], setting)
    row = board.row(one, setting)

    assert row.due is None
    assert "cannot be read" in str(row.why)
    assert row.queue == "q"


def test_rows_are_ordered_by_state_and_then_by_urgency() -> None:
    clocks = [
        standing(timedelta(hours=1))._replace(genesys_id="on track, later"),
        standing(timedelta(hours=2))._replace(genesys_id="on track, sooner"),
        standing(timedelta(hours=4, minutes=5))._replace(genesys_id="breached by 5"),
        standing(timedelta(hours=4, minutes=42))._replace(genesys_id="breached by 42"),
        standing(timedelta(hours=3, minutes=45))._replace(genesys_id="due soon"),
        standing(timedelta(hours=4, minutes=50))._replace(
            genesys_id="forgotten", forgotten=left_alone(180, 60)
        ),
        standing(state="paused", due_at=None)._replace(genesys_id="paused"),
    ]
    setting = Setting(
        now=NOW,
        zone=BERLIN,
        hours={(1, None): OFFICE},
        held={},
        queues={},
        agents={},
    )

    assert [one.clock.genesys_id for one in board.judged(clocks, setting)] == [
        "breached by 42",
        "breached by 5",
        "forgotten",
        "due soon",
        "on track, sooner",
        "on track, later",
        "paused",
    ]


def test_a_conversation_shows_the_clock_that_runs_and_next_response_before_others() -> None:
    next_response = standing()
    first = standing()._replace(kind="first_response")
    resolution = standing()._replace(kind="resolution")
    paused = standing()._replace(state="paused")

    assert most_telling([resolution, first, next_response]) == [next_response]
    assert most_telling([paused, resolution]) == [resolution]


def test_whoever_works_on_a_conversation_counts_before_those_who_hold_it() -> None:
    old = NOW - timedelta(hours=9)

    assert held([(old, "hold"), (NOW, "interact")]) == Held("working", NOW, idle=False)
    assert held([(NOW, "hold"), (old, "interact")]) == Held("working", old, idle=False)
    assert held([(old, "hold"), (NOW, "parked")]) == Held("parked", NOW, idle=True)
