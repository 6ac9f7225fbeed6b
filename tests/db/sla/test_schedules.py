"""Genesys's schedules and groups, and calendars written by hand beside them."""

from datetime import datetime

import pytest

from conversations.models import Conversation
from sla.models import Calendar, Recomputation, Schedule
from sla.schedules import GroupFact, ScheduleFact, write_groups, write_schedules

pytestmark = pytest.mark.django_db

WEEKDAYS = ScheduleFact(
    "s1", "Weekdays", "active", "2026-01-05T09:00:00.000", "2026-01-05T17:00:00.000", "FREQ=DAILY"
)
GROUP = GroupFact("g1", "Service hours", "Europe/Berlin", ("s1",), (), ("s2",))


def test_a_schedule_is_kept_as_it_is_written_and_marked_when_it_vanishes(now: datetime) -> None:
    assert write_schedules(schedules=[WEEKDAYS], now=now) == (1, 0, 0)
    assert write_schedules(schedules=[WEEKDAYS], now=now) == (0, 0, 0)
    assert write_schedules(schedules=[], now=now) == (0, 0, 1)

    row = Schedule.objects.get()
    assert (row.starts, row.rrule, row.state) == (WEEKDAYS.starts, "FREQ=DAILY", "deleted")


def test_a_group_becomes_a_calendar_and_stays_when_it_vanishes(now: datetime) -> None:
    by_hand = Calendar.objects.create(name="By hand", timezone="UTC")

    assert write_groups(groups=[GROUP], now=now) == (1, 0, 0)
    assert write_groups(groups=[GROUP._replace(timezone="Europe/Paris")], now=now) == (0, 1, 0)
    assert write_groups(groups=[], now=now) == (0, 0, 0)

    row = Calendar.objects.get(genesys_id="g1")
    assert (row.timezone, row.open_schedules, row.holiday_schedules) == (
        "Europe/Paris",
        ["s1"],
        ["s2"],
    )
    by_hand.refresh_from_db()
    assert (by_hand.name, by_hand.timezone) == ("By hand", "UTC")


def test_other_hours_have_the_clocks_of_open_conversations_computed_anew(now: datetime) -> None:
    columns = {"started_at": now, "observed_at": now, "content_hash": b"x" * 16}
    Conversation.objects.create(genesys_id="open", **columns)
    Conversation.objects.create(genesys_id="ended", ended_at=now, **columns)

    write_schedules(schedules=[WEEKDAYS], now=now)
    write_schedules(schedules=[WEEKDAYS], now=now)

    assert list(Recomputation.objects.values_list("cause", "total")) == [
        ("Genesys's schedules changed", 1)
    ]
