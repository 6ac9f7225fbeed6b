"""What is done on the escalations page: by name, with a note, and nowhere else."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from sla.alerts import Deed, acknowledge
from tests import factories
from tests.http.dashboards.escalated import URL, act, escalated, now, plain, seen

MINUTE = timedelta(minutes=1)
HX = {"HX-Request": "true"}


def test_acknowledging_is_by_name_and_said(lead: Client, moment: datetime) -> None:
    alert, other = escalated(moment), escalated(moment)

    assert act(lead, "acknowledge", alert, note="calling them") == "Acknowledged: 1 escalation."
    assert now(alert).acknowledged_by == "supervisor"
    said = act(lead, "acknowledge", alert, other)
    assert said == "Acknowledged: 1 escalation. 1 stood so already, or could not be."
    assert act(lead, "acknowledge", alert).startswith("Nothing changed: somebody has")
    assert act(lead, "unacknowledge", alert) == "No longer acknowledged: 1 escalation."
    assert now(alert).state == "open"
    assert alert.entries.get(action="acknowledged").note == "calling them"


def test_assigning_snoozing_noting_and_closing(
    lead: Client, supervisor: User, moment: datetime
) -> None:
    alert = escalated(moment)
    outsider = factories.user("outsider")

    assert act(lead, "assign", alert, to=str(supervisor.pk)).startswith("Assigned to supervisor: 1")
    assert now(alert).assigned_to == supervisor
    assert "may not look after" in act(lead, "assign", alert, to=str(outsider.pk))
    assert act(lead, "assign", alert, to="").startswith("Assigned to nobody: 1")
    assert act(lead, "snooze:15", alert) == "Snoozed for 15 min: 1 escalation."
    until = now(alert).snoozed_until
    assert until
    assert moment + 15 * MINUTE <= until <= moment + 16 * MINUTE
    assert "do not open again" in act(lead, "snooze:opening", alert)
    assert act(lead, "note", alert) == "Nothing was done: write the note."
    assert act(lead, "note", alert, note="<b>seen</b>") == "Noted: 1 escalation."
    assert act(lead, "close", alert, note="a duplicate") == "Closed: 1 escalation."
    assert now(alert).reason == "a duplicate"
    history = lead.get(f"{URL}{alert.pk}/").content.decode()
    assert "&lt;b&gt;seen&lt;/b&gt;" in history
    assert "to supervisor" in history


def test_a_snooze_until_opening_says_when_that_is(lead: Client, moment: datetime) -> None:
    day = f"{moment + timedelta(days=2):%a}".lower()
    hours = factories.calendar("One day", hours={day: [["10:00", "11:00"]]})
    policy = factories.policy("One day", calendar=hours)
    alert = escalated(moment, policy=policy)
    opens = f"{moment + timedelta(days=2):%a} 10:00"

    assert f"Until opening, {opens}" in seen(lead)
    said = act(lead, "snooze:opening", alert)
    assert said == f"Snoozed until opening, {opens}: 1 escalation."


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"do": "delete", "alert": "1"}, "choose what to do"),
        ({"do": "close"}, "tick the escalations that are meant"),
        ({"do": "close", "alert": "x"}, "tick the escalations that are meant"),
        ({"do": "close", "alert": "9" * 30}, "tick the escalations that are meant"),
        ({"do": "snooze:99999", "alert": "1"}, "choose for how long to snooze"),
        ({"do": "snooze", "alert": "1"}, "choose for how long to snooze"),
    ],
)
def test_a_form_that_cannot_be_done_says_so_and_does_nothing(
    lead: Client, moment: datetime, form: dict[str, str], said: str
) -> None:
    alert = escalated(moment)
    response = lead.post(f"{URL}act/", form, follow=True)

    assert said in response.content.decode()
    assert (now(alert).state, alert.entries.count()) == ("open", 0)


def test_a_form_leads_back_to_where_it_stood_and_nowhere_else(
    lead: Client, moment: datetime
) -> None:
    alert = escalated(moment)
    for onward, to in (
        ("/escalations/?level=breached", "/escalations/?level=breached"),
        ("https://evil.example/", URL),
        ("//evil.example/", URL),
        ("", URL),
    ):
        form = {"do": "note", "note": "x", "alert": alert.pk, "next": onward}
        assert lead.post(f"{URL}act/", form).headers["Location"] == to


def test_a_form_without_its_token_is_refused(supervisor: User, moment: datetime) -> None:
    alert = escalated(moment)
    supervisor.user_permissions.set(Permission.objects.filter(codename="change_alert"))
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(supervisor)

    assert strict.post(f"{URL}act/", {"do": "close", "alert": alert.pk}).status_code == 403
    assert now(alert).state == "open"


def test_the_history_of_an_alert_has_what_was_done_and_its_plan(
    lead: Client, moment: datetime
) -> None:
    alert = escalated(moment)
    factories.notice(alert, at=moment - 9 * MINUTE)
    acknowledge(alerts=[alert.pk], deed=Deed("ada.example", moment, "in Slack #eu-sup"))

    text = plain(lead.get(f"{URL}{alert.pk}/").content.decode())

    assert "ada.example acknowledged in Slack #eu-sup" in text
    assert "breach Fired" in text
    assert lead.get(f"{URL}{alert.pk + 99}/").status_code == 404


def test_a_refresh_is_304_until_something_changes(lead: Client, moment: datetime) -> None:
    factories.polled(moment)
    alert = escalated(moment)

    first = lead.get(URL, headers=HX)
    again = lead.get(URL, headers={**HX, "If-None-Match": first.headers["ETag"]})
    act(lead, "acknowledge", alert)
    changed = lead.get(URL, headers={**HX, "If-None-Match": first.headers["ETag"]})

    assert "<html" not in first.content.decode()
    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200
