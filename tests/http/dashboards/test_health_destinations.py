"""Destinations on the health page: how each does, why not, and where the staff is led."""

import re
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from integrations.models import Delivery, Destination
from tests.http.dashboards.test_health import text_of

MINUTE = timedelta(minutes=1)


def a_destination(moment: datetime, **values: object) -> Destination:
    told = {"name": "CRM", "kind": "webhook", "mode": "live", "created_at": moment}
    return Destination.objects.create(**(told | values))


def a_delivery(to: Destination, at: datetime, state: str = "waiting", key: str = "k") -> None:
    Delivery.objects.create(
        destination=to, key=key, topic="agent.connected", ordered_at=at, due_at=at, state=state
    )


def test_a_destination_that_fails_says_why_when_it_is_tried_next_and_what_to_do(
    reader: Client, moment: datetime
) -> None:
    row = a_destination(
        moment,
        failures=7,
        failed_reason="connection refused",
        open_until=moment + MINUTE,
        delivered_at=moment - 20 * MINUTE,
    )
    a_delivery(row, moment)

    told = text_of(reader)
    next_at = (moment + MINUTE).strftime("%M:%S")

    assert re.search(
        rf"CRM Webhook\S*, live Failing Failed 7 in a row: connection refused\."
        rf" Next try at \S*{next_at}",
        told,
    ), told
    assert "Nothing is lost: what waits goes out by itself" in told
    assert "1 Failing" in told
    seen = reader.get("/health/", {"format": "json"}).json()
    assert (seen["status"], seen["destinations"][0]["failing"]) == ("failing", "connection refused")


def test_one_that_was_stopped_counts_as_failing_and_one_that_is_off_does_not(
    reader: Client, moment: datetime
) -> None:
    a_destination(moment, disabled_at=moment, disabled_reason="HTTP 410")
    a_destination(moment, name="Old", mode="off", disabled_at=moment, disabled_reason="HTTP 410")

    told = text_of(reader)

    assert "live Stopped Stopped: HTTP 410. What is to be told waits." in told
    assert "1 Failing" in told
    assert re.search(r"Old Webhook\S*, off Off", told)


def test_one_in_shadow_mode_says_how_much_it_has_rendered(
    reader: Client, client: Client, moment: datetime
) -> None:
    row = a_destination(moment, mode="shadow")
    for number in range(3):
        a_delivery(row, moment, "shown", f"k{number}")
    a_delivery(row, moment, key="w")

    assert "Webhook, shadow mode Shadow 3 rendered, not sent" in text_of(reader)

    client.force_login(User.objects.create_superuser("root", password="x"))
    page = client.get("/health/").content.decode().replace("&amp;", "&")
    deliveries = f"{reverse('admin:integrations_delivery_changelist')}?destination__id__exact="
    assert f'href="{deliveries}{row.pk}&state__exact=shown">3 rendered, not sent<' in page
    assert f'href="{deliveries}{row.pk}&state__exact=waiting">1<' in page
    assert f'href="{reverse("admin:integrations_destination_change", args=[row.pk])}">CRM<' in page
