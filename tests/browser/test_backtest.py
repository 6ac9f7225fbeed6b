"""A draft is tried from its form in a new tab, which shows by itself what it came to."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page

from sla.backtesting import work_off
from sla.models import Calendar, Policy
from tests import factories

pytestmark = pytest.mark.needs(
    "chromium", reason="Chromium is not installed: the pages were not looked at in a browser"
)


def test_a_draft_is_tried_in_a_new_tab_and_its_form_stays(page: Page) -> None:
    User.objects.update(is_staff=True, is_superuser=True)
    policy = factories.policy(first_response_s=3600)
    Policy.objects.exclude(pk=policy.pk).delete()
    assert policy.calendar is not None
    Calendar.objects.exclude(pk=policy.calendar.pk).delete()
    factories.conversation(started_at=timezone.now() - timedelta(hours=2))
    page.goto(f"/admin/sla/policy/{policy.pk}/change/")
    page.fill("input[name=name]", "Changed")

    with page.context.expect_page() as opened:
        page.click("text=Try on the last 7 days")
    tab = opened.value
    tab.wait_for_selector("text=0 of 1 conversations")
    work_off(now=timezone.now())

    tab.wait_for_selector("text=With this draft, the last 7 days: 0 warnings, 1 breach")
    assert tab.locator("progress").count() == 0
    assert page.input_value("input[name=name]") == "Changed"
    assert Policy.objects.get().name == policy.name
    tab.close()
