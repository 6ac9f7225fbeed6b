"""What somebody decided about a case after the agent was connected stands, and is listed."""

import threading
import time

import pytest

from integrations.models import Delivery, Destination, SalesforceConflict
from simulator.clock import Clock, ManualClock
from simulator.receivers.salesforce.org import Org
from tests.documents import at
from tests.http.salesforce.story import email, owner, read, reasons, transferred, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock() -> Clock:
    return ManualClock(at(-60))


@pytest.mark.parametrize("to", ["a user", "a queue"])
def test_what_somebody_decided_later_stands_and_is_listed(
    to: str, clock: ManualClock, org: Org, case: str
) -> None:
    chef = org.user("Chef", "chef@acme.example")
    other = org.queue("Second level") if to == "a queue" else chef
    clock.set(at(1.5))
    org.change("Case", case, by=chef, OwnerId=other)
    read(clock, 2, email("e1"))
    work(at(2))
    assert owner(org, case) == other
    conflict = SalesforceConflict.objects.get()
    assert (conflict.case_id, conflict.user_id, conflict.at) == (case, "u1", at(1))
    assert (conflict.owner_id, conflict.changed_by) == (other, chef)
    assert conflict.changed_at == at(1.5)
    assert Delivery.objects.get(topic="case.owner").state == "delivered"


def test_a_case_that_somebody_took_from_its_queue_is_left_to_them(
    clock: ManualClock, org: Org, case: str
) -> None:
    chef = org.user("Chef", "chef@acme.example")
    clock.set(at(1.5))
    org.accept(case, chef)
    read(clock, 2, email("e1"))
    work(at(2))
    assert owner(org, case) == chef
    assert reasons() == ["conflict: somebody else has changed the owner since"]
    conflict = SalesforceConflict.objects.get()
    assert (conflict.changed_by, conflict.changed_at) == (chef, at(1.5))


def test_a_case_that_a_rule_has_given_away_since_is_left_there(
    clock: ManualClock, org: Org, case: str
) -> None:
    chef, rule = org.user("Chef", "chef@acme.example"), org.user("Rule", "rule@acme.example")
    org.assignment = lambda _: rule
    clock.set(at(1.5))
    org.assign(case, by=chef)
    read(clock, 2, email("e1"))
    work(at(2))
    assert {row["Field"] for row in org.rows("CaseHistory", CaseId=case)} == {
        "created",
        "ownerAssignment",
    }
    assert owner(org, case) == rule
    assert SalesforceConflict.objects.get().changed_by == chef


UNTRACKED = (
    "conflict: somebody else has changed the case since, and its owner's history is not tracked"
)


@pytest.mark.parametrize("how", ["not tracked", "not to be seen whether it is"])
def test_without_a_history_of_owners_a_case_changed_since_is_not_taken_from_anybody(
    how: str, clock: ManualClock, org: Org, case: str
) -> None:
    if how == "not tracked":
        org.tracked.discard("Owner")
    else:
        org.hide("FieldDefinition")
    chef = org.user("Chef", "chef@acme.example")
    clock.set(at(1.5))
    org.change("Case", case, by=chef, OwnerId=chef)
    read(clock, 2, email("e1"))
    work(at(2))
    assert owner(org, case) == chef
    assert reasons() == [UNTRACKED]
    conflict = SalesforceConflict.objects.get()
    assert (conflict.case_id, conflict.owner_id) == (case, chef)
    assert (conflict.changed_by, conflict.changed_at) == (chef, at(1.5))


def test_without_a_history_of_owners_what_nobody_else_has_changed_since_moves_on(
    clock: ManualClock, org: Org, rossi: str, destination: Destination
) -> None:
    org.tracked.discard("Owner")
    destination.config |= {"from_users": False}
    destination.save(update_fields=["config"])
    berg = org.user("B. Berg", "berg@acme.example")
    clock.set(at(1.5))
    case = org.case("Made later, in a queue", Genesys_Conversation_Id__c="e1")
    read(clock, 2, email("e1"))
    work(at(2))
    read(clock, 4, transferred("u1", "u2"))
    work(at(4))
    assert owner(org, case) == berg
    first, *_, last = reasons()
    assert (first, last) == ("from a queue", "from the agent of an earlier connection")
    assert org.rows("CaseHistory", CaseId=case, Field="Owner") == []


def test_a_case_made_later_for_somebody_is_left_to_them(
    clock: ManualClock, org: Org, rossi: str
) -> None:
    chef = org.user("Chef", "chef@acme.example")
    clock.set(at(1.5))
    case = org.case("Broken", by=chef, Genesys_Conversation_Id__c="e1", OwnerId=chef)
    read(clock, 2, email("e1"))
    work(at(2))
    assert owner(org, case) == chef
    assert SalesforceConflict.objects.get().reason.startswith("the case was made for its owner")


def test_somebody_else_saves_the_case_meanwhile_and_it_is_decided_again(
    clock: ManualClock, org: Org, case: str, rossi: str
) -> None:
    chef = org.user("Chef", "chef@acme.example")
    org.faults.put([{"kind": "slow", "path": "*/sobjects/Case/*", "seconds": 1, "count": 1}])

    def save_while_it_is_on_its_way() -> None:
        while not org.faults.befallen:
            time.sleep(0.01)
        clock.set(at(2.5))
        org.change("Case", case, by=chef, OwnerId=chef)

    other = threading.Thread(target=save_while_it_is_on_its_way)
    other.start()
    read(clock, 2, email("e1"))
    work(at(2))
    other.join()
    assert owner(org, case) == chef
    assert reasons() == ["conflict: somebody else has changed the owner since"]
    assert SalesforceConflict.objects.get().changed_by == chef
