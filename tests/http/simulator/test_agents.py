"""Agents' state and history over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from chrono.instants import isoformat, parse, to_ms
from simulator.server import Served
from tests.http.simulator.conftest import NOW
from tests.simulated import Client

INTERVAL = f"{isoformat(NOW - timedelta(hours=20))}/{isoformat(NOW)}"
DETAILS = "/api/v2/analytics/users/details/query"
STATUS = "/api/v2/analytics/agents/status/query"


def details(client: Client, **body: Any) -> Any:
    answer = client.post(DETAILS, {"interval": INTERVAL, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_status_of_an_agent_names_what_is_in_hand(client: Client, served: Served) -> None:
    entities = client.post(STATUS, {}).json()["entities"]
    assert len(entities) == len(served.centre.world.organization.agents)

    busy = next(e for e in entities if e["routingStatus"] == "INTERACTING")
    alone = client.get(f"/api/v2/analytics/agents/{busy['userId']}/status").json()

    assert alone == busy
    assert alone["systemPresence"] == "ON_QUEUE"
    assert alone["sessionCount"] == len(alone["sessions"]) > 0
    session = alone["sessions"][0]
    live = client.get(f"/api/v2/conversations/{session['conversationId']}").json()
    assert busy["userId"] in {p.get("userId") for p in live["participants"]}
    assert client.get("/api/v2/analytics/agents/nobody/status").status_code == 404


def test_filters_narrow_the_status_query(client: Client) -> None:
    predicate = {"dimension": "systemPresence", "operator": "matches", "value": "OFFLINE"}
    found = client.post(STATUS, {"userFilter": {"type": "and", "predicates": [predicate]}}).json()

    assert {entity["systemPresence"] for entity in found["entities"]} == {"OFFLINE"}
    assert client.post(STATUS, {"userFilter": {"type": "nor"}}).status_code == 400


def test_details_tell_the_truth_of_an_interval_in_pages(client: Client, served: Served) -> None:
    truth = served.centre.world.truth(NOW)["presence"]
    start, end = (to_ms(parse(part)) for part in INTERVAL.split("/"))
    pages = [
        details(client, paging={"pageSize": 9, "pageNumber": number}) for number in (1, 2, 3, 4)
    ]

    assert [len(page.get("userDetails", ())) for page in pages] == [9, 9, 6, 0]
    users = {user["userId"]: user for page in pages for user in page.get("userDetails", ())}
    assert pages[0]["totalHits"] == len(users) == len(truth)
    for user_id, told in truth.items():
        expected = [
            (s["value"], s["started_at"], s["ended_at"])
            for s in told["routing"]
            if s["started_at"] < end and (s["ended_at"] is None or s["ended_at"] > start)
        ]
        served_rows = [
            (r["routingStatus"], to_ms(parse(r["startTime"])), _ms(r.get("endTime")))
            for r in users[user_id]["routingStatus"]
        ]
        assert served_rows == expected


def test_details_can_be_asked_of_one_user(client: Client, served: Served) -> None:
    wanted = served.centre.world.organization.agents[3].id
    predicate = {"dimension": "userId", "operator": "matches", "value": wanted}
    found = details(client, userFilters=[{"type": "or", "predicates": [predicate]}])

    assert [user["userId"] for user in found["userDetails"]] == [wanted]


@pytest.mark.parametrize(
    "body", [{"interval": "x"}, {"interval": INTERVAL, "paging": {"pageSize": 101}}, []]
)
def test_what_is_no_query_is_refused(client: Client, body: Any) -> None:
    assert client.post(DETAILS, body).status_code == 400


def _ms(text: str | None) -> int | None:
    return to_ms(parse(text)) if text else None
