"""A real browser on a real server, watched: what it complains of or fetches elsewhere fails."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests import factories, needs

LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1"}
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")


@pytest.fixture(scope="module")
def chromium(django_db_setup: None) -> Iterator[Browser]:
    """Return a browser; it lives no longer than its module, and neither does what it needs.

    Playwright runs an event loop in this thread, where Django would refuse its own database.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=needs.chromium(), args=[*QUIET])
        yield browser
        browser.close()


@pytest.fixture(params=[(1440, "light")], ids=["1440-light"])
def page(
    request: pytest.FixtureRequest,
    live_server: LiveServer,
    client: Client,
    chromium: Browser,
) -> Iterator[Page]:
    """Return a page of a signed-in supervisor; (width, scheme) by indirect parameter."""
    client.force_login(factories.user("supervisor"))
    width, scheme = request.param
    context = chromium.new_context(
        base_url=live_server.url,
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        timezone_id="America/New_York",  # not the server's: pages must not lean on it
    )
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    opened = context.new_page()
    complaints: list[str] = []
    opened.on(
        "console", lambda said: complaints.append(said.text) if said.type == "error" else None
    )
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda sent: complaints.extend(_elsewhere(sent.url)))
    yield opened
    context.close()
    assert complaints == []


def _elsewhere(url: str) -> list[str]:
    return [] if urlsplit(url).hostname in LOOPBACK else [f"fetched {url}"]
