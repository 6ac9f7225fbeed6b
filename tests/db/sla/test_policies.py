"""Which policy and which hours a clock goes by, and what becomes of it when they change."""

from datetime import UTC, datetime, timedelta

import pytest

from sla.models import Calendar, Clock, Policy, Schedule
from sla.services import Refreshed
from tests.db.sla.mirrored import MONDAY, clock, conversation, refreshed

pytestmark = pytest.mark.django_db


def test_the_policy_of_a_new_installation_is_to_answer_within_four_hours_of_business_time() -> None:
    asked = conversation()

    refreshed(asked)

    found = clock(asked)
    assert found.policy.name == "Answer within 4 hours"
    assert (found.state, found.target_s) == ("running", 14_400)
    assert found.warn_at == MONDAY.replace(hour=12, minute=15)
    assert found.due_at == found.breaches_at == MONDAY.replace(hour=12, minute=45)
    assert Clock.objects.count() == 1


def test_the_first_policy_that_covers_a_conversation_applies() -> None:
    office = Calendar.objects.get()
    Policy.objects.create(
        name="Chat in q2",
        position=1,
        calendar=office,
        media_types=["chat"],
        queue_ids=["q2"],
        first_response_s=60,
    )
    Policy.objects.create(name="Off", position=0, active=False, calendar=office, first_response_s=1)
    mail, voice, chat, other = (
        conversation(n, media_type=media, queue_id=queue)
        for n, (media, queue) in enumerate(
            [("email", "q2"), ("voice", "q2"), ("chat", "q2"), ("chat", "q1")]
        )
    )

    refreshed(mail, voice, chat, other)

    names = dict(Clock.objects.values_list("conversation_id", "policy__name"))
    assert names == {mail.pk: "Answer within 4 hours", chat.pk: "Chat in q2"}


def test_clocks_of_a_policy_that_is_switched_off_are_deleted() -> None:
    asked = conversation()
    refreshed(asked)
    Policy.objects.update(active=False)

    assert refreshed(asked) == Refreshed(written=0, deleted=1)
    assert not Clock.objects.exists()


def test_a_target_less_deletes_its_clock_alone() -> None:
    Policy.objects.update(first_response_s=3600)
    asked = conversation()
    refreshed(asked)
    Policy.objects.update(first_response_s=None)

    assert refreshed(asked) == Refreshed(written=0, deleted=1)
    assert clock(asked).state == "running"


def test_a_schedule_groups_hours_are_its_open_schedules_less_the_closed_and_holiday_ones() -> None:
    for name, start, end, rule in [
        ("open", "2020-01-06T09:00:00.000", "2020-01-06T17:00:00.000", "FREQ=WEEKLY;BYDAY=MO,FR"),
        ("lunch", "2026-03-30T12:00:00.000", "2026-03-30T13:00:00.000", ""),
        ("feast", "2026-04-03T00:00:00.000", "2026-04-04T00:00:00.000", ""),
        ("gone", "2026-03-30T00:00:00.000", "2026-03-31T00:00:00.000", ""),
    ]:
        state = "deleted" if name == "gone" else "active"
        Schedule.objects.create(genesys_id=name, starts=start, ends=end, rrule=rule, state=state)
    Calendar.objects.update(
        genesys_id="group",
        timezone="Europe/Berlin",
        open_schedules=["open"],
        closed_schedules=["lunch", "gone", "unknown"],
        holiday_schedules=["feast"],
    )
    asked, next_week = conversation(1), conversation(2, started_at=MONDAY + timedelta(days=4))

    refreshed(asked, next_week)

    assert clock(asked).due_at == datetime(2026, 3, 30, 12, tzinfo=UTC)  # Berlin 14:00
    assert clock(next_week).due_at == datetime(2026, 4, 6, 11, tzinfo=UTC)


def test_an_unreadable_schedule_leaves_its_clocks_alone_and_stops_no_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked, chat = conversation(1), conversation(2, media_type="chat")
    good = Calendar.objects.create(name="Good", timezone="UTC", hours={"mon": [["09:00", "17:00"]]})
    Policy.objects.create(name="Chat", media_types=["chat"], calendar=good, next_response_s=60)
    refreshed(asked)
    before = clock(asked).due_at
    Schedule.objects.create(
        genesys_id="bad", starts="2026-01-01T09:00", ends="2026-01-01T10:00", rrule="FREQ=HOURLY"
    )
    Calendar.objects.filter(name="Office hours").update(genesys_id="g", open_schedules=["bad"])

    assert refreshed(asked, chat) == Refreshed(written=1, deleted=0)

    assert clock(asked).due_at == before
    assert clock(chat).due_at == MONDAY.replace(hour=9, minute=1)
    (record,) = caplog.records
    assert record.message == "sla.hours_unreadable"


def test_hours_that_never_open_leave_a_clock_without_a_due_instant() -> None:
    Calendar.objects.update(hours={})
    asked = conversation()

    refreshed(asked)

    assert (clock(asked).state, clock(asked).due_at) == ("running", None)
