"""Whatever goes wrong on the way: Salesforce's table is right in the end, no row twice."""

from typing import Any

import pytest

from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import outcomes, relay
from simulator.clock import Clock, ManualClock
from simulator.receivers.salesforce.objects import Field
from simulator.receivers.salesforce.org import Org
from tests.documents import at
from tests.http.salesforce.story import call, email, people, read, shown, work

pytestmark = pytest.mark.django_db(transaction=True)
DATA = "/services/data/*"


@pytest.fixture
def clock() -> Clock:
    return ManualClock(at(0))


def until_all_is_told(clock: ManualClock, minutes: float) -> float:
    """Let minutes pass until nothing waits any more; return the minute.

    Pauses between tries grow to hours, so time passes faster once two hours are over.
    """
    for _ in range(60):
        read(clock, minutes)
        work(at(minutes))
        if minutes > 45 and not Delivery.objects.filter(state="waiting").exists():
            return minutes
        minutes += 5 if minutes < 120 else 60
    raise AssertionError([row.reason for row in Delivery.objects.filter(state="waiting")])


LOST = [{"kind": "drop_after", "path": DATA, "probability": 0.4, "count": 20}]
ALL = [
    {"kind": "lock", "probability": 0.2, "count": 20},
    {"kind": "expire", "probability": 0.2, "count": 10},
    {"kind": "drop_after", "path": DATA, "probability": 0.2, "count": 10},
    {"kind": "html", "path": DATA, "status": 502, "probability": 0.1, "count": 10},
]


@pytest.mark.parametrize(
    ("faults", "task_key"),
    [
        ([{"kind": "lock", "probability": 0.3, "count": 40}], ""),
        (LOST, ""),
        (LOST, "DCM_Key__c"),
        ([{"kind": "drop", "path": DATA, "probability": 0.4, "count": 10}], ""),
        ([{"kind": "html", "path": DATA, "probability": 0.4, "count": 10}], ""),
        ([{"kind": "expire", "probability": 0.4, "count": 20}], ""),
        (ALL, ""),
    ],
    ids=["lock", "answer lost", "answer lost, task key", "not sent", "503", "expires", "all"],
)
def test_the_table_is_right_in_the_end(
    faults: list[dict[str, Any]],
    task_key: str,
    clock: ManualClock,
    org: Org,
    destination: Destination,
) -> None:
    people()
    if task_key:
        org.redefine("Task", {task_key: Field(task_key, external=True, unique=True)})
    agent = org.user("A. Rossi", "rossi@acme.example")
    names = [f"e{number}" for number in range(12)]
    cases = {name: org.case(name, Genesys_Conversation_Id__c=name) for name in names}
    org.faults.put(faults, seed=11)
    read(clock, 5, *(email(name, (5, None)) for name in names), call("v1", 5, None))
    work(at(5))
    read(clock, 15, *(email(name, (5, 15)) for name in names), call("v1", 5, 14))
    work(at(15))
    read(clock, 40, *(email(name, (5, 15), (20, 30), end=40) for name in names))
    minutes = until_all_is_told(clock, 40)
    # Analytics puts it right, days later.
    read(clock, minutes + 1, *(email(name, (5.05, 14), (20, 30), end=40) for name in names))
    until_all_is_told(clock, minutes + 1)

    assert org.faults.befallen
    told = ("Case__c", "State__c", "Duration_Seconds__c", "Interrupted_Seconds__c")
    expected = [
        row
        for case in cases.values()
        for row in ((case, "final", 537, 537), (case, "final", 600, 0))
    ]
    assert sorted(shown(org.rows("DCM_Hold__c"), *told)) == sorted(expected)
    assert sorted(shown(org.rows("Task"), "WhatId", "CallDurationInSeconds")) == sorted(
        (case, seconds) for case in cases.values() for seconds in (537, 600)
    )
    assert {row["OwnerId"] for row in org.rows("Case")} == {agent}
    assert not Delivery.objects.exclude(state="delivered").exists()


def test_a_limit_that_is_used_up_holds_everything_back_and_loses_nothing(
    clock: ManualClock, org: Org, destination: Destination
) -> None:
    people()
    org.user("A. Rossi", "rossi@acme.example")
    case = org.case("Broken", Genesys_Conversation_Id__c="e1")
    org.limits.use_up()
    read(clock, 15, email("e1", (5, 15)))
    for minutes in range(15, 15 + 30 * 60, 20):  # thirty hours
        work(at(minutes))
    destination.refresh_from_db()
    assert destination.failures >= 5
    assert destination.disabled_at is None
    tried = Attempt.objects.filter(result="failed").count()
    assert 0 < tried <= 90
    assert not Delivery.objects.exclude(state="waiting").exists()

    org.limits.free()
    until_all_is_told(clock, 15 + 30 * 60)
    assert shown(org.rows("DCM_Hold__c"), "Case__c", "State__c") == [(case, "final")]
    assert shown(org.rows("Task"), "WhatId") == [(case,)]


def test_fields_that_are_lacking_stop_the_destination_until_they_are_there(
    clock: ManualClock, org: Org, destination: Destination
) -> None:
    people()
    org.user("A. Rossi", "rossi@acme.example")
    org.case("Broken", Genesys_Conversation_Id__c="e1")
    org.hide("DCM_Hold__c")
    read(clock, 15, email("e1", (5, 15)))
    work(at(15))
    destination.refresh_from_db()
    assert destination.disabled_at
    assert "manage.py salesforce_doctor" in destination.disabled_reason

    org.hide("DCM_Hold__c", hidden=False)
    outcomes.enable(destination_id=destination.pk, now=at(20))
    work(at(20))
    assert shown(org.rows("DCM_Hold__c"), "State__c") == [("final",)]


def test_a_case_that_is_gone_is_given_up_with_its_reason_and_others_go_on(
    clock: ManualClock, org: Org, destination: Destination
) -> None:
    people()
    gone = org.case("Gone", Genesys_Conversation_Id__c="e1")
    org.case("Broken", Genesys_Conversation_Id__c="e2")
    read(clock, 5, email("e1", (5, None)), email("e2", (5, None)))
    work(at(5))
    org.remove("Case", gone)
    read(clock, 15, email("e1", (5, 15)), email("e2", (5, 15)))
    work(at(15))
    assert shown(org.rows("DCM_Hold__c", Conversation_Id__c="e2"), "State__c") == [("ended",)]
    dead = Delivery.objects.get(topic="hold.record", conversation_id="e1")
    assert (dead.state, dead.reason) == (
        "dead",
        "the record was deleted in Salesforce (ENTITY_IS_DELETED)",
    )


def test_credentials_that_are_refused_stop_the_destination(
    clock: ManualClock, org: Org, destination: Destination
) -> None:
    people()
    org.auth.apps.clear()
    read(clock, 5, email("e1", (5, None)))
    work(at(5))
    destination.refresh_from_db()
    assert destination.disabled_reason.startswith("Salesforce gives no token: invalid_client_id")
    assert Delivery.objects.filter(state="waiting").count() == Delivery.objects.count()


def test_two_relays_at_once_write_each_record_once(
    clock: ManualClock, org: Org, destination: Destination
) -> None:
    people()
    for number in range(30):
        org.case("Broken", Genesys_Conversation_Id__c=f"e{number}")
    read(clock, 15, *(email(f"e{number}", (5, 15)) for number in range(30)))
    work(at(15))
    calls = org.limits.used
    relay.relay(now=at(15))
    assert org.limits.used == calls
    assert len(org.rows("DCM_Hold__c")) == 30
    # One user query, one query of a case's field, one collection, and cases with their history.
    assert calls <= 45
