"""Looking after deliveries in the admin: what was shown, sending again, what goes wrong."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import outcomes, relay
from simulator.receivers.server import Served
from tests.db.outbox.conftest import a_destination, an_event
from tests.db.outbox.test_admin import page

pytestmark = pytest.mark.django_db(transaction=True)
CONVERSATION = "0a1b2c3d-0000-4000-8000-000000000001"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def sent_again(admin: Client, row: Delivery) -> str:
    url = reverse("admin:integrations_delivery_changelist")
    chosen = {"action": "send_again", "_selected_action": [row.pk]}
    return admin.post(url, chosen, follow=True).content.decode()


def delivered(now: datetime) -> Delivery:
    an_event(now)
    relay.relay(now=timezone.now())
    return Delivery.objects.get()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "1 to CRM will be sent again within seconds."),
        ({"mode": "off"}, "not yet: it is off. They wait until its mode is live."),
        ({"mode": "shadow"}, "1 to CRM will be rendered again, not sent: it is in shadow mode."),
        ({"disabled_at": 0}, "not yet: it is stopped. They wait until it is enabled again."),
        ({"open_until": 5}, "not yet: it fails at present and is tried next at "),
    ],
    ids=str,
)
def test_sending_again_says_when_that_is(
    admin: Client, served: Served, now: datetime, values: dict[str, Any], told: str
) -> None:
    a_destination(served)
    row = delivered(now)
    at = timezone.now()
    changed = {k: at + timedelta(minutes=v) if v in (0, 5) else v for k, v in values.items()}
    Destination.objects.update(**changed)
    assert told in sent_again(admin, row)
    assert Delivery.objects.get().state == "waiting"


def test_one_that_was_delivered_and_is_refused_when_sent_again_still_says_so(
    admin: Client, served: Served, now: datetime
) -> None:
    a_destination(served)
    row = delivered(now)
    served.receivers.faults.put([{"kind": "error", "status": 422, "count": 1}])
    sent_again(admin, row)
    relay.relay(now=timezone.now())
    row.refresh_from_db()
    assert (row.state, row.delivered_at is None) == ("dead", False)
    listed = page(admin, "delivery_changelist")
    assert "sent again after it was delivered: HTTP 422" in listed
    assert '<td class="field-when">delivered 2' in listed


def test_what_shadow_mode_rendered_is_there_to_be_read(
    admin: Client, served: Served, now: datetime
) -> None:
    a_destination(served, mode="shadow")
    an_event(now, CONVERSATION)
    relay.relay(now=timezone.now())
    shown = page(admin, "delivery_change", Delivery.objects.get().pk)
    assert "What would be sent" in shown
    assert f"\n    &quot;conversationId&quot;: &quot;{CONVERSATION}&quot;" in shown
    listed = page(admin, "destination_changelist")
    assert ">1 rendered</a>" in listed
    assert "nothing sent yet" not in listed


def test_a_list_of_tries_names_the_destination_and_cuts_the_conversation(
    admin: Client, served: Served, now: datetime
) -> None:
    a_destination(served)
    an_event(now, CONVERSATION)
    relay.relay(now=timezone.now())
    listed = page(admin, "attempt_changelist")
    assert '<td class="field-destination">CRM</td>' in listed
    assert f'<span class="quiet" title="{CONVERSATION}">0a1b2c3d…</span>' in listed
    assert "1 try" in listed


def test_a_failing_destination_says_why_and_when_it_is_tried_next(
    admin: Client, served: Served, now: datetime
) -> None:
    served.receivers.faults.put([{"kind": "error", "status": 503}])
    row = a_destination(served)
    for number in range(6):
        an_event(now, f"c{number}")
    relay.relay(now=timezone.now())
    row.refresh_from_db()
    assert row.failures >= 5
    assert row.failed_reason.startswith("HTTP 503")
    assert f"It fails, {row.failures} in a row: HTTP 503" in page(
        admin, "destination_change", row.pk
    )
    assert "failing: HTTP 503" in page(admin, "destination_changelist")
    served.receivers.faults.put([])
    outcomes.enable(destination_id=row.pk, now=timezone.now())
    assert relay.relay(now=timezone.now()).through == 6
    row.refresh_from_db()
    assert (row.failures, row.failed_reason) == (0, "")


def test_destinations_are_filtered_by_what_people_call_them(
    admin: Client, served: Served, now: datetime
) -> None:
    a_destination(served)
    a_destination(served, "Gone", disabled_at=now, disabled_reason="HTTP 410")
    a_destination(served, "Chat", kind="slack_webhook", config={})
    listed = page(admin, "destination_changelist", query="?stopped=yes")
    assert ">Gone</a>" in listed
    assert ">CRM</a>" not in listed
    assert "Slack, by incoming webhook" in listed
    listed = page(admin, "destination_changelist", query="?kind=slack_webhook&stopped=no")
    assert ">Chat</a>" in listed
    assert ">CRM</a>" not in listed


def test_a_destination_goes_together_with_its_history(
    admin: Client, served: Served, now: datetime
) -> None:
    row = a_destination(served)
    delivered(now)
    url = reverse("admin:integrations_destination_delete", args=[row.pk])
    asked = admin.get(url).content.decode()
    assert "set its mode to “Off” instead" in asked
    assert "Deliveries: 1" in asked
    assert "Tries: 1" in asked
    admin.post(url, {"post": "yes"})
    for model in (Destination, Delivery, Attempt):
        assert not model.objects.exists()


def test_who_may_not_delete_a_destination_is_refused(client: Client, served: Served) -> None:
    row = a_destination(served)
    user = User.objects.create_user("clerk", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="change_destination"))
    client.force_login(user)
    url = reverse("admin:integrations_destination_delete", args=[row.pk])
    assert client.post(url, {"post": "yes"}).status_code == 403
    assert Destination.objects.exists()
