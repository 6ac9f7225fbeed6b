"""What was promised when: versions of policies and hours, and the clocks that they hold for."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from sla.models import Calendar, CalendarVersion, Override, Policy, PolicyVersion, Schedule
from sla.schedules import GroupFact, ScheduleFact, write_groups, write_schedules
from sla.selectors import written_terms
from sla.versions import note_calendars, note_policy
from tests.db.sla.mirrored import FRIDAY_1645, MONDAY, clock, conversation, later, refreshed, wrote

pytestmark = pytest.mark.django_db

CHANGED = MONDAY.replace(hour=9)


def saved(now: datetime, **fields: Any) -> Policy:
    """Change the policy as its form does."""
    policy = Policy.objects.get()
    note_policy(policy=policy, now=now)
    for name, value in fields.items():
        setattr(policy, name, value)
    policy.save()
    note_policy(policy=policy, now=now)
    return policy


def reopened(now: datetime, hours: dict[str, Any]) -> Calendar:
    """Change the opening hours as their form does."""
    calendar = Calendar.objects.get()
    calendar.hours = hours
    calendar.save()
    note_calendars(calendars=[calendar], now=now)
    return calendar


def test_a_new_installation_has_first_versions_and_a_clock_names_them() -> None:
    asked = conversation()

    refreshed(asked)

    assert clock(asked).promised_by == "Answer within 4 hours, version 1; Office hours, version 1"
    assert clock(asked).calendar == Calendar.objects.get()
    assert clock(asked).calendar_version is None
    assert not note_policy(policy=Policy.objects.get(), now=CHANGED)
    assert note_calendars(calendars=Calendar.objects.all(), now=CHANGED) == 0


def test_a_change_is_numbered_and_what_was_before_is_kept() -> None:
    saved(CHANGED, next_response_s=3600)
    reopened(CHANGED, {"tue": [["09:00", "10:00"]]})

    policies = PolicyVersion.objects.order_by("number")
    assert [(v.number, v.terms["next_response_s"]) for v in policies] == [(1, 14_400), (2, 3600)]
    calendars = CalendarVersion.objects.order_by("number")
    assert [(v.number, "mon" in v.hours["hours"]) for v in calendars] == [(1, True), (2, False)]


def test_what_promises_nothing_else_is_no_version() -> None:
    saved(CHANGED, position=3, queue_ids=["q1"], active=False)

    assert PolicyVersion.objects.get().number == 1


def started_before_the_change(**fields: Any) -> Any:
    """A customer waits since Friday 16:45; on Monday at 9:00 the target becomes an hour."""
    before = FRIDAY_1645 - timedelta(days=1)
    Policy.objects.update(**fields)
    terms = written_terms(Policy.objects.get())
    PolicyVersion.objects.update(valid_from=before, terms=terms)
    CalendarVersion.objects.update(valid_from=before)
    asked = conversation()
    refreshed(asked)
    return asked


def test_a_running_clock_is_computed_anew_and_its_steps_say_so() -> None:
    asked = started_before_the_change()
    saved(CHANGED, next_response_s=3600)

    refreshed(asked)

    found = clock(asked)
    assert found.due_at == MONDAY.replace(hour=9, minute=45)
    assert found.promised_by == "Answer within 4 hours, version 2; Office hours, version 1"
    assert [step.action for step in found.steps] == ["started", "changed"]
    assert found.steps[1].at == CHANGED
    assert found.steps[1].reason.startswith("the policy changed: the target is 1 h, counted")


def test_a_running_clock_keeps_what_held_when_it_started_and_the_next_one_does_not() -> None:
    asked = started_before_the_change(on_change="keep")
    saved(CHANGED, next_response_s=3600)

    refreshed(asked)

    found = clock(asked)
    assert found.due_at == MONDAY.replace(hour=12, minute=45)
    assert found.promised_by == "Answer within 4 hours, version 1; Office hours, version 1"
    assert [step.action for step in found.steps] == ["started", "kept"]

    wrote("agent", asked, MONDAY.replace(hour=10))
    wrote("customer", asked, MONDAY.replace(hour=11))
    refreshed(asked)

    assert clock(asked).due_at == MONDAY.replace(hour=12)
    assert clock(asked).promised_by.startswith("Answer within 4 hours, version 2;")


def test_a_clock_keeps_the_hours_that_held_when_it_started() -> None:
    asked = started_before_the_change(on_change="keep")
    reopened(CHANGED, {"tue": [["09:00", "17:00"]]})

    refreshed(asked)

    found = clock(asked)
    assert found.due_at == MONDAY.replace(hour=12, minute=45)
    assert found.calendar_version == 1
    assert found.promised_by == "Answer within 4 hours, version 1; Office hours, version 1"
    assert found.steps[-1].reason == "the calendar changed; a running clock keeps its terms"


def test_other_hours_hold_from_the_start_where_clocks_are_computed_anew() -> None:
    asked = started_before_the_change()
    reopened(CHANGED, {"tue": [["09:00", "17:00"]]})

    refreshed(asked)

    assert clock(asked).due_at == MONDAY.replace(hour=13) + timedelta(days=1)
    assert clock(asked).calendar_version is None
    assert clock(asked).promised_by == "Answer within 4 hours, version 1; Office hours, version 2"


def test_what_ended_before_a_change_stays_as_it_was_measured() -> None:
    asked = started_before_the_change()
    asked.ended_at = later(0.2)
    asked.save()
    saved(CHANGED, next_response_s=1)

    refreshed(asked)

    assert (clock(asked).target_s, clock(asked).state) == (14_400, "stopped")
    assert clock(asked).promised_by == "Answer within 4 hours, version 1; Office hours, version 1"


def test_what_is_older_than_the_first_version_is_measured_by_that() -> None:
    saved(CHANGED + timedelta(days=365), next_response_s=3600)
    asked = conversation(ended_at=later(1))

    refreshed(asked)

    assert clock(asked).target_s == 14_400


def test_a_policy_that_moves_to_other_hours_has_a_version_of_that() -> None:
    asked = started_before_the_change(on_change="keep")
    always = Calendar.objects.create(
        name="Always", timezone="UTC", hours={"sat": [["00:00", "24:00"]]}
    )
    saved(CHANGED, calendar=always)

    refreshed(asked)

    assert clock(asked).due_at == MONDAY.replace(hour=12, minute=45)
    assert clock(asked).calendar_version is None  # the office hours are as they were


def test_hours_that_could_not_be_read_for_a_while_are_passed_over() -> None:
    asked = started_before_the_change()
    before = clock(asked).due_at
    Calendar.objects.update(genesys_id="g", open_schedules=["s1"])
    bad = ScheduleFact("s1", "Bad", "active", "2026-01-01T09:00", "2026-01-01T10:00", "FREQ=HOURLY")
    write_schedules(schedules=[bad], now=CHANGED)
    write_groups(groups=[GroupFact("g", "Office hours", "UTC", ("s1",))], now=CHANGED)
    assert CalendarVersion.objects.count() == 1

    refreshed(asked)
    assert clock(asked).due_at == before

    good = bad._replace(ends="2026-01-01T17:00", rrule="FREQ=DAILY")
    write_schedules(schedules=[good], now=CHANGED)
    refreshed(asked)

    assert [v.hours.get("opening") for v in CalendarVersion.objects.order_by("number")] == [
        None,
        [["Bad", "2026-01-01T09:00", "2026-01-01T17:00", "FREQ=DAILY"]],
    ]
    assert clock(asked).due_at == FRIDAY_1645.replace(hour=12, minute=45) + timedelta(days=1)


def test_a_changed_schedule_is_a_version_of_each_group_that_names_it() -> None:
    weekdays = ScheduleFact(
        "s1", "Days", "active", "2026-01-05T09:00", "2026-01-05T17:00", "FREQ=DAILY"
    )
    write_schedules(schedules=[weekdays], now=FRIDAY_1645)
    groups = [GroupFact("g1", "One", "UTC", ("s1",)), GroupFact("g2", "Two", "UTC", ("s2",))]
    write_groups(groups=groups, now=FRIDAY_1645)

    write_schedules(schedules=[weekdays._replace(ends="2026-01-05T18:00")], now=CHANGED)

    numbers = dict(
        CalendarVersion.objects.order_by("number").values_list("calendar__name", "number")
    )
    assert numbers == {"Office hours": 1, "One": 2, "Two": 1}
    assert Schedule.objects.count() == 1


def test_an_emergency_holds_for_clocks_that_keep_earlier_hours_too() -> None:
    asked = started_before_the_change(on_change="keep")
    calendar = reopened(CHANGED, {"tue": [["09:00", "17:00"]]})
    Override.objects.create(
        calendar=calendar,
        starts_at=MONDAY.replace(hour=10),
        ends_at=MONDAY.replace(hour=11),
    )

    refreshed(asked)

    assert clock(asked).due_at == MONDAY.replace(hour=13, minute=45)
