"""Clocks in the table are what the mirror and the policies say, whoever asks and how often."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.domain.events import Name
from sla.domain.terms import Kind
from sla.models import Clock, Policy, Wait
from sla.services import Refreshed
from sla.turns import NO_MESSAGE
from tests.db.sla.mirrored import (
    FRIDAY_1645,
    MONDAY,
    agent_has,
    clock,
    conversation,
    event,
    later,
    refreshed,
    wrote,
)

pytestmark = pytest.mark.django_db


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
    kind, answer = Kind.NEXT_RESPONSE, f"message agent {later(0.1)}"
    assert found.steps == [
        (kind, FRIDAY_1645, "started", "the conversation began", timedelta(), "conversation"),
        (kind, later(0.1), "stopped", "the agent answered", timedelta(minutes=6), answer),
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
    assert found.steps[0].reason == f"the conversation began; {NO_MESSAGE}"


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
    assert [step.action for step in found.steps] == ["started", "stopped", "resumed"]
    assert found.due_at == (MONDAY + timedelta(days=1)).replace(hour=15)


def test_an_end_that_was_told_but_never_reopened_is_the_conversations_own() -> None:
    corrected = conversation(ended_at=later(0.2))
    event(Name.CONVERSATION_ENDED, corrected, later(0.1))

    refreshed(corrected)

    assert clock(corrected).since == later(0.2)


def test_many_conversations_cost_as_many_statements_as_few() -> None:
    Policy.objects.update(forgotten_s=3600, away_s=600, parking_pauses=True)
    made = [conversation(n) for n in range(48)]
    for one in made:
        wrote("agent", one, later(1))
        agent_has(one, "anna", ("interact", FRIDAY_1645), ("parked", later(1)))
    with CaptureQueriesContext(connection) as few:
        refreshed(*made[:21])
    with CaptureQueriesContext(connection) as many:
        refreshed(*made[21:])

    assert len(many) == len(few)
    assert (Clock.objects.count(), Wait.objects.count()) == (96, 48)


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
