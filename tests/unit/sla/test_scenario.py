"""What a timeline of events through a policy comes to, case by spoken case."""

import re
from typing import Any

import pytest

from sla.domain.scenario import answer
from tests.unit.sla.timelines import OFFICE, POLICY, at, on, replayed


def test_created_starts_every_clock() -> None:
    found = replayed(at("10:00", "created"))

    assert found["first_response_due"] == found["next_deadline"] == on("11:00")
    assert (found["next_response_due"], found["resolution_due"]) == (on("12:00"), on("14:00"))
    assert (found["paused"], found["missed"], found["warn_at"]) == (False, [], None)


def test_a_target_that_is_absent_is_no_clock() -> None:
    found = replayed(at("10:00", "created"), policy={"resolution_s": None, "next_response_s": None})

    assert found["resolution_due"] is found["resolution_business_s"] is None
    assert {step["clock"] for step in found["steps"]} == {"first_response"}


def test_an_agents_message_answers_until_the_customer_writes_again() -> None:
    asked = (at("10:00", "created"), at("10:30", "agent_message"))
    answered = replayed(*asked, as_of=on("12:00"))
    again = replayed(*asked, at("13:00", "customer_message"), at("13:30", "customer_message"))

    assert answered["first_response_due"] is answered["next_response_due"] is None
    assert answered["next_response_business_s"] == 1800
    assert again["first_response_due"] is None
    assert (again["next_response_due"], again["next_response_business_s"]) == (on("15:00"), 1800)


def test_a_recorded_first_response_stops_that_clock_alone() -> None:
    found = replayed(at("10:00", "created"), at("10:30", "first_response_recorded"))

    assert (found["first_response_due"], found["first_response_business_s"]) == (None, 1800)
    assert found["next_response_due"] == on("12:00")


def test_while_the_agent_wrote_last_a_resolution_waits_where_the_policy_says_so() -> None:
    events = (at("10:00", "created"), at("11:00", "agent_message"), at("13:00", "customer_message"))
    waits = {"waiting_on_customer_pauses": True}

    assert replayed(*events[:2], policy=waits)["resolution_due"] is None
    assert replayed(*events[:2], policy=waits)["paused"] is True
    assert replayed(*events, policy=waits)["resolution_due"] == on("16:00")
    assert replayed(*events)["resolution_due"] == on("14:00")
    assert replayed(*events[:2])["paused"] is False


def test_a_paused_clock_is_due_only_where_it_had_reached_its_target() -> None:
    found = replayed(at("10:00", "created"), at("11:30", "state_paused"))

    assert (found["first_response_due"], found["resolution_due"]) == (on("11:00"), None)
    assert (found["next_deadline"], found["paused"]) == (None, True)
    assert found["missed"] == ["first_response"]


@pytest.mark.parametrize(
    "ending",
    [
        at("12:00", "state_resumed", reason="parts"),
        at("12:00", "state_resumed"),
        at("12:00", "state_open"),
        at("12:00", "reopened"),
    ],
)
def test_a_pause_ends_by_its_reason_by_no_reason_and_by_opening(ending: dict[str, Any]) -> None:
    found = replayed(at("10:00", "created"), at("11:00", "state_paused", reason="parts"), ending)

    assert (found["resolution_due"], found["paused"]) == (on("15:00"), False)


def test_another_reason_does_not_end_a_pause() -> None:
    found = replayed(
        at("10:00", "created"),
        at("10:30", "state_paused", reason="parts"),
        at("10:40", "state_paused", reason="parts"),
        at("11:00", "state_resumed", reason="approval"),
        at("12:00", "state_resumed", reason="parts"),
    )

    assert found["resolution_due"] == on("15:30")


def test_states_pause_only_where_the_policy_says_so() -> None:
    events = (at("10:00", "created"), at("11:00", "state_paused"))

    assert replayed(*events, policy={"pause_while": ["closed"]})["resolution_due"] == on("14:00")
    assert replayed(*events, policy={"pause_while": ["state_paused"]})["resolution_due"] is None
    said = (at("10:00", "created"), at("11:00", "agent_message"))
    assert replayed(*said, policy={"pause_while": ["agent_message"]})["resolution_due"] is None


def test_a_pause_over_the_night_costs_its_business_time_alone() -> None:
    found = replayed(
        at("16:00", "created"), at("18:00", "state_paused"), at("3 09:30", "state_resumed")
    )

    assert found["resolution_due"] == on("12:30", day=3)


def test_closed_stops_all_and_reopened_goes_on_without_the_time_between() -> None:
    closed = (at("10:00", "created"), at("10:30", "closed"))
    found = replayed(*closed, as_of=on("12:00"))
    again = replayed(*closed, at("12:00", "reopened"))

    assert [found[f"{kind}_due"] for kind in ("first_response", "resolution")] == [None, None]
    assert (found["resolution_business_s"], found["paused"]) == (1800, False)
    assert again["first_response_due"] == on("12:30")
    assert (again["next_response_due"], again["resolution_due"]) == (on("13:30"), on("15:30"))


def test_what_the_customer_writes_to_a_closed_conversation_counts_from_its_reopening() -> None:
    answered = (at("10:00", "created"), at("10:30", "agent_message"), at("11:00", "closed"))
    wrote = (*answered, at("11:30", "customer_message"))

    assert replayed(*wrote)["next_response_due"] is None
    assert replayed(*wrote, at("12:00", "reopened"))["next_response_due"] == on("14:00")
    assert replayed(*answered, at("12:00", "reopened"))["next_response_due"] is None


def test_an_answer_while_closed_ends_the_wait() -> None:
    found = replayed(
        at("10:00", "created"),
        at("10:30", "closed"),
        at("11:00", "agent_message"),
        at("12:00", "reopened"),
        at("13:00", "customer_message"),
    )

    assert found["next_response_due"] == on("15:00")
    assert found["first_response_business_s"] == 1800


def test_an_answer_at_the_very_instant_is_in_time_and_a_moment_later_is_not() -> None:
    created = at("10:00", "created")
    late = {"at": "2026-02-02T11:00:00.001Z", "type": "agent_message"}

    assert replayed(created, at("11:00", "agent_message"))["missed"] == []
    assert replayed(created, late)["missed"] == ["first_response"]


def test_due_at_the_closing_is_in_time_until_hours_open_again() -> None:
    created = at("16:00", "created")

    assert replayed(created, as_of=on("09:00", day=3))["missed"] == []
    assert replayed(created, as_of=on("09:01", day=3))["missed"] == ["first_response"]
    assert replayed(created)["first_response_due"] == on("17:00")


def test_an_earlier_wait_that_was_missed_stays_missed() -> None:
    found = replayed(
        at("10:00", "created"),
        at("13:00", "agent_message"),
        at("14:00", "customer_message"),
        at("14:05", "agent_message"),
        policy={"resolution_s": None},
    )

    assert found["next_response_business_s"] == 300
    assert found["missed"] == ["first_response", "next_response"]


def test_warning_comes_at_so_much_elapsed_or_at_a_share_of_the_target() -> None:
    created = at("10:00", "created")
    levels = {"warn_pct": [50, 75]}

    assert replayed(created, policy={"warn_s": 1800})["warn_at"] == on("10:30")
    assert replayed(created, policy=levels)["warn_at"] == on("10:30")
    assert replayed(created, policy=levels, as_of=on("10:40"))["warn_at"] == on("10:45")
    assert replayed(created, policy=levels, as_of=on("12:00"))["warn_at"] == on("10:45")


def test_a_warning_that_came_before_a_pause_keeps_its_instant() -> None:
    found = replayed(
        at("10:00", "created"),
        at("10:40", "state_paused"),
        at("12:00", "state_resumed"),
        policy={"warn_s": 1800},
    )

    assert (found["warn_at"], found["next_deadline"]) == (on("10:30"), on("12:20"))


def test_the_forced_disconnect_is_wall_clock_time_from_the_beginning() -> None:
    policy = {"force_disconnect_wall_s": 172800}
    created = at("16:45", "created")

    assert replayed(created, policy=policy)["force_disconnect_at"] == on("16:45", day=4)
    ended = replayed(created, at("17:00", "closed"), policy=policy)
    assert ended["force_disconnect_at"] is None


def test_what_comes_late_counts_when_it_happened_once_it_is_known() -> None:
    late = at("10:30", "agent_message", received_at=on("12:00"))
    events = (at("10:00", "created"), at("11:00", "customer_message"), late)

    assert replayed(*events, as_of=on("11:45"))["missed"] == ["first_response"]
    found = replayed(*events)
    assert (found["first_response_business_s"], found["missed"]) == (1800, [])
    assert found["next_response_due"] == on("13:00")
    assert "known since 2026-02-02T12:00:00.000Z" in str(found["steps"])


def test_what_happens_after_now_is_not_known() -> None:
    found = replayed(at("10:00", "created"), at("12:00", "closed"), as_of=on("11:30"))

    assert found["resolution_due"] == on("14:00")
    assert found["resolution_business_s"] == 5400


def test_without_a_beginning_the_customers_first_message_is_it() -> None:
    found = replayed(at("09:30", "agent_message"), at("10:00", "customer_message"))

    assert found["first_response_due"] == on("11:00")
    assert replayed()["next_deadline"] is None


def test_steps_say_what_each_clock_did_and_why() -> None:
    found = replayed(
        at("10:00", "created"),
        at("10:15", "state_paused", reason="parts"),
        at("10:45", "state_resumed", reason="parts"),
        at("11:00", "agent_message"),
        policy={"next_response_s": None, "resolution_s": None},
    )

    assert [tuple(step.values())[1:] for step in found["steps"]] == [
        (on("10:00"), "started", "the conversation began", 0),
        (on("10:15"), "paused", "the conversation is paused (parts)", 900),
        (on("10:45"), "resumed", "the pause ended (parts)", 900),
        (on("11:00"), "stopped", "the agent answered", 1800),
    ]


def test_null_is_as_good_as_left_out() -> None:
    events = [at("10:00", "created", received_at=None, reason=None)]
    case = {"timezone": "UTC", "hours": OFFICE, "events": events}
    optional = ("warn_s", "warn_pct", "pause_while", "waiting_on_customer_pauses", "on_change")
    nulls = dict.fromkeys(optional) | {"resolution_s": 3600}

    assert answer(case | {"policy": nulls}) == answer(case | {"policy": {"resolution_s": 3600}})
    assert answer(case | {"policy": None, "holidays": None, "as_of": None}) == answer(case)


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ({"events": "none"}, "events: Expected `array`, got `str`"),
        ({"events": [7]}, "events[0]: Expected `object`, got `int`"),
        ({"events": [{"type": "created"}]}, "events[0]: Object missing required field `at`"),
        ({"events": [at("10:00", "vanished")]}, "events[0].type: 'vanished' is none of created,"),
        ({"events": [at("25:00", "created")]}, "events[0].at: '2026-02-02T25:00:00Z' is not an"),
        (
            {"events": [at("10:00", "created", received_at="noon")]},
            "events[0].received_at: 'noon' is not an ISO-8601 instant",
        ),
        ({"policy": {"resolution_s": "4 h"}}, "policy.resolution_s: Expected `float | null`"),
        ({"policy": {"resolution_s": -1}}, "policy.resolution_s: Expected `float` >= 0"),
        ({"policy": {"on_change": "ask"}}, "policy.on_change: Invalid enum value 'ask'"),
        ({"timezone": "Mars"}, "timezone: 'Mars' is no time zone"),
        ({"as_of": "now"}, "as_of: 'now' is not an ISO-8601 instant"),
        (
            {"events": [at("10:00", "policy_changed", warn_s="soon")]},
            "events[0].warn_s: Expected `float | null`",
        ),
    ],
)
def test_a_scenario_that_cannot_be_read_says_where(case: dict[str, Any], message: str) -> None:
    whole = {"timezone": "UTC", "hours": OFFICE, "policy": POLICY, "events": []}
    with pytest.raises(ValueError, match=re.escape(message)) as raised:
        answer(whole | case)

    assert str(raised.value).startswith(message)
