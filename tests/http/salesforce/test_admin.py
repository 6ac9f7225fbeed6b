"""What an administrator sees of Salesforce, and sets right by hand."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conversations.models import Conversation
from integrations.domain.delivery import Parcel
from integrations.models import Destination, SalesforceConflict, SalesforceLink, SalesforceUser
from integrations.outbox import registry, secrets
from integrations.outbox.kinds import Letter, Message
from simulator.clock import Clock, ManualClock
from simulator.receivers.salesforce.org import Org
from tests import factories
from tests.documents import at
from tests.http.salesforce.story import email, people, read, shown, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock() -> Clock:
    return ManualClock(at(0))


@pytest.fixture
def unlinked(clock: ManualClock, destination: Destination) -> SalesforceLink:
    people()
    read(clock, 15, email("e1", (5, 15)))
    work(at(15))
    return SalesforceLink.objects.get()


def page(row: SalesforceLink | SalesforceUser) -> str:
    return reverse(f"admin:integrations_{row._meta.model_name}_change", args=[row.pk])


def test_a_case_set_by_hand_gets_what_waited_for_it(
    admin_client: Client, unlinked: SalesforceLink, org: Org
) -> None:
    case = org.case("Broken")
    shown_page = admin_client.get(
        reverse("admin:integrations_salesforcelink_changelist"), {"known": "no"}
    )
    assert "no case is known to belong to it" in shown_page.content.decode()

    refused = admin_client.post(page(unlinked), {"case_id": "001Aw0000000001"})
    assert "begin with 500" in refused.content.decode()
    assert admin_client.post(page(unlinked), {"case_id": case[:15]}).status_code == 302
    unlinked.refresh_from_db()
    assert (unlinked.case_id, unlinked.how) == (case, "hand")
    work(timezone.now())
    assert shown(org.rows("DCM_Hold__c"), "Case__c", "State__c") == [(case, "final")]


def test_what_was_set_by_hand_moves_everything_to_another_case(
    admin_client: Client, unlinked: SalesforceLink, org: Org
) -> None:
    wrong, right = org.case("Wrong"), org.case("Right")
    admin_client.post(page(unlinked), {"case_id": wrong})
    work(timezone.now())
    admin_client.post(page(unlinked), {"case_id": right})
    work(timezone.now())
    assert shown(org.rows("DCM_Hold__c"), "Case__c") == [(right,)]
    assert shown(org.rows("Task"), "WhatId") == [(right,)]


def test_a_case_is_looked_for_again_on_demand(
    admin_client: Client, unlinked: SalesforceLink, org: Org
) -> None:
    SalesforceLink.objects.update(next_at=None, tries=9)
    work(at(40))
    case = org.case("Broken", Genesys_Conversation_Id__c="e1")
    asked = {"action": "look_again", "_selected_action": [unlinked.pk]}
    admin_client.post(reverse("admin:integrations_salesforcelink_changelist"), asked)
    work(timezone.now())
    assert SalesforceLink.objects.get().case_id == case


def test_a_user_is_named_by_hand(
    admin_client: Client, unlinked: SalesforceLink, org: Org, destination: Destination
) -> None:
    user = org.user("A. Rossi", "x@acme.example")
    row = SalesforceUser.objects.create(
        destination=destination, user_id="u1", looked_at=at(15), reason="no user"
    )
    assert (
        "A. Rossi"
        in admin_client.get(
            reverse("admin:integrations_salesforceuser_changelist")
        ).content.decode()
    )
    admin_client.post(page(row), {"salesforce_id": user[:15]})
    row.refresh_from_db()
    assert (row.salesforce_id, row.how, row.reason) == (user, "hand", "")


def test_nobody_without_the_permission_sets_anything(
    client: Client, unlinked: SalesforceLink, org: Org
) -> None:
    user = factories.user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_salesforcelink"))
    client.force_login(user)
    assert client.get(page(unlinked)).status_code == 200
    assert client.post(page(unlinked), {"case_id": org.case("x")}).status_code == 403
    unlinked.refresh_from_db()
    assert unlinked.case_id == ""


def test_conflicts_and_holds_are_listed(
    admin_client: Client, unlinked: SalesforceLink, destination: Destination
) -> None:
    SalesforceConflict.objects.create(
        destination=destination,
        conversation_id=Conversation.objects.get().genesys_id,
        event="e1:agent.connected:s",
        case_id="500Aw0000000001IAA",
        user_id="u1",
        at=at(1),
        owner_id="005Aw0000000009IAA",
        reason="somebody else has changed the owner since",
        noted_at=at(1) + timedelta(seconds=2),
    )
    for name, told in (("salesforceconflict", "somebody else"), ("salesforcehold", "e-mail")):
        got = admin_client.get(reverse(f"admin:integrations_{name}_changelist"))
        assert got.status_code == 200
        assert told in got.content.decode().replace("email", "e-mail")


def test_a_test_logs_in_and_tells_what_is_left(destination: Destination, org: Org) -> None:
    kind = registry.kind("salesforce")
    settings = kind.settings_of(destination, secrets.of(destination))
    sample = Message(
        id="test_1", name="hold.started", at=at(0), recorded_at=at(0), conversation_id="c"
    )
    rendered = kind.render(settings, sample)
    assert "log in" in rendered.body
    parcel = Parcel(0, "test_1", "hold.started", "c", {}, 1, 1, False, "", 0, 0)
    letter = Letter(parcel, sample, rendered)
    (told,) = kind.send(settings, [letter])
    assert (told.result, told.reason) == (
        "delivered",
        "logged in; 99999 of 100000 API calls are left",
    )
    org.auth.apps.clear()
    org.auth.expire()
    (refused,) = kind.send(settings, [letter])
    assert refused.reason.startswith("Salesforce gives no token: invalid_client_id")
