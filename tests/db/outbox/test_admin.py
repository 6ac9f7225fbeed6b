"""Setting up a destination in the admin, trying it, and looking after what was given up."""

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conversations.models import Audience
from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import announce, relay, secrets
from simulator.receivers.server import Served
from sla.models import Ladder, Rung
from tests.db.outbox.conftest import SECRET, a_destination, an_event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def page(client: Client, name: str, *args: Any, query: str = "") -> str:
    response = client.get(reverse(f"admin:integrations_{name}", args=args) + query)
    assert response.status_code == 200
    return response.content.decode()


def filled(served: Served, **more: Any) -> dict[str, Any]:
    told = {
        "name": "CRM",
        "mode": "shadow",
        "topics": ["agent.connected"],
        "url": f"{served.url}/hooks/crm",
        "secret": SECRET,
    }
    return told | more


def test_a_kind_is_chosen_first_and_filled_in_next(admin: Client, served: Served) -> None:
    assert "?kind=webhook" in page(admin, "destination_add")
    add = reverse("admin:integrations_destination_add") + "?kind=webhook"
    assert "Begin in shadow mode" in admin.get(add).content.decode()
    response = admin.post(add, filled(served))
    row = Destination.objects.get()
    assert response["Location"] == reverse("admin:integrations_destination_test", args=[row.pk])
    assert (row.kind, row.mode, row.topics) == ("webhook", "shadow", ["agent.connected"])
    assert row.config == {
        "url": f"{served.url}/hooks/crm",
        "signs_with": "every",
        "headers": "",
        "template": "",
    }
    assert secrets.of(row) == {"secret": SECRET}
    assert Audience.objects.get().name == f"destination:{row.pk}"


def test_a_secret_is_never_shown_and_stays_where_the_field_is_left_empty(
    admin: Client, served: Served
) -> None:
    row = a_destination(served)
    shown = page(admin, "destination_change", row.pk)
    assert SECRET not in shown
    assert "One is stored: leave it empty to keep it" in shown
    assert "here is one that nobody has: whsec_" not in shown
    url = reverse("admin:integrations_destination_change", args=[row.pk])
    admin.post(url, filled(served, secret="", mode="off"))
    row.refresh_from_db()
    assert row.mode == "off"
    assert secrets.of(row) == {"secret": SECRET}
    assert not Audience.objects.exists()


def test_what_somebody_else_changed_is_not_undone(admin: Client, served: Served) -> None:
    row = a_destination(served)
    change = reverse("admin:integrations_destination_change", args=[row.pk])
    seen = admin.get(change).context["adminform"].form["seen"].value()
    Destination.objects.update(delivered_at=timezone.now())  # the relay's own is nobody's change
    Destination.objects.update(name="CRM of the shop")

    answer = admin.post(change, filled(served, seen=seen))
    said = answer.context["adminform"].form.non_field_errors()
    assert said[0].startswith("Somebody has changed it since you opened it: name. ")
    assert Destination.objects.get().name == "CRM of the shop"

    seen = admin.get(change).context["adminform"].form["seen"].value()
    assert admin.post(change, filled(served, seen=seen)).status_code == 302
    assert Destination.objects.get().name == "CRM"


def test_what_is_filled_in_wrongly_is_told_at_its_field(admin: Client, served: Served) -> None:
    add = reverse("admin:integrations_destination_add") + "?kind=webhook"
    shown = admin.post(add, filled(served, url="nowhere", name="")).content.decode()
    assert "Enter a valid URL" in shown
    assert "This field is required" in shown
    assert not Destination.objects.exists()


def test_a_test_shows_the_message_and_sends_it(admin: Client, served: Served) -> None:
    row = a_destination(served, mode="shadow")
    assert "Ada Example" in page(admin, "destination_test", row.pk, query="?topic=hold.ended")
    assert served.receivers.heard("/hooks") == []
    url = reverse("admin:integrations_destination_test", args=[row.pk])
    shown = admin.post(url, {"topic": "agent.connected"}).content.decode()
    assert "It got through: HTTP 204" in shown
    (call,) = served.receivers.heard("/hooks/crm")
    assert call.headers["webhook-id"].startswith("test_")
    assert not Delivery.objects.exists()


def test_a_test_that_fails_says_why_and_never_what_they_answered(
    admin: Client, served: Served
) -> None:
    served.receivers.faults.put([{"kind": "html", "status": 500}])
    row = a_destination(served)
    url = reverse("admin:integrations_destination_test", args=[row.pk])
    shown = admin.post(url, {"topic": "agent.connected"}).content.decode()
    assert "It did not get through" in shown
    assert "HTTP 500" in shown
    assert "unavailable" not in shown


def test_a_destination_that_was_stopped_is_enabled_again(
    admin: Client, served: Served, now: datetime
) -> None:
    served.receivers.faults.put([{"kind": "error", "status": 410}])
    row = a_destination(served)
    an_event(now)
    relay.relay(now=timezone.now())
    assert "Stopped since" in page(admin, "destination_change", row.pk)
    assert "stopped: HTTP 410" in page(admin, "destination_changelist")
    served.receivers.faults.put([])
    admin.post(reverse("admin:integrations_destination_enable", args=[row.pk]))
    assert relay.relay(now=timezone.now()).through == 1


def test_what_was_given_up_is_sent_again_under_its_own_id(
    admin: Client, served: Served, now: datetime
) -> None:
    served.receivers.faults.put([{"kind": "error", "status": 422, "count": 1}])
    a_destination(served)
    an_event(now)
    relay.relay(now=timezone.now())
    row = Delivery.objects.get()
    assert "HTTP 422" in page(admin, "delivery_change", row.pk)
    url = reverse("admin:integrations_delivery_changelist")
    admin.post(url, {"action": "send_again", "_selected_action": [row.pk]})
    assert relay.relay(now=timezone.now()).through == 1
    assert Attempt.objects.count() == 2


def test_their_answers_are_for_those_who_may_see_them(
    client: Client, served: Served, now: datetime
) -> None:
    a_destination(served, mode="shadow")
    an_event(now)
    relay.relay(now=timezone.now())
    user = User.objects.create_user("clerk", password="x", is_staff=True)
    codename = "view_delivery"
    user.user_permissions.add(*_permissions(codename))
    client.force_login(user)
    row = Delivery.objects.get()
    assert "conversationId" not in page(client, "delivery_change", row.pk)


def _permissions(*codenames: str) -> Any:
    return Permission.objects.filter(codename__in=codenames)


def test_who_may_not_change_destinations_may_not_send_tests(client: Client, served: Served) -> None:
    row = a_destination(served)
    user = User.objects.create_user("clerk", password="x", is_staff=True)
    user.user_permissions.add(*_permissions("view_destination"))
    client.force_login(user)
    assert "Seen" not in page(client, "destination_change", row.pk)
    url = reverse("admin:integrations_destination_test", args=[row.pk])
    assert client.post(url, {"topic": "agent.connected"}).status_code == 403
    assert served.receivers.heard("/hooks") == []


def test_whoever_deletes_a_destination_reads_which_rungs_lose_their_way(
    admin: Client, served: Served
) -> None:
    row = a_destination(served)
    words = "Rungs that will tell the administrators instead: 1"
    assert words not in page(admin, "destination_delete", row.pk)
    Rung.objects.create(ladder=Ladder.objects.create(name="Night"), destination_id=row.pk)
    assert words in page(admin, "destination_delete", row.pk)


def test_a_destination_that_is_deleted_is_told_of_nothing(admin: Client, served: Served) -> None:
    row = a_destination(served)
    url = reverse("admin:integrations_destination_delete", args=[row.pk])
    admin.post(url, {"post": "yes"})
    assert not Destination.objects.exists()
    assert not Audience.objects.exists()
    assert announce.announce(now=timezone.now()) == 0
