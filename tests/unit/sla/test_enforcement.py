"""When an agent's session has been left for too long; whether that comes before a warning."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chrono.hours import Hours
from sla.domain import ahead
from sla.domain.enforcement import (
    CUSTOMERS_TURN,
    NO_MESSAGE,
    Held,
    Rule,
    Written,
    due_at,
    objection,
    waits_since,
)
from sla.domain.terms import Terms

AT = datetime(2026, 1, 9, 21, 45, tzinfo=UTC)  # a Friday, 16:45 in New York
HOUR = timedelta(hours=1)
ZONE = ZoneInfo("America/New_York")
DAYS = ("mon", "tue", "wed", "thu", "fri")
OFFICE = Hours.of(timezone="America/New_York", hours={day: [["09:00", "17:00"]] for day in DAYS})


def rule(**values: Any) -> Rule:
    usual = {"after": 48 * HOUR, "hours": None, "queue_ids": frozenset({"q1"})}
    return Rule(**{**usual, "only_waiting": True, **values})


def held(**values: Any) -> Held:
    usual = {"media_type": "email", "queue_id": "q1", "connected": True, "touched_at": AT}
    return Held(**{**usual, "waits_since": AT, **values})


@pytest.mark.parametrize(
    ("of", "by", "why"),
    [
        ({}, {}, ""),
        ({"media_type": "message"}, {}, ""),
        *(({"media_type": m}, {}, f"{m} is never ended") for m in ("voice", "callback", "chat")),
        ({"queue_id": ""}, {}, "it came from no queue"),
        ({"queue_id": ""}, {"queue_ids": frozenset({""})}, "it came from no queue"),
        ({"queue_id": "q2"}, {}, "its queue is not among those allowed"),
        ({}, {"queue_ids": frozenset()}, "its queue is not among those allowed"),
        ({"connected": False}, {}, "no agent is connected"),
        ({"messages": False}, {}, NO_MESSAGE),
        ({"waits_since": None}, {}, CUSTOMERS_TURN),
        ({"waits_since": None}, {"only_waiting": False}, ""),
        ({"shared": True}, {}, ""),
        ({"shared": True}, {"requeues": True}, "another agent has the conversation, too"),
        ({"wrote_at": AT + HOUR}, {}, "it was touched less than 48 h ago"),
        ({"touched_at": AT + HOUR}, {}, "it was touched less than 48 h ago"),
        ({"waits_since": AT + HOUR}, {}, "it was touched less than 48 h ago"),
        ({}, {"hours": OFFICE}, "it was touched less than 48 h ago"),
        ({}, {"hours": Hours.of(timezone="UTC", hours={})}, "it was touched less than 48 h ago"),
    ],
)
def test_each_thing_that_stands_in_its_way(
    of: dict[str, Any], by: dict[str, Any], why: str
) -> None:
    now = AT + 48 * HOUR
    assert objection(held(**of), rule(**by), now) == why
    assert objection(held(**of), rule(**by), now - timedelta(milliseconds=1)) != ""


def test_in_business_time_48_hours_are_six_days_of_eight() -> None:
    assert due_at(AT, rule(hours=OFFICE)) == datetime(2026, 1, 19, 21, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("direction", "written", "since"),
    [
        ("inbound", "", 0),
        ("inbound", "c1 c2", 0),
        ("inbound", "c0 a1", None),
        ("inbound", "c0 a1 c2 c3", 2),
        ("inbound", "c3 c2 a1 c0", 2),
        ("outbound", "", None),
        ("outbound", "a0 c5 c6", 5),
    ],
)
def test_a_customer_waits_since_the_first_message_that_nobody_answered(
    direction: str, written: str, since: int | None
) -> None:
    told = [Written(AT + int(one[1:]) * HOUR, one[0] == "a") for one in written.split()]
    found = waits_since(AT, told, inbound=direction == "inbound")
    assert found == (None if since is None else AT + since * HOUR)


def answered_within_4_hours() -> Terms:
    return Terms(
        hours=OFFICE,
        next_response=timedelta(hours=4),
        warnings=(timedelta(hours=3, minutes=30),),
        waiting_on_customer_pauses=True,
    )


def test_a_weekend_of_wall_clock_comes_before_the_warning() -> None:
    """The case of a Friday, 16:45: 48 hours end on Sunday, the warning comes on Monday."""
    now = AT - 30 * HOUR
    assert ahead.warning(rule(), answered_within_4_hours(), ZONE, now) == (
        "A customer who writes Fri 09 Jan 16:45 would lose the agent Sun 11 Jan 16:45: "
        "before the warning (Mon 12 Jan 12:15) and before the target (Mon 12 Jan 12:45)."
    )


def test_what_comes_between_warning_and_target_is_told_as_that() -> None:
    found = ahead.warning(rule(after=67.75 * HOUR), answered_within_4_hours(), ZONE, AT)
    assert found == (
        "A customer who writes Fri 09 Jan 16:45 would lose the agent Mon 12 Jan 12:30: "
        "before the target (Mon 12 Jan 12:45)."
    )


def test_business_time_never_overtakes_the_policy() -> None:
    assert ahead.warning(rule(hours=OFFICE), answered_within_4_hours(), ZONE, AT) == ""
    assert ahead.warning(rule(after=96 * HOUR), answered_within_4_hours(), ZONE, AT) == ""
