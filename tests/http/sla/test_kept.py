"""Ladders, rotas and supervisions: others' changes are not undone, what is used is not deleted."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from sla.models import Enforcement, Ladder, Policy, Rota, Rung, Shift, Supervision

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss", "boss@example.com")


@pytest.fixture
def browser(client: Client, boss: User) -> Client:
    client.force_login(boss)
    return client


@pytest.fixture
def ladder() -> Ladder:
    ladder = Ladder.objects.create(name="Night")
    Rung.objects.create(ladder=ladder, position=10, offset_s=0, audience="administrators")
    return ladder


@pytest.fixture
def rota(boss: User) -> Rota:
    rota = Rota.objects.create(name="Service", timezone="Europe/Berlin")
    shift = Shift.objects.create(rota=rota, weekdays=["mon"], starts="08:00", ends="20:00")
    shift.people.add(boss)
    return rota


@pytest.fixture
def supervision(boss: User) -> Supervision:
    row = Supervision.objects.create(name="Team")
    row.people.add(boss)
    return row


def url(row: Model, what: str = "change") -> str:
    return f"/admin/sla/{row._meta.model_name}/{row.pk}/{what}/"


def as_it_stands(browser: Client, row: Model) -> dict[str, Any]:
    """The form of a row as a browser that opens it would send it."""
    context = browser.get(url(row)).context
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.initial_forms]
    sent = {}
    for form in forms:
        for bound in form:
            value = bound.field.prepare_value(bound.value())
            sent[bound.html_name] = "" if value is None else value
    return sent


def told(browser: Client, row: Model, form: dict[str, Any]) -> list[str]:
    """Save a form; return why it was refused."""
    answer = browser.post(url(row), form)
    if answer.status_code == 302:
        return []
    return list(answer.context["adminform"].form.non_field_errors())


def refusal(what: str) -> list[str]:
    said = f"Somebody has changed it since you opened it: {what}."
    return [f"{said} Nothing of yours was saved: open it anew, and change it there."]


def test_what_somebody_else_changed_in_a_ladder_is_not_undone(
    browser: Client, ladder: Ladder
) -> None:
    opened = as_it_stands(browser, ladder)
    Rung.objects.update(template="Hurry")
    assert told(browser, ladder, opened | {"name": "Day"}) == refusal("rungs")
    Ladder.objects.update(quiet_timezone="UTC")
    assert told(browser, ladder, opened) == refusal("quiet timezone, rungs")
    assert told(browser, ladder, as_it_stands(browser, ladder) | {"name": "Day"}) == []
    assert (Ladder.objects.get().name, Rung.objects.get().template) == ("Day", "Hurry")


def test_what_somebody_else_changed_in_a_rota_is_not_undone(browser: Client, rota: Rota) -> None:
    opened = as_it_stands(browser, rota)
    Shift.objects.get().people.add(User.objects.create_user("anna"))
    assert told(browser, rota, opened) == refusal("shifts")
    assert Shift.objects.get().people.count() == 2
    assert told(browser, rota, as_it_stands(browser, rota)) == []


def test_what_somebody_else_changed_in_a_supervision_is_not_undone(
    browser: Client, supervision: Supervision
) -> None:
    opened = as_it_stands(browser, supervision)
    supervision.people.add(User.objects.create_user("anna"))
    assert told(browser, supervision, opened) == refusal("people")
    assert told(browser, supervision, as_it_stands(browser, supervision)) == []
    assert supervision.people.count() == 2


def test_what_somebody_else_changed_in_a_force_disconnect_is_not_undone(browser: Client) -> None:
    row = Enforcement.objects.create(policy=Policy.objects.get(), mode="dry_run", per_hour=5)
    opened = as_it_stands(browser, row)
    Enforcement.objects.update(seen_at=timezone.now())  # what the scan writes is nobody's change
    assert told(browser, row, opened) == []
    opened = as_it_stands(browser, row)
    Enforcement.objects.update(per_hour=7)
    assert told(browser, row, opened) == refusal("at most per hour")
    assert Enforcement.objects.get().per_hour == 7


def test_a_ladder_that_nobody_has_said_more_of_lets_acknowledgements_run_out(
    browser: Client,
) -> None:
    add = "/admin/sla/ladder/add/"
    form = browser.get(add).context["adminform"].form
    assert (
        form["acknowledged_for_s"].field.prepare_value(form["acknowledged_for_s"].value()) == "1 h"
    )
    empty = {"rungs-TOTAL_FORMS": "0", "rungs-INITIAL_FORMS": "0"}
    for name, wanted, stored in (("Offered", "1 h", 3600), ("For ever", "", 0)):
        browser.post(add, {"name": name, "acknowledged_for_s": wanted, **empty})
        assert Ladder.objects.get(name=name).acknowledged_for_s == stored


def test_a_ladder_that_a_policy_uses_is_kept_and_its_page_says_so(
    browser: Client, ladder: Ladder
) -> None:
    Policy.objects.update(ladder=ladder)
    why = (
        "It cannot be deleted, since policies use it: Answer within 4 hours. Choose another for "
        "them first."
    )
    page = browser.get(url(ladder)).content.decode()
    assert why in page
    assert url(ladder, "delete") not in page
    answer = browser.post(url(ladder, "delete"), {"post": "yes"}, follow=True)
    assert answer.redirect_chain == [(url(ladder), 302)]
    assert f"Night: {why}" in answer.content.decode()

    Policy.objects.update(ladder=None)
    assert browser.post(url(ladder, "delete"), {"post": "yes"}).status_code == 302
    assert not Ladder.objects.exists()


def test_a_rota_whose_people_a_ladder_tells_is_kept_and_its_page_says_so(
    browser: Client, rota: Rota, ladder: Ladder
) -> None:
    Rung.objects.update(audience="rota", rota=rota)
    why = "It cannot be deleted, since ladders tell its people: Night. Change those first."
    page = browser.get(url(rota)).content.decode()
    assert why in page
    assert url(rota, "delete") not in page
    answer = browser.post(url(rota, "delete"), {"post": "yes"}, follow=True)
    assert answer.redirect_chain == [(url(rota), 302)]
    assert f"Service: {why}" in answer.content.decode()
    assert "Delete selected rota" not in browser.get(url(ladder)).content.decode()

    Rung.objects.update(audience="administrators", rota=None)
    assert browser.post(url(rota, "delete"), {"post": "yes"}).status_code == 302
    assert not Rota.objects.exists()
