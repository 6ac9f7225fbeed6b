"""What a timeline comes to where policy, calendar or priority change on the way."""

from tests.unit.sla.timelines import at, on, replayed


def test_recomputing_counts_a_running_clock_as_if_new_terms_had_always_held() -> None:
    events = (at("10:00", "created"), at("10:40", "policy_changed", first_response_s=7200))
    found = replayed(*events, as_of=on("11:30"))

    assert (found["first_response_due"], found["next_response_due"]) == (on("12:00"), on("12:00"))
    assert found["missed"] == []


def test_keeping_leaves_running_clocks_their_terms_and_gives_later_ones_the_new() -> None:
    events = (
        at("10:00", "created"),
        at("10:40", "policy_changed", first_response_s=7200, next_response_s=600),
    )
    keep = {"on_change": "keep"}
    after = (*events, at("10:50", "agent_message"), at("11:00", "customer_message"))

    assert replayed(*events, policy=keep)["first_response_due"] == on("11:00")
    assert replayed(*events, policy=keep)["next_response_due"] == on("12:00")
    assert replayed(*after, policy=keep)["next_response_due"] == on("11:10")


def test_a_clock_that_has_stopped_keeps_its_measure_when_terms_change() -> None:
    found = replayed(
        at("10:00", "created"),
        at("11:30", "agent_message"),
        at("12:00", "policy_changed", first_response_s=7200),
    )

    assert found["missed"] == ["first_response"]
    assert found["first_response_business_s"] == 5400


def test_pauses_outlive_a_change_of_policy() -> None:
    found = replayed(
        at("10:00", "created"),
        at("10:30", "state_paused"),
        at("11:00", "policy_changed", resolution_s=7200),
        at("12:00", "state_resumed"),
    )

    assert found["resolution_due"] == on("13:30")


def test_a_changed_calendar_is_recomputed_from_the_beginning_or_kept_out() -> None:
    events = (
        at("10:00", "created"),
        at("12:00", "calendar_changed", hours={"mon": [["11:00", "18:00"]]}),
    )

    assert replayed(*events)["resolution_due"] == on("15:00")
    assert replayed(*events, policy={"on_change": "keep"})["resolution_due"] == on("14:00")


def test_a_calendar_may_change_its_holidays_and_its_zone_alone() -> None:
    created = at("10:00", "created")
    day = at("10:30", "calendar_changed", holidays=["2026-02-02"])
    zone = at("10:30", "calendar_changed", timezone="America/New_York")

    assert replayed(created, day)["first_response_due"] == on("10:00", day=3)
    assert replayed(created, zone)["first_response_due"] == on("15:00")


def test_another_priority_brings_other_targets_even_where_changes_are_kept_out() -> None:
    events = (at("10:00", "created"), at("10:20", "priority_changed", first_response_s=1800))

    assert replayed(*events, policy={"on_change": "keep"})["first_response_due"] == on("10:30")
    assert replayed(*events)["first_response_due"] == on("10:30")


def test_a_policy_assigned_late_counts_from_the_beginning_with_its_pauses() -> None:
    events = (
        at("10:00", "created"),
        at("10:30", "state_paused"),
        at("11:00", "state_resumed"),
        at("11:15", "policy_assigned"),
    )
    before, found = replayed(*events, as_of=on("11:10")), replayed(*events)

    assert before["resolution_due"] is before["next_deadline"] is None
    assert found["resolution_due"] == on("14:30")
    assert found["first_response_business_s"] == 2700


def test_a_target_that_a_change_takes_away_ends_its_clock() -> None:
    found = replayed(at("10:00", "created"), at("10:30", "policy_changed", first_response_s=None))

    assert found["first_response_due"] is found["first_response_business_s"] is None
    ended = [step for step in found["steps"] if step["action"] == "ended"]
    assert [step["reason"] for step in ended] == ["the policy changed: it has no such target"]


def test_deactivation_closes_every_clock_until_a_policy_is_assigned_again() -> None:
    events = (at("10:00", "created"), at("10:30", "policy_deactivated"))
    off = replayed(*events, at("10:40", "customer_message"), at("10:50", "reopened"))
    on_again = replayed(*events, at("11:00", "policy_assigned", resolution_s=14400))

    assert off["next_deadline"] is off["first_response_due"] is off["force_disconnect_at"] is None
    assert (off["first_response_business_s"], off["paused"]) == (1800, False)
    assert on_again["resolution_due"] == on("14:00")


def test_terms_that_changed_while_closed_hold_after_reopening() -> None:
    events = (
        at("10:00", "created"),
        at("10:30", "closed"),
        at("11:00", "policy_changed", resolution_s=7200),
        at("12:00", "reopened"),
    )

    assert replayed(*events)["resolution_due"] == on("13:30")
    assert replayed(*events, policy={"on_change": "keep"})["resolution_due"] == on("15:30")


def test_a_change_of_terms_is_a_step_of_its_own() -> None:
    only = {"next_response_s": None, "resolution_s": None}
    events = (at("10:00", "created"), at("10:30", "policy_changed", first_response_s=5400))
    changed = replayed(*events, policy=only)["steps"][-1]
    kept = replayed(*events, policy=only | {"on_change": "keep"})["steps"][-1]

    assert (changed["action"], changed["business_s"]) == ("changed", 1800)
    assert changed["reason"] == (
        "the policy changed: the target is 1 h 30 min, counted from 2026-02-02T10:00:00.000Z"
    )
    assert kept["reason"] == "the policy changed; a running clock keeps its terms"
