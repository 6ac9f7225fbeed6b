"""Rules of queues' hours in the admin: by name, with what they come to for each queue."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversations.models import Division
from sla.models import HoursRule
from sla.queue_hours import by_queue
from tests import factories

pytestmark = pytest.mark.django_db
LIST = "/admin/sla/hoursrule/"


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss"))
    return client


def kept() -> dict[str, str]:
    """Return what each queue keeps in words."""
    return {
        one.name: "; ".join(f"{k.media}: {k.hours}".removeprefix(": ") for k in one.kept)
        for one in by_queue()
    }


def test_the_first_rule_that_covers_a_queue_says_its_hours() -> None:
    vip, night = factories.calendar("VIP"), factories.calendar("Nights")
    named = factories.queue("Claims VIP")
    factories.queue("claims", division_id="d1")
    factories.queue("Returns")
    factories.queue("Gone", deleted=True)
    HoursRule.objects.create(position=20, calendar=night, division_ids=["d1"])
    HoursRule.objects.create(position=10, calendar=vip, queue_ids=[named.genesys_id])
    HoursRule.objects.create(
        position=30, calendar=vip, name_contains="TURN", media_types=["voice", "callback"]
    )

    assert kept() == {
        "Claims VIP": "VIP",
        "claims": "Nights",
        "Returns": "e-mail, messages, chat: no rule covers it; voice, callbacks: VIP",
    }
    assert [one.covered for one in by_queue()] == [True, False, True]


def test_the_list_names_queues_and_divisions_and_shows_what_they_come_to(browser: Client) -> None:
    claims = factories.queue("Claims")
    Division.objects.create(genesys_id="d1", name="North")
    HoursRule.objects.create(
        calendar=factories.calendar("Office"),
        queue_ids=[claims.genesys_id, "unknown-id"],
        division_ids=["d1"],
        media_types=["email"],
    )
    HoursRule.objects.create(position=200, calendar=factories.calendar("Rest"))

    page = browser.get(LIST).content.decode()

    assert "queues Claims, unknown-id; divisions North; e-mail" in page
    assert "every queue" in page
    assert re.search(r'<th scope="row">Claims</th>\s*<td>Rest</td>', page)


def test_queues_are_chosen_by_name_and_an_unknown_one_is_kept(browser: Client) -> None:
    claims, office = factories.queue("Claims"), factories.calendar("Office")
    rule = HoursRule.objects.create(calendar=office, queue_ids=["unknown-id"])
    path = f"{LIST}{rule.pk}/change/"
    page = browser.get(path).content.decode()
    assert f'<option value="{claims.genesys_id}">Claims</option>' in page
    assert '<option value="unknown-id" selected>unknown-id</option>' in page

    form = {
        "position": "5",
        "calendar": str(office.pk),
        "queue_ids": [claims.genesys_id, "unknown-id"],
        "media_types": ["email"],
        "name_contains": "",
    }
    said = browser.post(path, form, follow=True).content.decode()
    assert "was changed successfully" in said
    rule.refresh_from_db()
    assert rule.queue_ids == [claims.genesys_id, "unknown-id"]
    assert (rule.position, rule.division_ids, rule.media_types) == (5, [], ["email"])
    browser.post(path, form | {"queue_ids": ["another"]})
    rule.refresh_from_db()
    assert rule.queue_ids == [claims.genesys_id, "unknown-id"]
