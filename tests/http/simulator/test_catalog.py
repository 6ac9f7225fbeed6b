"""The organization over the wire."""

import re
from typing import Any

import pytest

from tests.simulated import Client


def all_pages(client: Client, path: str, size: int) -> list[Any]:
    """Follow nextUri to the end."""
    found: list[Any] = []
    next_uri: str | None = f"{path}?pageSize={size}&pageNumber=1"
    while next_uri:
        page = client.get(next_uri).json()
        found += page["entities"]
        assert page["total"] >= len(found)
        next_uri = page.get("nextUri")
    return found


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/api/v2/users", 26),
        ("/api/v2/routing/queues", 12),
        ("/api/v2/authorization/divisions", 3),
        ("/api/v2/routing/wrapupcodes", 8),
        ("/api/v2/architect/schedules", 7),
        ("/api/v2/architect/schedulegroups", 3),
    ],
)
def test_a_listing_is_whole_in_pages_of_any_size(client: Client, path: str, count: int) -> None:
    whole = client.get(path, pageSize=100).json()
    assert (whole["total"], whole["pageCount"]) == (count, 1)
    assert all_pages(client, path, 5) == whole["entities"]
    names = [entity["name"] for entity in whole["entities"]]
    assert names == sorted(names)
    assert len({entity["id"] for entity in whole["entities"]}) == count


@pytest.mark.parametrize("size", ["0", "101", "many"])
def test_a_page_size_beyond_the_limits_is_refused(client: Client, size: str) -> None:
    answer = client.get("/api/v2/users", pageSize=size)
    assert answer.status_code == 400
    assert "pageSize" in answer.json()["message"]


def test_users_are_found_by_id(client: Client) -> None:
    users = client.get("/api/v2/users", pageSize=3).json()["entities"]
    ids = [user["id"] for user in users]
    found = client.get("/api/v2/users", id=",".join(ids[:2])).json()
    assert [user["id"] for user in found["entities"]] == ids[:2]
    assert client.get(f"/api/v2/users/{ids[2]}").json() == users[2]


def test_email_queues_have_an_outbound_address_and_no_queue_a_schedule_group(
    client: Client,
) -> None:
    queues = client.get("/api/v2/routing/queues", pageSize=100).json()["entities"]
    emails = [queue for queue in queues if "outboundEmailAddress" in queue]
    assert {queue["name"] for queue in emails} == {
        "Service E-Mail",
        "Claims E-Mail",
        "Billing E-Mail",
    }
    for queue in emails:
        assert queue["outboundEmailAddress"]["route"]["fromEmail"].endswith("@harbour.example")
    assert not any("schedule" in key.lower() for queue in queues for key in queue)


def test_schedules_are_local_and_their_group_has_the_zone(client: Client) -> None:
    groups = client.get("/api/v2/architect/schedulegroups", pageSize=100).json()["entities"]
    for group in groups:
        assert group["timeZone"] == "Europe/Berlin"
        assert group["openSchedules"]
        for reference in group["openSchedules"] + group["closedSchedules"]:
            schedule = client.get(f"/api/v2/architect/schedules/{reference['id']}").json()
            for name in ("start", "end"):
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", schedule[name])


def test_utilization_calls_voice_call_and_lets_it_interrupt_email(client: Client) -> None:
    utilization = client.get("/api/v2/routing/utilization").json()["utilization"]
    assert set(utilization) == {"call", "callback", "chat", "email", "message"}
    assert "call" in utilization["email"]["interruptableMediaTypes"]
    assert utilization["call"]["interruptableMediaTypes"] == []
    user = client.get("/api/v2/users", pageSize=1).json()["entities"][0]["id"]
    own = client.get(f"/api/v2/routing/users/{user}/utilization").json()
    assert own["utilization"] == utilization
    assert own["level"] == "Organization"
