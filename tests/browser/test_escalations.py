"""The escalations page as a supervisor uses it, by mouse and by keyboard."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone
from playwright.sync_api import Page, expect

from sla.models import Alert
from tests import factories
from tests.browser.test_pages import REPEATED, SCREENS, TOO_SMALL, TOO_WIDE, UNNAMED

pytestmark = pytest.mark.needs(
    "chromium", reason="Chromium is not installed: the pages were not looked at in a browser"
)
MINUTE = timedelta(minutes=1)
NEWS = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture
def alerts(page: Page) -> list[Alert]:
    """Return two alerts, seen by a supervisor who may look after them."""
    may = Permission.objects.filter(codename__in=("view_alert", "change_alert"))
    User.objects.get(username="supervisor").user_permissions.set(may)
    moment = timezone.now().replace(microsecond=0)
    factories.polled(moment)
    return [an_alert(moment, minutes) for minutes in (42, 12)]


def an_alert(moment: datetime, minutes: int) -> Alert:
    queue = factories.queue("Support EU with a rather long name")
    agent = factories.agent("A. Rossi")
    begun = moment - timedelta(hours=4) - minutes * MINUTE
    of = factories.conversation(
        started_at=begun, queue_id=queue.genesys_id, user_id=agent.genesys_id
    )
    alert = factories.alert(factories.clock(of, since=begun), opened_at=moment - minutes * MINUTE)
    factories.notice(alert, at=alert.opened_at)
    return alert


@pytest.mark.parametrize("page", SCREENS, indirect=True, ids=str)
def test_the_pages_fit_their_screens_and_every_control_has_a_name(
    page: Page, alerts: list[Alert]
) -> None:
    for path in ("/escalations/", f"/escalations/{alerts[0].pk}/", "/escalations/?state=closed"):
        page.goto(path)
        for summary in page.locator("form.acts summary").all():
            summary.click()
        assert page.evaluate(TOO_WIDE) == 0, path
        assert page.evaluate(UNNAMED) == [], path
        assert page.evaluate(REPEATED) == [], path
        assert page.evaluate(TOO_SMALL) == [], path
        assert page.locator("h1").count() == 1, path


def test_an_alert_is_acknowledged_by_keyboard(page: Page, alerts: list[Alert]) -> None:
    page.goto("/escalations/")
    page.locator(f"#acknowledge-{alerts[0].pk}").focus()
    page.keyboard.press("Enter")

    expect(page.locator(".messages")).to_have_text("Acknowledged: 1 escalation.")
    expect(page.locator(".stands.acknowledged")).to_have_text("Acknowledged by supervisor")


def test_what_is_ticked_is_snoozed_with_a_note(page: Page, alerts: list[Alert]) -> None:
    page.goto("/escalations/")
    for alert in alerts:
        page.locator(f"#pick-{alert.pk}").check()
    page.get_by_label("Note, kept with whatever is pressed").first.fill("lunch")
    page.locator("#bulk").get_by_role("button", name="30 min").click()

    expect(page.locator(".messages")).to_have_text("Snoozed for 30 min: 2 escalations.")
    assert [a.entries.get().note for a in Alert.objects.all()] == ["lunch", "lunch"]


def test_news_leaves_what_is_open_ticked_and_typed(page: Page, alerts: list[Alert]) -> None:
    page.goto("/escalations/")
    first, second = alerts
    page.locator(f"#pick-{second.pk}").check()
    page.locator(f"#more-{first.pk} summary").click()
    page.locator(f"#note-{first.pk}").fill("calling")
    Alert.objects.filter(pk=second.pk).update(state="acknowledged", acknowledged_by="Ada")

    page.evaluate(NEWS)

    expect(page.locator(".stands.acknowledged")).to_have_text("Acknowledged by Ada")
    expect(page.locator(f"#pick-{second.pk}")).to_be_checked()
    expect(page.locator(f"#note-{first.pk}")).to_have_value("calling")
    assert page.evaluate("document.activeElement.id") == f"note-{first.pk}"
