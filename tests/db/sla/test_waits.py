"""Waits that are over, in the table: what the fold says, and no row is written twice."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.domain.events import Name
from conversations.models import Conversation, Message
from sla.models import Policy, Wait
from tests.db.sla.mirrored import (
    MONDAY,
    agent_has,
    clock,
    conversation,
    event,
    refreshed,
    wrote,
)

pytestmark = pytest.mark.django_db

MINUTE_MS = 60_000


def monday(hour: int, minute: int = 0) -> datetime:
    return MONDAY.replace(hour=hour, minute=minute)


def waits(of: Conversation) -> list[tuple[Any, ...]]:
    rows = Wait.objects.filter(conversation=of).order_by("started_at", "kind")
    return list(
        rows.values_list(
            "kind", "started_at", "ended_at", "elapsed_ms", "paused_ms", "met", "user_id"
        )
    )


def test_each_answer_ends_a_wait_that_was_met_or_not() -> None:
    asked = conversation(started_at=monday(9), user_id="ben")
    wrote("customer", asked, monday(9))
    wrote("agent", asked, monday(10), "anna")
    wrote("customer", asked, monday(11))
    wrote("agent", asked, monday(15, 1), "ben")
    wrote("customer", asked, monday(16))

    refreshed(asked)

    assert waits(asked) == [
        ("next_response", monday(9), monday(10), 60 * MINUTE_MS, 0, True, "anna"),
        ("next_response", monday(11), monday(15, 1), 241 * MINUTE_MS, 0, False, "ben"),
    ]
    found = Wait.objects.latest("started_at")
    assert (found.policy, found.target_s, found.queue_id) == (Policy.objects.get(), 14_400, "q1")


def test_a_wait_that_is_over_is_written_once() -> None:
    asked = conversation(started_at=monday(9))
    wrote("agent", asked, monday(10))
    refreshed(asked)

    with CaptureQueriesContext(connection) as again:
        refreshed(asked)
    assert not [q["sql"] for q in again if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_corrected_message_moves_a_wait_and_one_that_never_was_takes_it_away() -> None:
    asked = conversation(started_at=monday(9))
    wrote("agent", asked, monday(10))
    refreshed(asked)
    Message.objects.update(sent_at=monday(11), user_id="anna")
    refreshed(asked)
    assert waits(asked) == [
        ("next_response", monday(9), monday(11), 120 * MINUTE_MS, 0, True, "anna")
    ]

    Message.objects.update(sender=Message.Sender.AUTOMATIC)
    refreshed(asked)
    assert waits(asked) == []


def test_a_conversation_without_a_policy_has_no_waits() -> None:
    asked = conversation(started_at=monday(9), ended_at=monday(10))
    refreshed(asked)
    assert len(waits(asked)) == 1

    Policy.objects.update(active=False)
    refreshed(asked)
    assert waits(asked) == []


def test_an_outbound_conversation_has_no_wait_until_the_customer_writes() -> None:
    sent = conversation(started_at=monday(9), originating_direction="outbound")
    refreshed(sent)
    assert waits(sent) == []

    wrote("customer", sent, monday(10))
    wrote("agent", sent, monday(11))
    refreshed(sent)
    assert [row[1:3] for row in waits(sent)] == [(monday(10), monday(11))]


@pytest.mark.parametrize(
    ("pauses", "elapsed", "paused"),
    [
        ({}, 180, 0),
        ({"parking_pauses": True}, 120, 60),
        ({"holding_pauses": True}, 150, 30),
        ({"parking_pauses": True, "holding_pauses": True}, 90, 90),
    ],
    ids=["neither", "parked", "on hold", "both"],
)
def test_parks_and_holds_pause_where_the_policy_says_so(
    pauses: dict[str, bool], elapsed: int, paused: int
) -> None:
    Policy.objects.update(**pauses)
    asked = conversation(started_at=monday(9))
    wrote("customer", asked, monday(9))
    wrote("agent", asked, monday(12), "anna")
    agent_has(
        asked,
        "anna",
        ("interact", monday(9, 10)),
        ("hold", monday(9, 30)),
        ("parked", monday(10)),
        ("interact", monday(11)),
    )

    refreshed(asked)

    [found] = waits(asked)
    assert found[3:5] == (elapsed * MINUTE_MS, paused * MINUTE_MS)
    shown = [
        (step.action, step.source)
        for step in clock(asked).steps
        if step.source.startswith("segment")
    ]
    assert (("paused", "segment c1 s0/2") in shown) == ("parking_pauses" in pauses and paused == 60)


def test_a_message_of_the_customer_unparks() -> None:
    Policy.objects.update(parking_pauses=True)
    asked = conversation(started_at=monday(9))
    wrote("customer", asked, monday(9))
    agent_has(asked, "anna", ("interact", monday(9, 10)), ("parked", monday(10)))
    refreshed(asked)
    assert (clock(asked).state, clock(asked).elapsed_ms) == ("paused", 60 * MINUTE_MS)

    wrote("customer", asked, monday(12))
    refreshed(asked)
    assert (clock(asked).state, clock(asked).due_at) == ("running", monday(15))
    assert clock(asked).steps[-1].source == f"message customer {monday(12)}"


@pytest.mark.parametrize(
    ("reopening", "over", "elapsed"),
    [("continue", 0, 60), ("restart", 1, 0)],
)
def test_a_reopened_conversation_goes_on_with_its_resolution_or_begins_another(
    reopening: str, over: int, elapsed: int
) -> None:
    Policy.objects.update(
        resolution_s=36_000,
        next_response_s=None,
        waiting_on_customer_pauses=False,
        reopening=reopening,
    )
    asked = conversation(started_at=monday(9))
    event(Name.CONVERSATION_ENDED, asked, monday(10))
    event(Name.CONVERSATION_REOPENED, asked, monday(14))

    refreshed(asked)

    assert len(waits(asked)) == over
    assert clock(asked, "resolution").elapsed_ms == elapsed * MINUTE_MS
    assert clock(asked, "resolution").steps[-1].source == "event conversation.reopened/1"
