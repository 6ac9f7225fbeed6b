"""Clocks in the table are what the mirror and the policies say, whoever asks and how often."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.domain.events import Name
from conversations.models import Change, CommonEvent, Conversation, Message
from sla.models import Calendar, Clock, Policy, Schedule
from sla.selectors import NO_MESSAGE
from sla.services import Refreshed, order_recomputing, refresh

pytestmark = pytest.mark.django_db

FRIDAY_1645 = datetime(2026, 3, 27, 16, 45, tzinfo=UTC)
MONDAY = datetime(2026, 3, 30, tzinfo=UTC)


def later(hours: float) -> datetime:
    return FRIDAY_1645 + timedelta(hours=hours)


def conversation(number: int = 1, **fields: Any) -> Conversation:
    return Conversation.objects.create(
        **{
            "genesys_id": f"c{number}",
            "started_at": FRIDAY_1645,
            "originating_direction": "inbound",
            "media_type": "email",
            "queue_id": "q1",
            "observed_at": FRIDAY_1645,
        }
        | fields
    )


def wrote(sender: str, of: Conversation, at: datetime) -> None:
    Message.objects.create(
        conversation=of, genesys_id=f"{sender} {at}", sent_at=at, sender=Message.Sender(sender)
    )


def event(name: Name, of: Conversation, at: datetime) -> None:
    number = CommonEvent.objects.count()
    CommonEvent.objects.create(
        conversation=of,
        name=name,
        subject=str(number),
        at=at,
        recorded_at=at,
    )


def clock(of: Conversation, kind: str = "next_response") -> Clock:
    return Clock.objects.get(conversation=of, kind=kind)


def refreshed(*conversations: Conversation, now: datetime = FRIDAY_1645) -> Refreshed:
    return refresh(conversation_ids=[c.pk for c in conversations], now=now)


def test_the_policy_of_a_new_installation_is_to_answer_within_four_hours_of_business_time() -> None:
    asked = conversation()

    refreshed(asked)

    found = clock(asked)
    assert found.policy.name == "Answer within 4 hours"
    assert (found.state, found.target_s) == ("running", 14_400)
    assert found.warn_at == MONDAY.replace(hour=12, minute=15)
    assert found.due_at == found.breaches_at == MONDAY.replace(hour=12, minute=45)
    assert Clock.objects.count() == 1


def test_refreshing_again_writes_nothing() -> None:
    asked, answered = conversation(1), conversation(2)
    wrote("customer", answered, FRIDAY_1645)
    wrote("agent", answered, later(0.1))

    assert refreshed(asked, answered) == Refreshed(written=2, deleted=0)
    changed_at = set(Clock.objects.values_list("changed_at"))
    assert refreshed(asked, answered, now=later(99)) == Refreshed(written=0, deleted=0)
    assert set(Clock.objects.values_list("changed_at")) == changed_at


def test_a_clock_that_moved_is_written_and_says_why_it_stands() -> None:
    asked = conversation()
    wrote("customer", asked, FRIDAY_1645)
    refreshed(asked)
    wrote("agent", asked, later(0.1))

    assert refreshed(asked, now=later(1)) == Refreshed(written=1, deleted=0)

    found = clock(asked)
    assert (found.state, found.reason) == ("paused", "the agent wrote last")
    assert (found.since, found.elapsed_ms, found.changed_at) == (later(0.1), 360_000, later(1))
    assert (found.due_at, found.warn_at, found.breaches_at) == (None, None, None)
    assert found.steps == [
        {
            "clock": "next_response",
            "at": "2026-03-27T16:45:00.000Z",
            "action": "started",
            "reason": "the conversation began",
            "business_s": 0,
        },
        {
            "clock": "next_response",
            "at": "2026-03-27T16:51:00.000Z",
            "action": "stopped",
            "reason": "the agent answered",
            "business_s": 360,
        },
    ]


def test_an_answered_conversation_waits_for_the_customer_only_while_it_is_open() -> None:
    Policy.objects.update(waiting_on_customer_pauses=False)
    asked, ended = conversation(1), conversation(2, ended_at=later(0.2))
    wrote("agent", asked, later(0.1))
    wrote("agent", ended, later(0.1))
    refreshed(asked, ended)
    assert (clock(asked).state, clock(ended).state) == ("stopped", "stopped")

    Policy.objects.update(waiting_on_customer_pauses=True)
    refreshed(asked, ended)
    assert (clock(asked).state, clock(ended).state) == ("paused", "stopped")


def test_an_answer_too_late_is_a_breach() -> None:
    asked = conversation()
    wrote("agent", asked, MONDAY.replace(hour=12, minute=46))

    refreshed(asked)

    assert clock(asked).breached


def test_automatic_messages_answer_nobody() -> None:
    asked = conversation()
    wrote("automatic", asked, later(0.01))

    refreshed(asked)

    assert clock(asked).state == "running"
    assert NO_MESSAGE not in clock(asked).reason


def test_without_any_message_the_clock_runs_from_start_to_end_and_says_so() -> None:
    closed = conversation(ended_at=MONDAY.replace(hour=10))

    refreshed(closed)

    found = clock(closed)
    assert (found.state, found.elapsed_ms) == ("stopped", 75 * 60_000)
    assert found.steps[0]["reason"] == f"the conversation began; {NO_MESSAGE}"


def test_outbound_the_customer_is_waited_for_until_they_write() -> None:
    sent, replied = (conversation(n, originating_direction="outbound") for n in (1, 2))
    wrote("customer", replied, MONDAY.replace(hour=9))

    refreshed(sent, replied)

    assert clock(sent).state == "paused"
    assert clock(replied).due_at == MONDAY.replace(hour=13)


def test_time_between_end_and_reopening_is_not_counted() -> None:
    Policy.objects.update(resolution_s=36_000, waiting_on_customer_pauses=False)
    reopened = conversation(started_at=MONDAY.replace(hour=9))
    event(Name.CONVERSATION_ENDED, reopened, MONDAY.replace(hour=10))
    event(Name.CONVERSATION_REOPENED, reopened, MONDAY.replace(hour=14))

    refreshed(reopened)

    found = clock(reopened, "resolution")
    assert (found.state, found.elapsed_ms) == ("running", 3_600_000)
    assert [step["action"] for step in found.steps] == ["started", "stopped", "resumed"]
    assert found.due_at == (MONDAY + timedelta(days=1)).replace(hour=15)


def test_an_end_that_was_told_but_never_reopened_is_the_conversations_own() -> None:
    corrected = conversation(ended_at=later(0.2))
    event(Name.CONVERSATION_ENDED, corrected, later(0.1))

    refreshed(corrected)

    assert clock(corrected).since == later(0.2)


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


def test_many_conversations_cost_as_many_statements_as_one() -> None:
    first, *others = (conversation(n) for n in range(40))
    for other in others:
        wrote("agent", other, later(1))
    with CaptureQueriesContext(connection) as one:
        refreshed(first)
    with CaptureQueriesContext(connection) as many:
        refreshed(*others)

    assert len(many) == len(one)
    assert Clock.objects.count() == 40


def test_changed_policies_order_open_conversations_to_be_computed_anew(now: datetime) -> None:
    open_one = conversation(1)
    conversation(2, ended_at=later(1))

    assert order_recomputing(now=now) == 1
    assert list(Change.objects.values_list("conversation_id", "user_ids", "recorded_at")) == [
        (open_one.pk, [], now)
    ]


def test_recompute_sla_builds_what_is_missing_and_changes_nothing_that_is_right(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for number in range(3):
        conversation(number)

    call_command("recompute_sla")
    assert "3 conversations: 3 clocks written, 0 deleted" in capsys.readouterr().out
    call_command("recompute_sla")
    shown = capsys.readouterr()
    assert "3 conversations: 0 clocks written, 0 deleted" in shown.out
    assert "3 of 3 conversations" in shown.err
