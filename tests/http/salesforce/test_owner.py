"""The case's owner follows the agent who is connected."""

from typing import Any

import pytest

from conversations.models import CommonEvent
from integrations.models import Delivery, Destination, SalesforceConflict, SalesforceUser
from integrations.outbox import orders, relay
from integrations.salesforce import users
from simulator.clock import Clock, ManualClock
from simulator.receivers.salesforce.org import Org
from tests.documents import at, segment
from tests.http.salesforce.story import (
    email,
    link,
    owner,
    people,
    read,
    reasons,
    transferred,
    work,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock() -> Clock:
    return ManualClock(at(-60))


def test_a_case_moves_from_its_queue_and_no_rule_takes_it_back(
    clock: ManualClock, org: Org, case: str, rossi: str
) -> None:
    rule = org.queue("Rule")
    org.assignment = lambda _: rule
    read(clock, 2, email("e1"))
    work(at(2))
    assert owner(org, case) == rossi
    assert org.row("Case", case)["Genesys_Assigned_At__c"] == "2026-03-27T09:01:00.000+0000"
    assert reasons() == ["from a queue"]
    work(at(3))
    assert reasons() == ["from a queue"]


def test_it_is_theirs_already(clock: ManualClock, org: Org, case: str, rossi: str) -> None:
    org.change("Case", case, OwnerId=rossi)
    before = org.row("Case", case)
    read(clock, 2, email("e1"))
    work(at(2))
    assert org.row("Case", case) == before
    assert reasons() == ["the case is theirs already"]


def test_a_user_who_had_it_since_before_gives_it_up(
    clock: ManualClock, org: Org, case: str, rossi: str
) -> None:
    org.change("Case", case, OwnerId=org.user("Chef", "chef@acme.example"))
    read(clock, 2, email("e1"))
    work(at(2))
    assert owner(org, case) == rossi
    assert reasons() == ["from a user who had it since before"]


def test_unless_cases_are_not_taken_from_users(
    clock: ManualClock, org: Org, case: str, destination: Destination
) -> None:
    chef = org.user("Chef", "chef@acme.example")
    org.change("Case", case, OwnerId=chef)
    destination.config |= {"from_users": False}
    destination.save(update_fields=["config"])
    read(clock, 2, email("e1"))
    work(at(2))
    assert owner(org, case) == chef
    assert reasons() == ["it belongs to a user, and is not taken from users"]


def test_a_closed_case_moves_only_where_that_is_wanted(
    clock: ManualClock, org: Org, case: str, rossi: str, destination: Destination
) -> None:
    org.change("Case", case, Status="Closed")
    before = owner(org, case)
    read(clock, 2, email("e1"))
    work(at(2))
    assert (owner(org, case), reasons()) == (before, ["the case is closed"])

    destination.config |= {"closed": True}
    destination.save(update_fields=["config"])
    orders.send_again(pks=[Delivery.objects.get(topic="case.owner").pk], now=at(3))
    relay.relay(now=at(3))
    assert owner(org, case) == rossi


def test_a_transfer_moves_it_on_from_whom_we_gave_it(
    clock: ManualClock, org: Org, case: str, rossi: str, destination: Destination
) -> None:
    destination.config |= {"from_users": False}
    destination.save(update_fields=["config"])
    berg = org.user("B. Berg", "berg@acme.example")
    read(clock, 2, email("e1"))
    work(at(2))
    assert owner(org, case) == rossi
    read(clock, 4, transferred("u1", "u2"))
    work(at(4))
    assert owner(org, case) == berg
    assert reasons()[-1] == "from the agent of an earlier connection"


@pytest.mark.parametrize("first", ["e1-a1", "e1-a2"])
def test_of_two_connections_the_later_counts_whichever_is_told_first(
    first: str, clock: ManualClock, org: Org, case: str, destination: Destination
) -> None:
    berg = org.user("B. Berg", "berg@acme.example")
    read(clock, 4, transferred("u1", "u2"))
    events = CommonEvent.objects.filter(name="agent.connected")
    events.exclude(subject=first).update(announced=True)
    work(at(4))
    events.exclude(subject=first).update(announced=False)
    work(at(5))
    assert owner(org, case) == berg
    assert org.row("Case", case)["Genesys_Assigned_At__c"] == "2026-03-27T09:03:00.000+0000"
    assert not SalesforceConflict.objects.exists()


def test_an_answer_that_was_lost_is_found_and_not_done_twice(
    clock: ManualClock, org: Org, case: str, rossi: str
) -> None:
    org.faults.put([{"kind": "drop_after", "path": "*/sobjects/Case/*", "count": 1}])
    read(clock, 2, email("e1"))
    work(at(2))
    assert owner(org, case) == rossi
    history = len(org.rows("CaseHistory", CaseId=case, Field="Owner"))
    relay.relay(now=at(3))
    assert Delivery.objects.get(topic="case.owner").state == "delivered"
    assert reasons()[-1] == "the case is theirs already"
    assert len(org.rows("CaseHistory", CaseId=case, Field="Owner")) == history


def test_an_agent_without_a_user_is_listed_and_named_by_hand(
    clock: ManualClock, org: Org, destination: Destination
) -> None:
    people()
    case = org.case("Broken", Genesys_Conversation_Id__c="e1")
    org.user("Gone", "rossi@acme.example", active=False)
    read(clock, 2, email("e1"))
    work(at(2))
    row = SalesforceUser.objects.get(user_id="u1")
    assert (row.salesforce_id, row.reason) == ("", "the user is inactive")
    assert Delivery.objects.get(topic="case.owner").state == "dead"

    other = org.user("A. Rossi", "other@acme.example")
    users.set_by_hand(row, other[:15], now=at(3))
    orders.send_again(pks=[Delivery.objects.get(state="dead").pk], now=at(3))
    relay.relay(now=at(3))
    assert owner(org, case) == other


@pytest.mark.parametrize(
    ("fields", "how"),
    [
        ({"FederationIdentifier": "rossi@acme.example"}, "federation"),
        ({"Username": "rossi@acme.example"}, "username"),
        ({"Email": "rossi@acme.example"}, "email"),
    ],
)
def test_a_user_is_known_by_each_of_three_fields(
    fields: dict[str, str], how: str, clock: ManualClock, org: Org, destination: Destination
) -> None:
    people()
    case = org.case("Broken", Genesys_Conversation_Id__c="e1")
    given: dict[str, Any] = {"Email": "x@acme.example", **fields}
    user = org.user("A. Rossi", given.pop("Username", "x1@acme.example"), **given)
    read(clock, 2, email("e1"))
    work(at(2))
    assert owner(org, case) == user
    assert SalesforceUser.objects.get(user_id="u1").how == how


def test_two_active_users_are_none(clock: ManualClock, org: Org, destination: Destination) -> None:
    people()
    org.case("Broken", Genesys_Conversation_Id__c="e1")
    for name in ("x1@acme.example", "x2@acme.example"):
        org.user("A. Rossi", name, Email="rossi@acme.example")
    read(clock, 2, email("e1"))
    work(at(2))
    assert SalesforceUser.objects.get(user_id="u1").reason == "2 active users have this Email"


def test_two_conversations_of_one_case_are_one_order_of_time(
    clock: ManualClock, org: Org, case: str, rossi: str, destination: Destination
) -> None:
    berg = org.user("B. Berg", "berg@acme.example")
    later = email("e2", user="u2")
    later["participants"][1]["sessions"][0]["segments"] = [segment("interact", 8, queueId="q1")]
    read(clock, 9, later, email("e1"))
    link(destination, "e2", case)
    work(at(9))
    assert owner(org, case) == berg


def test_the_validation_rule_refuses_to_go_back_and_that_is_no_failure_of_the_destination(
    clock: ManualClock, org: Org, case: str, destination: Destination
) -> None:
    code = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    org.faults.put([{"kind": "refuse", "object": "Case", "code": code}])
    read(clock, 2, email("e1"))
    work(at(2))
    row = Delivery.objects.get(topic="case.owner")
    assert (row.state, row.reason) == (
        "dead",
        "a validation rule refuses it (FIELD_CUSTOM_VALIDATION_EXCEPTION)",
    )
    destination.refresh_from_db()
    assert destination.disabled_at is None


def test_a_consultation_moves_nothing(
    clock: ManualClock, org: Org, case: str, destination: Destination
) -> None:
    before = owner(org, case)
    read(clock, 2, email("e1"))
    event = CommonEvent.objects.get(name="agent.connected")
    event.payload |= {"consult": "true"}
    event.save(update_fields=["payload"])
    work(at(2))
    assert owner(org, case) == before
    assert not Delivery.objects.filter(topic="case.owner").exists()
