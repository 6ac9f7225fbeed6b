"""What an administrator sees who tries a draft on history before saving it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from conversations.models import Conversation, Message, Queue
from integrations.models import Destination
from sla.backtesting import work_off
from sla.models import Backtest, Calendar, Clock, Ladder, Policy, Rung
from tests.factories import NEVER_CLOSED

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss"))
    return client


@pytest.fixture(autouse=True)
def _always_open() -> None:
    Calendar.objects.update(hours=NEVER_CLOSED, timezone="UTC")


@pytest.fixture
def answered() -> Conversation:
    """A customer who was answered after two hours, at noon of the day before yesterday."""
    Queue.objects.create(genesys_id="q1", name="Support EU")
    began = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
    asked = Conversation.objects.create(
        genesys_id="c1", started_at=began, media_type="email", queue_id="q1", observed_at=began
    )
    Message.objects.create(
        conversation=asked,
        genesys_id="m1",
        sent_at=began + timedelta(hours=2),
        sender=Message.Sender.AGENT,
    )
    return asked


def form(**changed: Any) -> dict[str, Any]:
    """The form of the policy of a new installation, as the page sends it."""
    policy = Policy.objects.get()
    return {
        "name": policy.name,
        "active": "on",
        "position": "100",
        "calendar": str(policy.calendar_id),
        "media_types": [],
        "next_response_s": "1 h",
        "time_unit": "business",
        "on_change": "recompute",
        "reopening": "continue",
        "warnings": "30 min",
    } | changed


def tried(browser: Client, page: str, posted: dict[str, Any]) -> Any:
    return browser.post(f"/admin/sla/{page}", posted | {"_try_7": "Try"}, follow=True)


def shown(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def test_a_draft_is_tried_and_nothing_of_it_is_saved(
    browser: Client, answered: Conversation
) -> None:
    path = f"policy/{Policy.objects.get().pk}/change/"
    assert "Try on the last 30 days" in browser.get(f"/admin/sla/{path}").content.decode()

    waiting = tried(browser, path, form())
    assert "0 of 1 conversations. This page shows what it came to" in shown(waiting)
    assert 'hx-trigger="every 2s"' in waiting.content.decode()
    assert work_off(now=timezone.now()) == 1

    page = browser.get(waiting.redirect_chain[-1][0])
    assert (
        "With this draft, the last 7 days: 1 warning, 1 breach; as it is today: 0 and 0. "
        "Notices with this draft: 2 x whoever is told of SLA events."
    ) in shown(page)
    assert "Promises kept: 0.0 % (0 of 1) with this draft, 100.0 % (1 of 1) as it is" in shown(page)
    assert "Support EU 1 0 +1 1 0 +1 2 0 +2" in shown(page)
    assert 'hx-trigger="every 2s"' not in page.content.decode()
    assert Policy.objects.get().next_response_s == 14_400
    assert not Clock.objects.exists()


def test_the_conversations_behind_a_number_are_listed(
    browser: Client, answered: Conversation
) -> None:
    page = tried(browser, f"policy/{Policy.objects.get().pk}/change/", form())
    work_off(now=timezone.now())
    result = browser.get(page.redirect_chain[-1][0]).content.decode()
    (link,) = set(re.findall(r'href="([^"]*what=breaches&amp;day[^"]*)"', result))

    found = browser.get(link.replace("&amp;", "&"))

    assert re.search(r"Breaches, 20\d\d-\d\d-\d\d, Support EU: 1 conversation\.", shown(found))
    assert "email 1 0 +1" in shown(found)
    assert 'href="/conversations/c1/"' in found.content.decode()


def test_a_policy_that_is_not_saved_yet_is_tried_too(
    browser: Client, answered: Conversation
) -> None:
    response = tried(browser, "policy/add/", form(name="Premium", position="1"))
    work_off(now=timezone.now())

    said = shown(browser.get(response.redirect_chain[-1][0]))
    assert "1 warning, 1 breach; as it is today: 0 and 0." in said
    assert "1 conversation would fall to another policy" in said
    assert not Policy.objects.filter(name="Premium").exists()


def test_opening_hours_are_tried_for_the_policies_that_keep_them(
    browser: Client, answered: Conversation
) -> None:
    Policy.objects.update(next_response_s=3600, warnings=["30 min"])
    hours = {
        "name": "Office hours",
        "timezone": "UTC",
        "hours": '{"mon": [["00:00", "00:01"]]}',
        "holidays": "[]",
        "overrides": "{}",
        "breaks": "{}",
    }
    response = tried(browser, f"calendar/{Calendar.objects.get().pk}/change/", hours)
    work_off(now=timezone.now())

    said = shown(browser.get(response.redirect_chain[-1][0]))
    assert "0 warnings, 0 breaches; as it is today: 1 and 1." in said
    assert Calendar.objects.get().hours == NEVER_CLOSED
    assert "Try on" not in browser.get("/admin/sla/calendar/add/").content.decode()


def as_sent(page: Any) -> dict[str, Any]:
    """What the browser would send of a form as the page shows it."""
    inlines = [one.formset for one in page.context["inline_admin_formsets"]]
    forms = [page.context["adminform"].form]
    for formset in inlines:
        forms += [formset.management_form, *formset.forms]
    values = {form.add_prefix(name): form[name].value() for form in forms for name in form.fields}
    return {name: value for name, value in values.items() if value not in (None, False)}


def test_a_ladder_is_tried_with_its_rungs_and_says_by_which_ways_notices_go(
    browser: Client, answered: Conversation
) -> None:
    destination = Destination.objects.create(
        name="#eu-sup", kind="slack", created_at=timezone.now(), config={}
    )
    ladder = Ladder.objects.create(name="Usual")
    Rung.objects.create(ladder=ladder, offset_s=-10_800, destination_id=destination.pk)
    Policy.objects.update(ladder=ladder)
    path = f"ladder/{ladder.pk}/change/"
    sent = as_sent(browser.get(f"/admin/sla/{path}"))
    assert sent["rungs-0-destination_id"] == destination.pk

    response = tried(browser, path, sent | {"rungs-0-offset": "-1 h", "rungs-0-repeat_times": 0})
    work_off(now=timezone.now())

    said = shown(browser.get(response.redirect_chain[-1][0]))
    assert "Notices with this draft: none." in said
    assert "#eu-sup (Slack, by an app of yours) 0 1 -1" in said
    assert Rung.objects.get().offset_s == -10_800
    assert "Try on" not in browser.get("/admin/sla/ladder/add/").content.decode()


def test_a_form_that_cannot_hold_shows_why_and_saves_nothing(browser: Client) -> None:
    response = tried(browser, f"policy/{Policy.objects.get().pk}/change/", form(next_response_s=""))

    assert "It promises nothing" in shown(response)
    assert not Backtest.objects.exists()
    assert Policy.objects.get().next_response_s == 14_400


def test_who_may_not_change_policies_may_not_try_them_either(client: Client) -> None:
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_policy"))
    client.force_login(looker)
    path = f"/admin/sla/policy/{Policy.objects.get().pk}/change/"

    assert client.post(path, form() | {"_try_7": "Try"}).status_code == 403
    assert client.post("/admin/sla/policy/add/", form() | {"_try_7": "Try"}).status_code == 403
    assert not Backtest.objects.exists()


def test_a_backtest_is_seen_by_who_asked_and_by_nobody_else_without_leave(
    client: Client, answered: Conversation
) -> None:
    writer = User.objects.create_user("writer", is_staff=True)
    writer.user_permissions.add(Permission.objects.get(codename="change_policy"))
    client.force_login(writer)
    response = tried(client, f"policy/{Policy.objects.get().pk}/change/", form())
    assert response.status_code == 200
    path = response.redirect_chain[-1][0]

    client.force_login(User.objects.create_user("other", is_staff=True))
    assert client.get(path).status_code == 403


def test_hours_that_cannot_be_read_are_told(browser: Client) -> None:
    Calendar.objects.update(timezone="Berlin")

    response = tried(browser, f"policy/{Policy.objects.get().pk}/change/", form())

    assert "It could not be tried: timezone: 'Berlin' is no time zone" in shown(response).replace(
        "&#x27;", "'"
    )
