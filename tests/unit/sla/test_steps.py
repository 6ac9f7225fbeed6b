"""What the steps of a clock tell: breaches too, and the event that each came of."""

from datetime import UTC, datetime, timedelta
from typing import Any

from chrono.hours import Hours
from chrono.instants import parse
from sla.domain.clock import Clock
from sla.domain.fold import Standing, replay
from sla.domain.steps import Step, as_json, packed, unpacked, with_breach
from sla.domain.terms import Kind, Reopening, Terms
from sla.domain.turns import (
    ON_HOLD,
    PARKED,
    AgentWrote,
    Closed,
    Created,
    CustomerWrote,
    Reopened,
    StatePaused,
    StateResumed,
    Turn,
)
from tests.unit.sla.timelines import OFFICE, at, on, replayed

HOURS = Hours.of(timezone="UTC", hours=OFFICE)
HOUR = timedelta(hours=1)
TERMS = Terms(hours=HOURS, next_response=2 * HOUR, waiting_on_customer_pauses=True)


def monday(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 2, 2, hour, minute, tzinfo=UTC)


def actions(found: dict[str, Any], clock: str) -> list[tuple[str, str, float]]:
    steps = [step for step in found["steps"] if step["clock"] == clock]
    return [(step["at"], step["action"], step["business_s"]) for step in steps]


def clock(standing: Standing, kind: Kind = Kind.NEXT_RESPONSE) -> Clock:
    found = standing.clock(kind)
    assert found
    return found


def test_a_breach_is_a_step_at_the_instant_after_which_it_is_one() -> None:
    only = {"next_response_s": None, "resolution_s": None}
    found = replayed(at("10:00", "created"), at("12:00", "agent_message"), policy=only)

    assert actions(found, "first_response") == [
        (on("10:00"), "started", 0),
        (on("11:00"), "breached", 3600),
        (on("12:00"), "stopped", 7200),
    ]


def test_a_breach_is_told_while_its_clock_runs_on_and_not_a_moment_before() -> None:
    created = at("16:00", "created")

    at_the_opening = replayed(created, as_of=on("09:00", day=3))
    assert "breached" not in str(at_the_opening["steps"])
    after_it = replayed(created, as_of="2026-02-03T09:00:00.001Z")
    assert actions(after_it, "first_response")[-1] == (on("09:00", day=3), "breached", 3600)


def test_a_breach_is_told_once_however_often_the_clock_pauses_after_it() -> None:
    found = replayed(
        at("10:00", "created"),
        at("11:30", "state_paused"),
        at("12:00", "state_resumed"),
        at("13:00", "agent_message"),
        as_of=on("15:00"),
    )

    told = [step for step in actions(found, "first_response") if step[1] == "breached"]
    assert told == [(on("11:00"), "breached", 3600)]


def test_terms_that_give_more_time_take_a_breach_back_and_later_ones_tell_it_again() -> None:
    more = at("11:30", "policy_changed", first_response_s=4 * 3600)
    found = replayed(at("10:00", "created"), more, as_of=on("14:01"))
    less = replayed(at("10:00", "created"), at("10:40", "policy_changed", first_response_s=1800))

    assert [step[:2] for step in actions(found, "first_response")] == [
        (on("10:00"), "started"),
        (on("11:00"), "breached"),
        (on("11:30"), "changed"),
        (on("14:00"), "breached"),
    ]
    assert actions(less, "first_response")[1:] == [
        (on("10:40"), "changed", 2400),
        (on("10:40"), "breached", 2400),
    ]


def test_a_step_names_the_event_that_it_came_of() -> None:
    turns: list[Turn] = [
        Created(at=monday(10), source="conversation"),
        StatePaused(at=monday(11), reason=PARKED, source="segment s1/2"),
        CustomerWrote(at=monday(12), source="message m1"),
        AgentWrote(at=monday(14), source="message m2", user_id="anna"),
    ]
    standing = replay(turns, TERMS)

    assert [(step["action"], step.get("source")) for step in as_json(standing.steps)] == [
        ("started", "conversation"),
        ("paused", "segment s1/2"),
        ("resumed", "message m1"),
        ("breached", "event sla.breached/next_response@1770026400000"),
        ("stopped", "message m2"),
    ]
    assert clock(standing).ended_by == "anna"


def test_stored_steps_tell_the_breach_once_its_instant_has_passed() -> None:
    standing = replay([Created(at=monday(10))], TERMS)
    running = clock(standing)
    stored = unpacked(packed(standing.steps, Kind.NEXT_RESPONSE), Kind.NEXT_RESPONSE)

    def told(now: datetime, breaches_at: datetime | None = running.breaches_at) -> list[Step]:
        return with_breach(
            stored,
            started_at=running.started_at,
            breaches_at=breaches_at,
            target_s=7200,
            now=now,
        )

    assert told(monday(12)) == stored
    assert told(monday(13), None) == stored
    assert told(monday(12, 1)) == [
        *stored,
        Step(
            kind=Kind.NEXT_RESPONSE,
            at=monday(12),
            action="breached",
            reason="more than 2 h are used up",
            elapsed=2 * HOUR,
            source="event sla.breached/next_response@1770026400000",
        ),
    ]


def test_stored_steps_that_tell_the_breach_are_left_as_they_are() -> None:
    late: list[Turn] = [
        Created(at=monday(10)),
        StatePaused(at=monday(13), reason=PARKED),
        StateResumed(at=monday(14), reason=PARKED),
    ]
    standing = replay(late, TERMS)
    running = clock(standing)
    stored = list(standing.steps)

    assert [step.action for step in stored] == ["started", "breached", "paused", "resumed"]
    again = with_breach(
        stored,
        started_at=running.started_at,
        breaches_at=running.breaches_at,
        target_s=7200,
        now=monday(15),
    )
    assert again == stored


def test_only_the_reasons_that_a_policy_names_pause() -> None:
    turns: list[Turn] = [
        Created(at=monday(10)),
        StatePaused(at=monday(10, 30), reason=ON_HOLD),
        StatePaused(at=monday(11), reason=PARKED),
        StateResumed(at=monday(11, 30), reason=ON_HOLD),
        StateResumed(at=monday(12), reason=PARKED),
    ]

    def used(*reasons: str) -> timedelta:
        terms = Terms(hours=HOURS, next_response=8 * HOUR, pausing=frozenset(reasons))
        return clock(replay(turns, terms)).elapsed_at(monday(13))

    assert used() == 3 * HOUR
    assert used(PARKED) == 2 * HOUR
    assert used(ON_HOLD) == 2 * HOUR
    assert used(PARKED, ON_HOLD) == 1.5 * HOUR


def test_what_a_customer_writes_brings_a_parked_conversation_back_but_not_a_held_one() -> None:
    def running(reason: str) -> bool:
        turns: list[Turn] = [
            Created(at=monday(10)),
            StatePaused(at=monday(11), reason=reason),
            CustomerWrote(at=monday(12)),
        ]
        return clock(replay(turns, TERMS)).due_at is not None

    assert running(PARKED)
    assert not running(ON_HOLD)


def test_a_resolution_begins_anew_or_goes_on_when_the_conversation_is_opened_again() -> None:
    turns: list[Turn] = [
        Created(at=monday(10)),
        Closed(at=monday(11), user_id="anna"),
        Reopened(at=monday(14)),
    ]

    def resolution(reopening: Reopening) -> Standing:
        return replay(turns, Terms(hours=HOURS, resolution=4 * HOUR, reopening=reopening))

    goes_on, anew = resolution(Reopening.CONTINUE), resolution(Reopening.RESTART)
    assert clock(goes_on, Kind.RESOLUTION).due_at == monday(17)
    assert clock(anew, Kind.RESOLUTION).due_at == parse(on("10:00", day=3))
    assert [(over.started_at, over.since, over.ended_by) for over in anew.finished] == [
        (monday(10), monday(11), "anna")
    ]
    assert goes_on.finished == ()
    assert [step["action"] for step in as_json(anew.steps)] == ["started", "stopped", "started"]


def test_every_wait_that_is_over_is_kept_with_what_it_took() -> None:
    turns: list[Turn] = [
        Created(at=monday(9)),
        AgentWrote(at=monday(10), user_id="anna"),
        CustomerWrote(at=monday(11)),
        StatePaused(at=monday(12), reason=ON_HOLD),
        StateResumed(at=monday(13), reason=ON_HOLD),
        AgentWrote(at=monday(15), user_id="ben"),
        CustomerWrote(at=monday(16)),
    ]
    standing = replay(turns, TERMS)

    assert [
        (over.started_at, over.since, over.elapsed, over.paused, over.ended_by)
        for over in standing.finished
    ] == [
        (monday(9), monday(10), HOUR, timedelta(), "anna"),
        (monday(11), monday(15), 3 * HOUR, HOUR, "ben"),
    ]
    assert standing.missed_by(monday(16)) == [Kind.NEXT_RESPONSE]


def test_nobody_waited_where_an_agent_began_the_conversation() -> None:
    turns: list[Turn] = [Created(at=monday(9)), AgentWrote(at=monday(9))]

    assert replay(turns, TERMS).finished == ()
