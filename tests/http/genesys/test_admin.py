"""Readings that were given up, in the admin."""

from datetime import datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from conversations.domain.expectations import Expectation
from integrations.genesys import orders
from integrations.genesys.orders import Order
from integrations.models import Wanted
from tests import factories

pytestmark = pytest.mark.django_db
LIST = "/admin/integrations/wanted/"


@pytest.fixture
def given_up(now: datetime) -> Wanted:
    orders.want(orders=[Order("c-1", (Expectation("s", "ended"),))], now=now)
    Wanted.objects.update(given_up_at=now, attempts=7, reason="not shown yet: session s ended")
    return Wanted.objects.get()


def _staff(*codenames: str) -> Client:
    client = Client()
    user = factories.user("operator", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)
    return client


def test_what_was_given_up_is_listed_with_its_reason(given_up: Wanted) -> None:
    page = _staff("view_wanted").get(LIST, {"given_up_at__isempty": "0"}).content.decode()

    assert "not shown yet: session s ended" in page
    assert "Read again now" not in page


def test_who_may_change_it_has_it_read_again(
    admin_client: Client, given_up: Wanted, now: datetime
) -> None:
    chosen = {"action": "read_again", "_selected_action": [given_up.pk]}

    page = admin_client.post(LIST, chosen, follow=True).content.decode()

    assert "1 will be read again within seconds" in page
    row = Wanted.objects.get()
    assert (row.given_up_at, row.attempts) == (None, 0)
    assert row.expects == [{"session": "s", "shows": "ended", "since": 0}]
    assert LogEntry.objects.get().get_change_message() == "Ordered to be read again"
