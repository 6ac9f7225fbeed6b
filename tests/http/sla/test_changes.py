"""Changes of policies and opening hours: what they concern, and what is refused or undone."""

from typing import Any

import pytest
from django.test import Client

from conversations.models import Conversation
from sla.models import Calendar, Policy, Recomputation
from tests.http.sla.conftest import CHOSEN, fields, page

pytestmark = pytest.mark.django_db


def policy_form(policy: Policy, **changed: Any) -> dict[str, Any]:
    """The form of the policy of a new installation, as the page sends it."""
    return {
        "name": policy.name,
        "active": "on",
        "position": "100",
        "calendar": str(policy.calendar_id or ""),
        "media_types": ["email", "message"],
        "next_response_s": "4 h",
        "warnings": "3 h 30 min",
        "waiting_on_customer_pauses": "on",
        "forgotten_s": "2 h",
        "away_s": "30 min",
        **CHOSEN,
        **changed,
    }


def said(browser: Client, path: str, form: dict[str, Any]) -> list[str]:
    """Save a form; return what is said of it."""
    response = browser.post(f"/admin/sla/{path}", form, follow=True)
    assert response.redirect_chain, response.context["adminform"].form.errors
    return [str(message) for message in response.context["messages"]]


def test_saving_a_policy_says_how_many_are_late_by_it_and_that_nobody_is_told(
    browser: Client, asked: Conversation
) -> None:
    policy = Policy.objects.get()
    path = f"policy/{policy.pk}/change/"

    told = said(browser, path, policy_form(policy, next_response_s="5 h"))

    late = "1 open conversation is late by it already. Nobody is told of what fell due before now."
    assert told[:2] == [
        (
            "The clocks of 1 open conversations are being computed anew. For ended ones run: "
            "manage.py recompute_sla"
        ),
        f"{policy.name}: {late}",
    ]
    policy.refresh_from_db()
    (ordered,) = Recomputation.objects.all()
    assert policy.told_from == ordered.ordered_at


def test_what_concerns_no_clock_has_none_computed_anew(
    browser: Client, asked: Conversation
) -> None:
    policy = Policy.objects.get()
    monday = {"mon": [["09:00", "17:00"]]}
    unused = Calendar.objects.create(name="Spare", timezone="UTC", hours=monday)

    told = said(browser, f"policy/{policy.pk}/change/", policy_form(policy))
    form = fields(name="Spare", timezone="UTC", hours='{"mon": [["08:00", "17:00"]]}')
    told += said(browser, f"calendar/{unused.pk}/change/", form)
    more = {"name": "Later", "active": "", "first_response_s": "1 h"}
    told += said(browser, "policy/add/", policy_form(policy, **more))

    assert [one for one in told if "computed anew" in one or "late" in one] == []
    assert not Recomputation.objects.exists()


def test_what_nothing_was_measured_by_is_deleted_with_its_versions(browser: Client) -> None:
    calendar, policy = Calendar.objects.get(), Policy.objects.get()
    assert "It cannot be deleted, since it is kept by policy Answer within 4 hours." in page(
        browser, f"calendar/{calendar.pk}/change/"
    )

    browser.post(f"/admin/sla/policy/{policy.pk}/delete/", {"post": "yes"})
    assert not Policy.objects.exists()
    more = page(browser, f"calendar/{calendar.pk}/change/")
    assert "clocks were measured by it" not in more
    browser.post(f"/admin/sla/calendar/{calendar.pk}/delete/", {"post": "yes"})
    assert not Calendar.objects.exists()


def test_a_policy_that_measured_something_is_switched_off_instead(
    browser: Client, asked: Conversation
) -> None:
    policy = Policy.objects.get()
    shown = page(browser, f"policy/{policy.pk}/change/")

    assert "switch it off: untick Active and save" in shown
    assert 'class="deletelink"' not in shown
    chosen = {"action": "delete_selected", "_selected_action": [policy.pk], "post": "yes"}
    browser.post("/admin/sla/policy/", chosen)
    refused = browser.post(f"/admin/sla/policy/{policy.pk}/delete/", {"post": "yes"})
    assert (refused.status_code, refused["Location"]) == (
        302,
        f"/admin/sla/policy/{policy.pk}/change/",
    )
    assert Policy.objects.exists()


def test_a_target_that_cannot_be_read_is_not_said_to_be_lacking(browser: Client) -> None:
    policy = Policy.objects.get()
    form = policy_form(policy, next_response_s="four hours", warnings="3 h 30 min")
    response = browser.post(f"/admin/sla/policy/{policy.pk}/change/", form)

    assert list(response.context["adminform"].form.errors) == ["next_response_s"]


def test_first_and_next_response_both_are_to_mind(browser: Client) -> None:
    Policy.objects.update(first_response_s=3600)

    shown = page(browser, f"policy/{Policy.objects.get().pk}/change/")

    assert "first message is told of twice" in shown


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        (
            {"timezone": "Berlin", "hours": '{"mon": 9}', "holidays": '["Xmas"]'},
            {"timezone", "hours", "holidays"},
        ),
        ({"hours": "{mon"}, {"hours"}),
        ({"hours": '{"mon": [["09:00", "12:00"], ["11:00", "17:00"]]}'}, {"hours"}),
        ({"name": "Spare"}, {"name"}),
    ],
)
def test_all_boxes_that_are_wrong_are_told_at_once_and_only_those(
    browser: Client, changed: dict[str, str], errors: set[str]
) -> None:
    Calendar.objects.create(name="Spare", timezone="UTC", hours={})
    path = f"/admin/sla/calendar/{Calendar.objects.order_by('pk')[0].pk}/change/"

    found = browser.post(path, fields(**changed)).context["adminform"].form.errors

    assert set(found) == errors
    if "11:00" in changed.get("hours", ""):
        assert found["hours"] == ["Monday: 09:00-12:00 and 11:00-17:00 overlap: write them as one."]
    if changed == {"hours": "{mon"}:
        assert found["hours"] == ["Enter a valid JSON."]


def test_somebody_elses_change_since_the_form_was_opened_is_not_undone(browser: Client) -> None:
    policy = Policy.objects.get()
    path = f"/admin/sla/policy/{policy.pk}/change/"
    opened = browser.get(path).context["adminform"].form.initial["seen"]
    Policy.objects.update(position=7)

    response = browser.post(path, policy_form(policy, seen=opened, next_response_s="5 h"))

    (told,) = response.context["adminform"].form.non_field_errors()
    assert told.startswith("Somebody has changed it since you opened it: position.")
    assert Policy.objects.get().next_response_s == 14_400
    again = browser.get(path).context["adminform"].form.initial["seen"]
    assert browser.post(path, policy_form(policy, seen=again)).status_code == 302
