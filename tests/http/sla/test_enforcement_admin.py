"""Force disconnect in the admin: a day of dry run, then live with the password, all written."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from sla.forcing import candidates, switching
from sla.models import Enforcement, EnforcementEntry, Policy
from tests import factories

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NOW = datetime(2026, 3, 27, 16, 45, tzinfo=UTC)  # a Friday


class Clock:
    """Everybody's clock; a test moves it."""

    at = NOW

    def now(self) -> datetime:
        return self.at


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock.now)
    return clock


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss", password="a-long-secret")


@pytest.fixture
def browser(client: Client, boss: User) -> Client:
    client.force_login(boss)
    return client


def form(**changed: Any) -> dict[str, Any]:
    usual = {
        "policy": str(Policy.objects.get().pk),
        "mode": "dry_run",
        "action": "disconnect",
        "after_s": "48 h",
        "unit": "wall",
        "only_waiting": "on",
        "queue_ids": ["q1"],
        "per_hour": "5",
    }
    return usual | changed


def add(browser: Client, **changed: Any) -> Enforcement:
    factories.queue("Claims", genesys_id="q1")
    browser.post("/admin/sla/enforcement/add/", form(**changed))
    return Enforcement.objects.get()


def change(browser: Client, one: Enforcement, **changed: Any) -> str:
    """Change it; return what the next page says."""
    path = f"/admin/sla/enforcement/{one.pk}/change/"
    response = browser.post(path, form(**changed), follow=True)
    one.refresh_from_db()
    return str(response.content.decode())


def enable(browser: Client, one: Enforcement, password: str = "a-long-secret") -> str:
    path = f"/admin/sla/enforcement/{one.pk}/enable/"
    response = browser.post(path, {"password": password}, follow=True)
    assert response.status_code == 200
    one.refresh_from_db()
    return str(response.content.decode())


def seen_for(clock: Clock, span: timedelta) -> None:
    clock.at += span
    candidates.plan(now=clock.at)


def entries() -> list[tuple[str, str]]:
    return list(EnforcementEntry.objects.order_by("pk").values_list("actor", "action"))


def test_a_new_one_is_off_names_no_queue_and_offers_no_live(browser: Client) -> None:
    page = browser.get("/admin/sla/enforcement/add/").content.decode()
    assert '<option value="off" selected>' in page
    assert '<option value="live"' not in page
    browser.post("/admin/sla/enforcement/add/", form(mode="live", queue_ids=[]))
    assert not Enforcement.objects.exists()

    one = Enforcement(policy=Policy.objects.get())
    assert (one.mode, one.queue_ids, one.after_s) == ("off", [], 48 * 3600)


def test_it_goes_live_after_a_day_of_dry_run_with_the_password(
    browser: Client, boss: User, clock: Clock
) -> None:
    one = add(browser)
    assert (one.mode, one.dry_run_since) == ("dry_run", NOW)
    seen_for(clock, DAY - timedelta(minutes=3))
    assert "The dry run has to be seen for a day: 3 min are left." in enable(browser, one)
    assert one.mode == "dry_run"

    seen_for(clock, timedelta(minutes=3))
    assert "This is not your password." in enable(browser, one, "a-guess")
    assert one.mode == "dry_run"
    assert "is live: agents are taken off" in enable(browser, one)
    assert (one.mode, one.enabled_by, one.enabled_at) == ("live", boss, clock.at)
    assert entries() == [("boss", "dry_run"), ("boss", "enabled")]
    note = EnforcementEntry.objects.get(action="enabled").note
    assert note == (
        "After 48 h (round the clock) without any touch while the customer waits: disconnect the "
        "agent. Queues: Claims. At most 5 an hour. "
        "The dry run since 2026-03-27 16:45 UTC would have ended 0."
    )
    log = LogEntry.objects.latest("pk")
    assert (log.user, log.change_message) == (boss, f"Switched live. {note.partition(' The')[0]}")


def test_the_page_says_what_it_would_have_ended_and_what_goes_at_once(
    browser: Client, clock: Clock
) -> None:
    one = add(browser)
    of = factories.conversation(started_at=NOW)
    for state in ("would_have", "would_have", "refused"):
        factories.forced_end(of, enforcement=one, round_at=NOW, state=state)
    seen_for(clock, DAY)
    page = browser.get(f"/admin/sla/enforcement/{one.pk}/enable/").content.decode()

    assert 'state__exact=would_have">2</a>.' in page
    assert "0 would be ended at once, at most 5 an hour." in page
    assert "It cannot be undone." in page


def test_a_scan_that_does_not_run_any_more_has_shown_nothing(browser: Client, clock: Clock) -> None:
    one = add(browser)
    seen_for(clock, DAY)
    clock.at += timedelta(minutes=31)

    assert "The scan does not run" in enable(browser, one)
    assert one.mode == "dry_run"


@pytest.mark.parametrize(
    "changed",
    [
        *({"after_s": "2 h"}, {"queue_ids": ["q1", "q2"]}, {"unit": "business"}),
        *({"per_hour": "50"}, {"action": "requeue"}, {"only_waiting": ""}),
    ],
)
def test_other_terms_begin_the_dry_run_anew_and_end_what_is_live(
    browser: Client, clock: Clock, changed: dict[str, Any]
) -> None:
    factories.queue("Other", genesys_id="q2")
    one = add(browser)
    seen_for(clock, DAY)
    enable(browser, one)
    told = change(browser, one, mode="live", **changed)

    assert "it is in dry run, not live any more." in told
    assert (one.mode, one.dry_run_since, one.seen_at) == ("dry_run", clock.at, None)
    assert (one.enabled_by, one.enabled_at) == (None, None)
    assert entries()[-1] == ("boss", "dry_run")
    assert "1440 min are left" in enable(browser, one)


def test_saving_without_a_change_leaves_it_live_and_off_needs_no_password(
    browser: Client, clock: Clock
) -> None:
    one = add(browser)
    seen_for(clock, DAY)
    enable(browser, one)
    change(browser, one, mode="live")
    assert one.mode == "live"

    rows = {"action": "switch_off", "_selected_action": [one.pk]}
    told = browser.post("/admin/sla/enforcement/", rows, follow=True).content.decode()
    one.refresh_from_db()
    assert "1 switched off: nothing more is ended." in told
    assert (one.mode, one.dry_run_since, one.enabled_at) == ("off", None, None)
    assert entries()[-1] == ("boss", "off")
    assert "It is off: let it run dry first" in enable(browser, one)


def test_no_form_makes_it_live(browser: Client) -> None:
    one = add(browser)
    told = change(browser, one, mode="live")

    assert "live is not one of the available choices" in told
    assert one.mode == "dry_run"


def test_who_may_only_change_it_may_not_switch_it_live(client: Client, clock: Clock) -> None:
    user = User.objects.create_user("helper", password="a-long-secret", is_staff=True)
    for name in ("view_enforcement", "change_enforcement"):
        user.user_permissions.add(Permission.objects.get(codename=name))
    one = Enforcement.objects.create(
        policy=Policy.objects.get(), mode="dry_run", queue_ids=["q1"], dry_run_since=NOW
    )
    seen_for(clock, DAY)
    client.force_login(user)
    path = f"/admin/sla/enforcement/{one.pk}/"

    assert "Switch live" not in client.get(f"{path}change/").content.decode()
    assert client.post(f"{path}enable/", {"password": "a-long-secret"}).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="enable_enforcement"))
    assert "Switch live" in client.get(f"{path}change/").content.decode()
    assert client.post(f"{path}enable/", {"password": "a-long-secret"}).status_code == 302


def test_the_form_minds_a_weekend_of_wall_clock(browser: Client) -> None:
    """Hours are 9 to 17; UTC here."""
    one = add(browser)
    told = change(browser, one, per_hour="6")

    minds = (
        "A customer who writes Fri 27 Mar 16:45 would lose the agent Sun 29 Mar 16:45: "
        "before the warning (Mon 30 Mar 12:15) and before the target (Mon 30 Mar 12:45)."
    )
    assert f"Mind: {minds}" in told
    page = browser.get(f"/admin/sla/enforcement/{one.pk}/change/").content.decode()
    assert f'<strong class="dcm-bad">{minds}</strong>' in page
    policy = browser.get(f"/admin/sla/policy/{one.policy_id}/change/").content.decode()
    assert f"Force disconnect: {minds}" in policy
    change(browser, one, unit="business")
    page = browser.get(f"/admin/sla/enforcement/{one.pk}/change/").content.decode()
    assert "would lose the agent" not in page
    Policy.objects.update(calendar=None)
    page = browser.get(f"/admin/sla/enforcement/{one.pk}/change/").content.decode()
    assert "its policy has no calendar of its own: nothing is ended." in page


def test_what_was_done_is_listed_and_cannot_be_changed(browser: Client, clock: Clock) -> None:
    one = add(browser)
    of = factories.conversation(started_at=NOW)
    row = factories.forced_end(of, enforcement=one, round_at=NOW, state="would_have")
    listed = browser.get("/admin/sla/forcedend/?state__exact=would_have&dry_run__exact=1")
    assert "48.0 h" in listed.content.decode()
    assert browser.get(f"/admin/sla/forcedend/?q={of.genesys_id}").status_code == 200
    path = f"/admin/sla/forcedend/{row.pk}/"
    assert browser.get(f"{path}change/").status_code == 200
    assert browser.post(f"{path}change/", {"state": "done"}).status_code == 403
    assert browser.post(f"{path}delete/", {"post": "yes"}).status_code == 403
    assert "dry_run" in browser.get("/admin/sla/enforcemententry/").content.decode()

    browser.post(f"/admin/sla/enforcement/{one.pk}/delete/", {"post": "yes"})
    row.refresh_from_db()
    assert row.enforcement is None
    assert entries()[-1] == ("boss", "deleted")


def test_two_who_enable_at_once_do_it_once(boss: User, clock: Clock) -> None:
    one = Enforcement.objects.create(
        policy=Policy.objects.get(), mode="dry_run", queue_ids=["q1"], dry_run_since=NOW
    )
    seen_for(clock, DAY)
    switching.enable(pk=one.pk, by=boss, now=clock.at)

    with pytest.raises(switching.NotYetError, match=r"It is live already\."):
        switching.enable(pk=one.pk, by=boss, now=clock.at)
    assert entries() == [("boss", "enabled")]
