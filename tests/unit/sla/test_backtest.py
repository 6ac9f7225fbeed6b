"""What would have come of a conversation: beside the live fold, and worked out by hand."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chrono.hours import Hours
from chrono.spans import Span
from sla.domain.backtest import Escalation, Measure, Outcome, counted
from sla.domain.clock import State
from sla.domain.course import Courses, Stretch, Wait, course
from sla.domain.fold import replay
from sla.domain.local import Daily
from sla.domain.plan import Rung
from sla.domain.terms import Kind, Reopening, Terms
from sla.domain.turns import (
    AgentWrote,
    Cause,
    Closed,
    Created,
    CustomerWrote,
    FirstResponseRecorded,
    PolicyDeactivated,
    Reopened,
    StateOpened,
    StatePaused,
    StateResumed,
    TermsChanged,
    Turn,
)

WEEK = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
OFFICE = Hours.of(timezone="UTC", hours=WEEK)
MONDAY = datetime(2026, 3, 30, tzinfo=UTC)
WEEK_OF = Span(MONDAY, MONDAY + timedelta(days=7))
PLAIN = (Created, CustomerWrote, AgentWrote, CustomerWrote, AgentWrote)
OTHER = (FirstResponseRecorded, StateOpened, Closed, Reopened)
PAUSING = (StatePaused, StateResumed)


def on(day: int, clock: str) -> datetime:
    """An instant of the week: day 0 is its Monday."""
    hour, minute = clock.split(":")
    return MONDAY + timedelta(days=day, hours=int(hour), minutes=int(minute))


def terms(**changed: Any) -> Terms:
    values: dict[str, Any] = {
        "hours": OFFICE,
        "next_response": timedelta(hours=4),
        "warnings": (timedelta(hours=3),),
        "waiting_on_customer_pauses": True,
    }
    return Terms(**values | changed)


def came(
    turns: list[Turn], given: Terms, *, within: Span = WEEK_OF, escalation: Any = None
) -> Outcome:
    known = counted(turns, within)
    measure = Measure(given, within=within, escalation=escalation or Escalation())
    return measure.outcome(Courses(known).under(given))


def told(outcome: Outcome) -> list[tuple[str, datetime]]:
    return [(one.rung, one.at) for one in outcome.told]


@st.composite
def turns(draw: st.DrawFn) -> list[Turn]:
    """Draw turns, several at an instant among them."""
    found: list[Turn] = [Created(at=MONDAY + timedelta(hours=9))]
    for hours in draw(st.lists(st.integers(0, 120), max_size=12)):
        at = MONDAY + timedelta(hours=hours)
        kind = draw(st.sampled_from((*PLAIN, *OTHER, *PAUSING)))
        if kind in PAUSING:
            found.append(kind(at=at, reason=draw(st.sampled_from(["parked", "on hold"]))))
        else:
            found.append(kind(at=at))
    return found


shapes = st.builds(
    terms,
    first_response=st.sampled_from([None, timedelta(hours=1)]),
    next_response=st.sampled_from([None, timedelta(hours=2)]),
    resolution=st.sampled_from([None, timedelta(hours=9)]),
    waiting_on_customer_pauses=st.booleans(),
    pausing=st.sampled_from([None, frozenset(), frozenset({"parked"})]),
    reopening=st.sampled_from(list(Reopening)),
)


@settings(max_examples=400, deadline=None)
@given(turns(), shapes)
def test_what_a_backtest_measures_is_what_live_clocks_measure(
    known: list[Turn], given_terms: Terms
) -> None:
    standing = replay(known, given_terms)
    live = (*standing.past, *standing.clocks)
    outcome = came(known, given_terms)

    assert sorted((w.kind, w.started_at, w.ended_at, w.elapsed, w.met) for w in outcome.waits) == (
        sorted(
            (c.kind, c.started_at, c.since, c.elapsed, not c.missed(c.since))
            for c in standing.finished
        )
    )
    breached = {(one.kind, one.round_at): one.at for one in outcome.told if one.is_breach}
    assert set(breached) == {(c.kind, c.started_at) for c in live if c.missed(WEEK_OF.end)}
    for clock in live:
        if clock.state is State.RUNNING and clock.missed(WEEK_OF.end):
            assert breached[clock.kind, clock.started_at] == clock.breaches_at


@settings(max_examples=200, deadline=None)
@given(turns(), shapes)
def test_a_course_has_the_stretches_that_the_steps_of_the_fold_tell(
    known: list[Turn], given_terms: Terms
) -> None:
    standing = replay(known, given_terms)
    moves = [step for step in standing.steps if step.action != "breached"]
    for kind in Kind:
        edges: dict[bool, list[datetime]] = {True: [], False: []}
        running = False
        for step in (step for step in moves if step.kind is kind):
            runs = step.action in {"started", "resumed"}
            if runs is not running:
                edges[runs].append(step.at)
            running = runs
        mine = [s for wait in course(known, given_terms) if wait.kind is kind for s in wait[1]]
        assert [stretch.start for stretch in mine] == edges[True]
        assert [stretch.end for stretch in mine if stretch.end] == edges[False]


def test_an_answer_after_the_warning_and_before_the_target_warned_and_was_in_time() -> None:
    known: list[Turn] = [Created(at=on(0, "09:00")), AgentWrote(at=on(0, "12:30"))]

    outcome = came(known, terms())

    assert told(outcome) == [("warning:10800", on(0, "12:00"))]
    (waited,) = outcome.waits
    assert (waited.ended_at, waited.elapsed) == (on(0, "12:30"), timedelta(hours=3.5))
    assert waited.met


def test_an_answer_at_the_very_instant_is_in_time_and_one_after_closing_is_too() -> None:
    at_target: list[Turn] = [Created(at=on(0, "09:00")), AgentWrote(at=on(0, "13:00"))]
    after_closing: list[Turn] = [Created(at=on(0, "13:00")), AgentWrote(at=on(0, "20:00"))]
    next_day: list[Turn] = [Created(at=on(0, "13:00")), AgentWrote(at=on(1, "09:01"))]

    assert [w.met for w in came(at_target, terms()).waits] == [True]
    assert [w.met for w in came(after_closing, terms()).waits] == [True]
    late = came(next_day, terms())
    assert told(late) == [("warning:10800", on(0, "16:00")), ("breach", on(1, "09:00"))]
    assert [w.met for w in late.waits] == [False]


def test_what_happens_outside_of_the_span_is_left_out() -> None:
    known: list[Turn] = [
        Created(at=on(0, "09:00")),  # warned 12:00, breached 13:00 on Monday
        AgentWrote(at=on(1, "10:00")),
        CustomerWrote(at=on(2, "09:00")),  # warned 12:00, breached 13:00 on Wednesday
        AgentWrote(at=on(2, "14:00")),
    ]
    tuesday = Span(on(1, "00:00"), on(2, "12:30"))

    outcome = came(known, terms(), within=tuesday)

    assert told(outcome) == [("warning:10800", on(2, "12:00"))]
    assert [(w.started_at, w.met) for w in outcome.waits] == [(on(0, "09:00"), False)]


def test_a_pause_moves_what_comes_after_it() -> None:
    known: list[Turn] = [
        Created(at=on(0, "09:00")),
        StatePaused(at=on(0, "11:00"), reason="parked"),
        StateResumed(at=on(0, "15:00"), reason="parked"),
    ]

    assert told(came(known, terms())) == [
        ("warning:10800", on(0, "16:00")),
        ("breach", on(1, "09:00")),
    ]
    unpaused = terms(pausing=frozenset())
    assert told(came(known, unpaused)) == [
        ("warning:10800", on(0, "12:00")),
        ("breach", on(0, "13:00")),
    ]


def test_a_target_used_up_as_the_clock_pauses_is_passed_only_once_it_runs_in_opening_hours() -> (
    None
):
    known: list[Turn] = [
        Created(at=on(0, "13:00")),
        StatePaused(at=on(0, "17:00"), reason="parked"),
        StateResumed(at=on(1, "18:00"), reason="parked"),
    ]
    (clock,) = replay(known, terms()).clocks

    assert (clock.due_at, clock.breaches_at) == (on(0, "17:00"), on(2, "09:00"))
    assert told(came(known, terms(warnings=()))) == [("breach", on(2, "09:00"))]


def test_rungs_are_told_while_the_wait_lasts_and_held_back_while_it_is_quiet() -> None:
    rungs = (
        Rung(1, timedelta(hours=-2)),
        Rung(2, timedelta(hours=1)),
        Rung(3, timedelta(hours=6), wall=True, every=timedelta(hours=2), times=2),
        Rung(4, timedelta(), kinds=frozenset({"resolution"})),
    )
    known: list[Turn] = [Created(at=on(0, "09:00")), AgentWrote(at=on(0, "22:30"))]

    plain = came(known, terms(), escalation=Escalation(rungs))
    assert told(plain) == [
        ("warning:10800", on(0, "12:00")),
        ("breach", on(0, "13:00")),
        ("rung:1", on(0, "11:00")),
        ("rung:2", on(0, "14:00")),
        ("rung:3", on(0, "19:00")),
        ("rung:3:1", on(0, "21:00")),
    ]
    quiet = Daily(time(18), time(22), "UTC")
    held = came(known, terms(), escalation=Escalation(rungs, quiet))
    assert told(held)[-2:] == [("rung:3", on(0, "22:00")), ("rung:3:1", on(0, "22:00"))]
    night = Daily(time(18), time(7), "UTC")
    assert len(told(came(known, terms(), escalation=Escalation(rungs, night)))) == 4


def test_changes_of_terms_count_for_nothing_and_what_is_to_come_is_not_known() -> None:
    other = TermsChanged(
        at=on(0, "10:00"),
        terms=terms(next_response=timedelta(1)),
        cause=Cause("the policy changed"),
    )
    known: list[Turn] = [
        Created(at=on(0, "09:00")),
        other,
        PolicyDeactivated(at=on(0, "11:00")),
        AgentWrote(at=on(0, "14:00")),
    ]
    outcome = came(known, terms(), within=Span(on(0, "00:00"), on(0, "13:30")))

    assert told(outcome) == [("warning:10800", on(0, "12:00")), ("breach", on(0, "13:00"))]
    assert outcome.waits == ()


def test_a_course_is_found_once_for_terms_that_differ_in_hours_and_targets_alone() -> None:
    courses = Courses([Created(at=on(0, "09:00")), Closed(at=on(0, "10:00"))])
    first = courses.under(terms())

    assert first == (
        Wait(Kind.NEXT_RESPONSE, (Stretch(on(0, "09:00"), on(0, "10:00")),), on(0, "10:00")),
    )
    assert courses.under(terms(next_response=timedelta(1), warnings=())) is first
    assert courses.under(terms(waiting_on_customer_pauses=False)) is not first


@pytest.mark.parametrize(
    ("rung", "reached"),
    [
        (Rung(1, timedelta(hours=-3), wall=True), True),
        (Rung(1, timedelta(hours=-3)), True),
        (Rung(1, timedelta(hours=-1)), False),
    ],
)
def test_a_short_wait_is_told_of_where_a_rung_lies_early_enough(
    rung: Rung, *, reached: bool
) -> None:
    known: list[Turn] = [Created(at=on(0, "09:00")), AgentWrote(at=on(0, "10:30"))]

    outcome = came(known, terms(warnings=()), escalation=Escalation((rung,)))

    assert bool(outcome.told) is reached
