"""The pages as a supervisor sees and uses them."""

import re
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from conversations.models import Agent, Conversation
from dashboards import format as write
from integrations.models import Watermark
from sla.models import Clock
from tests import factories

pytestmark = pytest.mark.needs(
    "chromium", reason="Chromium is not installed: the pages were not looked at in a browser"
)
MINUTE = timedelta(minutes=1)
SCREENS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
UNNAMED = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, [role]:not([role=status]), nav'
)].filter((one) => !(
    one.getAttribute('aria-label') ||
    (one.labels && [...one.labels].some((label) => label.textContent.trim())) ||
    one.textContent.trim()
)).map((one) => one.outerHTML.slice(0, 200))"""
REPEATED = """() => {
    const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
    return ids.filter((id, at) => ids.indexOf(id) !== at);
}"""
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
TOO_SMALL = """() => [...document.querySelectorAll('button, .btn, select, nav a, input')]
    .filter((one) => { const box = one.getBoundingClientRect();
                       return box.width && (box.height < 24 || box.width < 24); })
    .map((one) => one.outerHTML.slice(0, 120))"""


@pytest.fixture
def moment(db: None) -> datetime:
    at = timezone.now().replace(microsecond=0)
    factories.polled(at)
    return at


@pytest.fixture
def rossi(db: None) -> Agent:
    return factories.agent("A. Rossi")


@pytest.fixture
def mail(moment: datetime, rossi: Agent) -> Conversation:
    """Return an e-mail whose customer waits, that a call has interrupted."""
    queue = factories.queue("Support EU with a rather long name")
    made = factories.conversation(
        started_at=moment - 90 * MINUTE, queue_id=queue.genesys_id, user_id=rossi.genesys_id
    )
    session = factories.session(made, user_id=rossi.genesys_id)
    factories.segment(session, "interact", moment - 90 * MINUTE, 20)
    factories.segment(session, "hold", moment - 70 * MINUTE, 20)
    factories.segment(session, "interact", moment - 50 * MINUTE, None)
    call = factories.conversation(started_at=moment - 70 * MINUTE, media_type="voice")
    answered = factories.session(call, user_id=rossi.genesys_id)
    factories.segment(answered, "interact", moment - 70 * MINUTE, 20)
    held = factories.handling(made, rossi.genesys_id, gross_s=5400, interrupted_s=1200)
    factories.interruption(held, call, moment - 70 * MINUTE, 20)
    factories.roll_up(held)
    factories.wait(made, ended_at=moment - MINUTE, minutes=300)
    factories.clock(made, since=moment - 60 * MINUTE)
    factories.present(
        rossi.genesys_id, ("ON_QUEUE", moment - 90 * MINUTE), ("OFFLINE", moment - 5 * MINUTE)
    )
    return made


@pytest.mark.parametrize("page", SCREENS, indirect=True, ids=str)
def test_every_page_fits_its_screen_and_every_control_has_a_name(
    page: Page, mail: Conversation, rossi: Agent
) -> None:
    day = (timezone.now() - 70 * MINUTE).date()
    paths = (
        "/",
        "/aht/",
        f"/aht/?agent={rossi.genesys_id}",
        f"/agents/?day={day}",
        f"/agents/{rossi.genesys_id}/{day}/?zoom=4",
        "/conversations/",
        "/health/",
        "/sla/?by=queue",
        f"/conversations/{mail.genesys_id}/",
        "/zone/",
    )
    for path in paths:
        page.goto(path)
        assert page.evaluate(TOO_WIDE) == 0, path
        assert page.evaluate(UNNAMED) == [], path
        assert page.evaluate(REPEATED) == [], path
        assert page.evaluate(TOO_SMALL) == [], path
        assert page.locator("h1").count() == 1, path


def test_countdowns_tick_by_the_rule_of_the_server(page: Page, mail: Conversation) -> None:
    page.goto("/")
    for seconds in (36_030, 7_230, 630, 330, -30, -2_550):
        page.evaluate(
            """(seconds) => {
                const due = document.querySelector('.due [data-rate]');
                due.closest('[data-at]').dataset.at = document.body.dataset.now;
                due.dataset.seconds = seconds;
                due.dataset.crossed = '1';
                due.textContent = '';
            }""",
            seconds,
        )
        due = page.locator(".due [data-rate]")
        expect(due).to_have_text(re.compile(r"\d"))
        texts = {write.countdown(timedelta(seconds=seconds - passed)) for passed in range(25)}
        assert due.text_content() in texts


def test_pausing_stops_the_ticking_and_resuming_starts_it(page: Page, mail: Conversation) -> None:
    page.goto("/")
    page.get_by_role("button", name="Pause updates").click()
    due = page.locator(".due [data-rate]")
    due.evaluate("(due) => { due.textContent = 'stands'; }")

    page.wait_for_timeout(1500)
    expect(due).to_have_text("stands")
    expect(page.locator("#fresh-word")).to_have_text("Updates paused")
    page.get_by_role("button", name="Resume updates").click()
    expect(due).to_have_text(re.compile(r"\d:\d\d"))


def test_news_arrives_without_a_reload_and_focus_stays_where_it_was(
    page: Page, mail: Conversation
) -> None:
    page.goto("/")
    page.evaluate("window.untouched = true")
    page.locator(f'[id="conversation-{mail.genesys_id}"]').focus()
    Clock.objects.filter(conversation=mail).update(state="paused", reason="the agent answered")

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.locator("td .chip.paused")).to_be_visible()
    assert page.evaluate("window.untouched")
    assert page.evaluate("document.activeElement.id") == f"conversation-{mail.genesys_id}"
    expect(page.locator("#announcer")).to_contain_text("1 Paused")


def test_an_unchanged_board_is_not_sent_again(page: Page, mail: Conversation) -> None:
    page.goto("/")
    with page.expect_response(
        lambda answer: answer.request.headers.get("hx-request") == "true"
    ) as got:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    assert got.value.status == 304
    expect(page.locator("tbody tr")).to_have_count(1)


def test_when_data_grows_old_countdowns_stop_and_the_page_says_so(
    page: Page, mail: Conversation, moment: datetime
) -> None:
    page.goto("/")
    Watermark.objects.update(succeeded_at=moment - 20 * MINUTE)

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.locator("#bar-old")).to_contain_text("countdowns stopped")
    due = page.locator(".due [data-rate]")
    due.evaluate("(due) => { due.textContent = 'stands'; }")
    page.wait_for_timeout(1500)
    expect(due).to_have_text("stands")


def test_a_bar_is_reached_by_keyboard_and_leads_to_its_row(
    page: Page, mail: Conversation, rossi: Agent
) -> None:
    page.goto(f"/agents/{rossi.genesys_id}/{(timezone.now() - 70 * MINUTE).date()}/")
    bar = page.locator("svg a", has=page.locator(".s-interrupted")).first
    bar.focus()
    page.keyboard.press("Enter")

    expect(page.locator("tr:target")).to_contain_text("Hold caused by an interruption")


def test_the_first_tab_skips_to_the_content(page: Page, mail: Conversation) -> None:
    page.goto("/")
    page.keyboard.press("Tab")

    expect(page.locator(":focus")).to_have_text("Skip to content")


def test_filters_go_into_the_address(page: Page, mail: Conversation) -> None:
    page.goto("/")
    page.get_by_label("Queue", exact=True).select_option(mail.queue_id)
    page.get_by_role("button", name="Apply").click()

    assert f"queue={mail.queue_id}" in page.url
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Breached").click()
    assert "state=breached" in page.url
    assert f"queue={mail.queue_id}" in page.url


def test_the_zone_of_the_browser_is_offered_and_taken(page: Page, mail: Conversation) -> None:
    page.goto("/aht/")
    page.get_by_role("link", name=re.compile("UTC")).click()
    page.get_by_role("button", name="Use this browser's zone, America/New_York").click()
    page.get_by_role("button", name="Use it").click()

    assert page.url.endswith("/aht/")
    expect(page.locator("#fresh")).to_contain_text("America/New_York")
