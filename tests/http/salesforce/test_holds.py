"""Holds from the mirror to the case's timeline: the table in Salesforce is what it must be."""

from datetime import timedelta
from typing import Any

import pytest

from conversations.models import Agent, Queue
from integrations.models import Attempt, Delivery, Destination, SalesforceHold, SalesforceLink
from simulator.clock import Clock, ManualClock
from simulator.receivers.salesforce.org import Org
from tests.documents import at
from tests.http.salesforce.story import call, email, people, read, shown, work

pytestmark = pytest.mark.django_db(transaction=True)
TOLD = ("State__c", "Duration_Seconds__c", "Interrupted_Seconds__c")


@pytest.fixture
def clock() -> Clock:
    return ManualClock(at(0))


@pytest.fixture
def case(org: Org, destination: Destination) -> str:
    people()
    return org.case("Broken", Genesys_Conversation_Id__c="e1")


def test_a_hold_is_a_record_from_its_start_on(clock: ManualClock, org: Org, case: str) -> None:
    agent = org.user("A. Rossi", "rossi@acme.example")
    read(clock, 5, email("e1", (5, None)), call("v1", 5, None))
    work(at(5))
    (row,) = org.rows("DCM_Hold__c")
    key = SalesforceHold.objects.get().key
    assert len(key) == 40
    assert {name: value for name, value in row.items() if name.endswith("__c")} == {
        "Key__c": key,
        "Case__c": case,
        "Conversation_Id__c": "e1",
        "Session_Id__c": "e1-a",
        "Agent__c": agent,
        "Agent_Name__c": "A. Rossi",
        "Media_Type__c": "email",
        "Queue__c": "Support EU",
        "Started_At__c": "2026-03-27T09:05:00.000+0000",
        "Ended_At__c": None,
        "Duration_Seconds__c": None,
        "Interrupted_By__c": None,
        "Interrupted_Seconds__c": 0,
        "State__c": "open",
    }
    assert org.rows("Task") == []

    read(clock, 15, email("e1", (5, 15)), call("v1", 5, 14))
    work(at(15))
    assert shown(org.rows("DCM_Hold__c"), "Key__c", *TOLD) == [(key, "ended", 600, 540)]
    assert org.rows("Task") == []


def test_when_the_figures_of_a_hold_stand_a_task_tells_them(
    clock: ManualClock, org: Org, case: str, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://dcm.example.org"
    org.user("A. Rossi", "rossi@acme.example")
    read(clock, 15, email("e1", (5, 15)), call("v1", 5, 14))
    work(at(15))
    key = SalesforceHold.objects.get().key
    work(at(16.1))
    (row,) = org.rows("DCM_Hold__c")
    assert (row["State__c"], row["Key__c"]) == ("final", key)
    assert row["Interrupted_By__c"] == "call (inbound) of queue Hotline: 9 min 0 s"
    (task,) = org.rows("Task")
    assert task["WhatId"] == case
    assert task["Status"] == "Completed"
    assert task["Subject"] == "E-mail held 10 min 0 s: call (inbound) of queue Hotline"
    assert task["CallDurationInSeconds"] == 600
    assert task["ActivityDate"] == "2026-03-27"
    assert task["Description"] == (
        "On hold from 2026-03-27 09:05:00 to 2026-03-27 09:15:00 UTC\nAgent: A. Rossi\n"
        "Interrupted by call (inbound) of queue Hotline: 9 min 0 s (conversation v1)\n"
        "https://dcm.example.org/conversations/e1/"
    )
    work(at(20))
    assert len(org.rows("Task")) == len(org.rows("DCM_Hold__c")) == 1
    assert not Delivery.objects.exclude(state="delivered").exists()


def test_a_correction_changes_the_same_record_and_the_same_task(
    clock: ManualClock, org: Org, case: str
) -> None:
    read(clock, 15, email("e1", (5, 15)), call("v1", 5, 14))
    work(at(15))
    work(at(17))
    (before,), (task,) = org.rows("DCM_Hold__c"), org.rows("Task")

    read(clock, 3000, email("e1", (5.01, 12)), call("v1", 5, 8))
    work(at(3000))
    (after,) = org.rows("DCM_Hold__c")
    assert (after["Id"], after["Key__c"]) == (before["Id"], before["Key__c"])
    assert shown([after], *TOLD) == [("final", 419, 179)]
    assert shown(org.rows("Task"), "Id", "CallDurationInSeconds") == [(task["Id"], 419)]


def test_a_hold_that_never_was_is_withdrawn_and_comes_back_under_its_key(
    clock: ManualClock, org: Org, case: str
) -> None:
    read(clock, 15, email("e1", (5, 15)))
    work(at(15))
    work(at(17))
    read(clock, 3000, email("e1"))
    work(at(3000))
    assert shown(org.rows("DCM_Hold__c"), *TOLD) == [("withdrawn", 0, 0)]
    assert shown(org.rows("Task"), "Subject", "CallDurationInSeconds") == [
        ("E-mail was not held (corrected)", 0)
    ]
    read(clock, 3010, email("e1", (5, 14)))
    work(at(3010))
    assert shown(org.rows("DCM_Hold__c"), *TOLD) == [("final", 540, 0)]
    assert shown(org.rows("Task"), "CallDurationInSeconds") == [(540,)]


def test_several_holds_of_a_case_are_several_records(
    clock: ManualClock, org: Org, case: str
) -> None:
    read(clock, 40, email("e1", (5, 10), (12, 20), (25, 31), end=40))
    work(at(40))
    work(at(42))
    assert sorted(shown(org.rows("DCM_Hold__c"), *TOLD)) == [
        ("final", 300, 0),
        ("final", 360, 0),
        ("final", 480, 0),
    ]
    assert len(org.rows("Task")) == 3


def test_a_conversation_without_a_case_is_listed_and_told_when_the_case_is_there(
    clock: ManualClock, org: Org, destination: Destination
) -> None:
    people()
    read(clock, 15, email("e1", (5, 15)))
    work(at(15))
    link = SalesforceLink.objects.get()
    assert (link.case_id, link.reason) == ("", "no case is known to belong to it")
    assert org.rows("DCM_Hold__c") == []
    work(at(16))
    assert SalesforceLink.objects.get().tries == 1

    case = org.case("Broken", Genesys_Conversation_Id__c="e1")
    work(at(30))
    link = SalesforceLink.objects.get()
    assert (link.case_id, link.how, link.next_at) == (case, "field", None)
    assert shown(org.rows("DCM_Hold__c"), "Case__c", *TOLD) == [(case, "final", 600, 0)]
    assert shown(org.rows("Task"), "WhatId") == [(case,)]


def test_two_cases_are_never_guessed_between(
    clock: ManualClock, org: Org, destination: Destination
) -> None:
    people()
    for _ in range(2):
        org.case("Broken", Genesys_Conversation_Id__c="e1")
    read(clock, 15, email("e1", (5, 15)))
    work(at(15))
    link = SalesforceLink.objects.get()
    assert (link.case_id, link.reason) == (
        "",
        "2 cases are named (field): which one is not told",
    )


@pytest.mark.parametrize("how", ["attribute id", "attribute number", "tag", "email", "task"])
def test_each_way_leads_to_the_case(
    how: str, clock: ManualClock, org: Org, destination: Destination
) -> None:
    people()
    case = org.case("Broken")
    org.make("EmailMessage", ParentId=case, MessageIdentifier="<m1@acme.example>")
    org.make("Task", WhatId=case, Subject="Genesys", CallDisposition="e1")
    destination.config |= {"task_field": "CallDisposition"} if how == "task" else {}
    destination.save(update_fields=["config"])
    document = {
        "attribute id": email("e1", (5, None), caseId=case[:15]),
        "attribute number": email("e1", (5, None), CaseNumber=org.row("Case", case)["CaseNumber"]),
        "tag": {**email("e1", (5, None)), "externalTag": case},
        "email": email("e1", (5, None), messageId="<m1@acme.example>"),
        "task": email("e1", (5, None)),
    }[how]
    read(clock, 5, document)
    work(at(5))
    link = SalesforceLink.objects.get()
    assert (link.case_id, link.how) == (case, how.split(maxsplit=1)[0])
    assert shown(org.rows("DCM_Hold__c"), "Case__c", "State__c") == [(case, "open")]


def test_a_tag_that_names_no_case_there_is_no_link(
    clock: ManualClock, org: Org, destination: Destination
) -> None:
    people()
    read(clock, 5, {**email("e1", (5, None)), "externalTag": "500Aw0000000099"})
    work(at(5))
    assert SalesforceLink.objects.get().case_id == ""


def test_over_its_share_of_the_api_calls_only_what_is_urgent_is_written(
    clock: ManualClock, org: Org, case: str
) -> None:
    org.limits.allowed, org.limits.used_by_others = 10_000, 8_100
    read(clock, 5, email("e1", (5, None)))
    work(at(5))
    read(clock, 15, email("e1", (5, 15)))
    work(at(15))
    work(at(18))
    assert shown(org.rows("DCM_Hold__c"), *TOLD) == [("ended", 600, 0)]
    assert org.rows("Task") == []

    org.limits.free()
    read(clock, 19, email("e1", (5, 15), (18, None)))
    work(at(19))
    work(at(25))
    assert shown(org.rows("DCM_Hold__c"), "State__c") == [("final",), ("open",)]
    assert shown(org.rows("Task"), "CallDurationInSeconds") == [(600,)]


def test_names_of_others_stay_text_on_one_line(
    clock: ManualClock, org: Org, destination: Destination, case: str
) -> None:
    Agent.objects.filter(genesys_id="u1").update(name="A.\r\n<b>Rossi</b>\u202e" + "x" * 270)
    Queue.objects.filter(genesys_id="q2").update(name="Hot\tline" + "y" * 270)
    read(clock, 15, email("e1", (5, 15)), call("v1", 5, 14))
    work(at(15))
    work(at(17))
    (row,), (task,) = org.rows("DCM_Hold__c"), org.rows("Task")
    assert row["Agent_Name__c"].startswith("A. <b>Rossi</b> xxx")
    assert len(row["Agent_Name__c"]) == len(task["Subject"]) == 255
    assert "Hot line" in task["Subject"]


def test_in_shadow_mode_what_would_be_written_is_shown_and_nothing_is_sent(
    clock: ManualClock, org: Org, destination: Destination, case: str
) -> None:
    destination.mode = "shadow"
    destination.save(update_fields=["mode"])
    read(clock, 15, email("e1", (5, 15)))
    work(at(15))
    shown_now = Attempt.objects.filter(delivery__topic="hold.record").get()
    assert shown_now.result == "shown"
    assert '"Duration_Seconds__c": 600' in shown_now.said
    assert org.limits.used == 0

    destination.mode = "live"
    destination.save(update_fields=["mode"])
    work(at(16) + timedelta(seconds=30))
    assert shown(org.rows("DCM_Hold__c"), "Case__c", "State__c") == [(case, "final")]
