import json
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.views.defaults import server_error

from tests import factories

MINUTE = timedelta(minutes=1)


def test_every_page_tells_how_old_its_data_is(reader: Client, moment: datetime) -> None:
    factories.polled(moment - 4 * timedelta(seconds=1))

    page = reader.get("/aht/").content.decode()
    told = json.loads(reader.get("/freshness/").headers["DCM-Freshness"])

    assert 'data-level="live"' in page
    assert told["level"] == "live"
    assert 4 <= told["age_s"] <= 60
    assert told["as_of"] in page


def test_old_data_is_told_in_a_bar(reader: Client, moment: datetime) -> None:
    factories.polled(moment - 20 * MINUTE, failing_since=moment - 19 * MINUTE)

    page = reader.get("/").content.decode()

    assert "countdowns stopped at" in page
    assert "cannot be read since" in page


def test_before_the_first_poll_the_header_says_so(reader: Client) -> None:
    assert "No data yet" in reader.get("/").content.decode()


def test_the_chosen_zone_is_kept_and_used(reader: Client, moment: datetime) -> None:
    factories.polled(moment)

    answer = reader.post("/zone/", {"zone": "Asia/Kathmandu", "next": "/aht/?by=agent"})
    page = reader.get("/").content.decode()

    assert answer.headers["Location"] == "/aht/?by=agent"
    assert "Asia/Kathmandu (+0545)" in page
    assert "+05:45" in page
    reader.post("/zone/", {"zone": "", "next": "/"})
    assert "Asia/Kathmandu" not in reader.get("/").content.decode()


@pytest.mark.parametrize("cookie", ["Nowhere/Land", "../../etc/passwd", "a" * 5000, "\\", "Europe"])
def test_a_zone_that_is_none_is_left_alone(reader: Client, cookie: str) -> None:
    reader.cookies["dcm_zone"] = cookie

    assert "UTC" in reader.get("/").content.decode()


def test_an_unknown_zone_is_refused_and_a_foreign_address_not_followed(reader: Client) -> None:
    refused = reader.post("/zone/", {"zone": "Mars/Base", "next": "/"})
    away = reader.post("/zone/", {"zone": "UTC", "next": "https://evil.example/"})

    assert "is no zone: choose one of the list" in refused.content.decode()
    assert away.headers["Location"] == "/"


def test_the_login_page_says_what_was_wrong(client: Client, db: None) -> None:
    page = client.post("/login/", {"username": "x", "password": "y"}).content.decode()

    assert "Username and password do not match" in page
    assert 'autocomplete="current-password"' in page


def test_logging_in_leads_to_the_page_that_was_asked_for(client: Client, db: None) -> None:
    factories.user("supervisor")

    answer = client.post(
        "/login/?next=/aht/", {"username": "supervisor", "password": "supervisor", "next": "/aht/"}
    )

    assert answer.headers["Location"] == "/aht/"


def test_a_missing_page_says_so_and_leads_on(reader: Client) -> None:
    missing = reader.get("/conversations/5f1c/")

    assert missing.status_code == 404
    assert "The id may be mistyped" in missing.content.decode()
    assert reader.get("/agents/nobody/2026-11-20/").status_code == 404
    assert reader.get("/agents/nobody/").status_code == 404

    nowhere = reader.get("/nowhere/").content.decode()
    assert "There is no page at this address." in nowhere
    assert "Resolver404" not in nowhere


@pytest.mark.parametrize("day", ["2026-13-45", "2026-02-31", "0001-01-01", "9999-12-31"])
def test_a_day_that_is_none_is_not_found(reader: Client, day: str) -> None:
    agent = factories.agent("A. Rossi")

    assert reader.get(f"/agents/{agent.genesys_id}/{day}/").status_code == 404


def test_an_agent_s_first_and_last_days_can_be_asked_for(reader: Client) -> None:
    agent = factories.agent("A. Rossi")

    for day in ("0001-01-02", "9999-12-29"):
        assert reader.get(f"/agents/{agent.genesys_id}/{day}/").status_code == 200


def test_a_form_without_its_token_is_explained(supervisor: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(supervisor)

    refused = strict.post("/zone/", {"zone": "UTC"})

    assert refused.status_code == 403
    assert "This form has expired" in refused.content.decode()


def test_a_fault_has_a_page_of_its_own(client: Client) -> None:
    request = RequestFactory().get("/")

    page = server_error(request)

    assert page.status_code == 500
    assert "The fault has been logged" in page.content.decode()
