"""Which policy covers a conversation, and by whose hours it is measured."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.domain.live import Routed
from conversations.models import Change, Conversation, Queue, RoutingNote
from conversations.routing import record_routing
from sla.models import Calendar, Clock, HoursRule, Policy
from tests.db.sla.mirrored import FRIDAY_1645, MONDAY, clock, conversation, refreshed

pytestmark = pytest.mark.django_db


def special(**conditions: Any) -> Policy:
    return Policy.objects.create(
        **{
            "name": "Special",
            "position": 1,
            "calendar": Calendar.objects.get(name="Office hours"),
            "next_response_s": 60,
        }
        | conditions
    )


def covered(of: Conversation) -> bool:
    refreshed(of)
    return clock(of).policy.name == "Special"


@pytest.mark.parametrize(
    ("conditions", "fields"),
    [
        ({"media_types": ["EMAIL"]}, {"media_type": "email"}),
        ({"queue_ids": ["q1", "q2"]}, {"queue_id": "q2"}),
        ({"message_types": ["WhatsApp"]}, {"media_type": "message", "message_type": "whatsapp"}),
        ({"division_ids": ["d2"]}, {"division_ids": ["d1", "d2"]}),
        ({"skill_ids": ["s1", "s2"]}, {"skill_ids": ["s2", "s3"]}),
        ({"language_ids": ["l1"]}, {"language_id": "l1"}),
        ({"queue_ids": ["q1"], "skill_ids": ["s1"]}, {"queue_id": "q1", "skill_ids": ["s1"]}),
    ],
)
def test_a_policy_covers_what_all_its_conditions_hold_for(
    conditions: dict[str, Any], fields: dict[str, Any]
) -> None:
    special(**conditions)
    other = {"media_type": "message", "queue_id": "q9"}

    assert covered(conversation(1, **fields))
    assert not covered(conversation(2, **other))
    for name in fields:
        if name in {"queue_id", "skill_ids"}:
            assert not covered(conversation(f"3{name}", **fields | {name: other.get(name, [])}))


def test_priority_and_label_are_those_that_events_told_last() -> None:
    special(least_priority=5, labels=["Premium"])
    asked, low = conversation(1), conversation(2)
    told = [
        Routed("c1", FRIDAY_1645, 1, "premium"),
        Routed("c1", FRIDAY_1645 + timedelta(seconds=2), 5, "premium"),
        Routed("c1", FRIDAY_1645 + timedelta(seconds=1), 0, ""),
        Routed("c2", FRIDAY_1645, 4, "premium"),
    ]
    for one in told:
        record_routing(told=[one], now=FRIDAY_1645)

    assert (covered(asked), covered(low), covered(conversation(3))) == (True, False, False)


def test_what_routing_tells_is_kept_once_and_has_clocks_computed_anew_only_as_news() -> None:
    asked = conversation(1)
    told = Routed("c1", FRIDAY_1645, 7, "vip")
    unknown = Routed("c9", FRIDAY_1645, None, "")
    again = told._replace(at=FRIDAY_1645 + timedelta(minutes=1))

    assert record_routing(told=[told, unknown], now=FRIDAY_1645) == 2
    assert record_routing(told=[told, unknown, again], now=FRIDAY_1645) == 0

    rows = RoutingNote.objects.order_by("conversation_id")
    assert list(rows.values_list("conversation_id", "priority", "label", "at")) == [
        ("c1", 7, "vip", again.at),
        ("c9", None, "", FRIDAY_1645),
    ]
    assert list(Change.objects.values_list("conversation_id", flat=True)) == [asked.pk]


def open_on(day: str) -> Calendar:
    return Calendar.objects.create(
        name=f"Open on {day}", timezone="UTC", hours={day: [["09:00", "17:00"]]}
    )


def test_without_a_calendar_the_first_rule_says_whose_hours_the_queue_keeps() -> None:
    special(calendar=None)
    for number, (name, division) in enumerate(
        [("Service E-Mail", "d1"), ("Claims", "d1"), ("Sales", "d2"), ("Billing", "d3")]
    ):
        Queue.objects.create(genesys_id=f"q{number}", name=name, division_id=division)
    HoursRule.objects.create(position=9, calendar=open_on("fri"))
    HoursRule.objects.create(position=1, calendar=open_on("mon"), name_contains="e-mail")
    HoursRule.objects.create(position=2, calendar=open_on("tue"), queue_ids=["q1"])
    HoursRule.objects.create(position=3, calendar=open_on("wed"), division_ids=["d1", "d2"])
    HoursRule.objects.create(position=4, calendar=open_on("thu"), media_types=["Message"])
    made = [conversation(n, queue_id=f"q{n}") for n in range(4)]
    made += [conversation(4, queue_id="q4", media_type="message"), conversation(5, queue_id="")]

    refreshed(*made)

    kept = [clock(one).promised_by.partition("Open on ")[2] for one in made]
    assert kept == ["mon", "tue", "wed", "fri", "thu", "fri"]
    assert clock(made[0]).due_at == MONDAY.replace(hour=9, minute=1)


def test_where_no_rule_covers_the_queue_the_next_policy_applies_and_it_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    policy = special(calendar=None)
    HoursRule.objects.create(calendar=open_on("mon"), queue_ids=["q2"])
    asked = conversation(queue_id="a queue without hours")

    assert not covered(asked)
    assert not covered(asked)

    (record,) = [r for r in caplog.records if r.message == "sla.queue_without_hours"]
    assert vars(record)["policy"] == policy.pk
    assert vars(record)["queue"] == "a queue without hours"


def test_round_the_clock_needs_no_hours() -> None:
    special(calendar=None, time_unit="wall", next_response_s=3600, warnings=["50 %", "45 min"])
    asked = conversation()

    refreshed(asked)

    found = clock(asked)
    assert found.warn_at == FRIDAY_1645 + timedelta(minutes=30)
    assert found.due_at == found.breaches_at == FRIDAY_1645 + timedelta(hours=1)
    assert (found.calendar, found.promised_by) == (None, "Special")


def test_a_conversation_costs_no_statement_more_than_another() -> None:
    special(labels=["x"], calendar=None)
    HoursRule.objects.create(calendar=open_on("mon"))
    made = [conversation(n) for n in range(63)]
    with CaptureQueriesContext(connection) as few:
        refreshed(*made[:21])  # SQLite inserts twenty rows a statement, and what is left
    with CaptureQueriesContext(connection) as many:
        refreshed(*made[21:])

    assert len(many) == len(few)
    assert Clock.objects.count() == 63
