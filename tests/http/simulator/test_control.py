"""The surface under /simulator, and the faults that it can order."""

from typing import Any

import pytest
import requests

from simulator.server import Served
from tests.simulated import Client


def order(served: Served, *rules: dict[str, Any]) -> requests.Response:
    return requests.post(f"{served.url}/simulator/faults", json=list(rules), timeout=10)


def test_the_clock_moves_and_the_world_with_it(served: Served) -> None:
    clock = f"{served.url}/simulator/clock"
    before = requests.get(clock, timeout=10).json()["now"]
    moved = requests.post(clock, json={"advance_s": 60}, timeout=10).json()["now"]
    assert moved > before
    assert served.centre.world.now == served.centre.clock.now()
    back = requests.post(clock, json={"set": before}, timeout=10)
    assert back.status_code == 400
    assert "does not go back" in back.json()["message"]


@pytest.mark.parametrize("body", [{}, [], {"advance_s": "soon"}, {"set": "noon"}])
def test_a_clock_that_cannot_be_moved_so_stays(served: Served, body: Any) -> None:
    before = served.centre.clock.now()
    answer = requests.post(f"{served.url}/simulator/clock", json=body, timeout=10)
    assert answer.status_code == 400
    assert served.centre.clock.now() == before


def test_the_truth_can_be_read(served: Served) -> None:
    truth = requests.get(f"{served.url}/simulator/truth", timeout=10).json()
    assert truth == served.centre.world.truth(served.centre.world.now)
    some = next(iter(truth["conversations"]))
    one = requests.get(f"{served.url}/simulator/truth", params={"id": some}, timeout=10).json()
    assert list(one["conversations"]) == [some]


@pytest.mark.parametrize("status", [403, 429, 500, 503])
@pytest.mark.parametrize("retry_after", [None, 7])
def test_ordered_errors_come_as_often_as_ordered(
    served: Served, client: Client, status: int, retry_after: int | None
) -> None:
    order(
        served,
        {"path": "/api/v2/users*", "kind": "error", "status": status, "count": 2}
        | ({} if retry_after is None else {"retry_after": retry_after}),
    )
    answers = [client.get("/api/v2/users") for _ in range(3)]
    assert [a.status_code for a in answers] == [status, status, 200]
    assert answers[0].headers.get("Retry-After") == (retry_after and str(retry_after))
    assert answers[0].json()["status"] == status


def test_a_fault_befalls_only_the_paths_and_methods_of_its_rule(
    served: Served, client: Client
) -> None:
    order(served, {"path": "/api/v2/users", "method": "POST", "kind": "error"})
    assert client.get("/api/v2/users").status_code == 200
    assert client.get("/api/v2/routing/queues").status_code == 200


def test_a_rule_with_probability_strikes_now_and_then(served: Served, client: Client) -> None:
    order(served, {"path": "/api/v2/*", "kind": "error", "probability": 0.5})
    statuses = {client.get("/api/v2/organizations/me").status_code for _ in range(40)}
    assert statuses == {200, 500}


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
def test_a_dropped_connection_brings_no_answer(served: Served, client: Client, kind: str) -> None:
    order(served, {"path": "/api/v2/users", "kind": kind, "count": 1})
    with pytest.raises(requests.ConnectionError):
        client.get("/api/v2/users")
    assert client.get("/api/v2/users").status_code == 200


def test_a_request_dropped_afterwards_has_been_carried_out(served: Served) -> None:
    order(served, {"path": "/simulator/clock", "kind": "drop_after", "count": 1})
    before = served.centre.clock.now()
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{served.url}/simulator/clock", json={"advance_s": 1}, timeout=10)
    assert served.centre.clock.now() > before


def test_a_hanging_answer_outlasts_the_clients_patience(served: Served) -> None:
    order(served, {"path": "/simulator/clock", "kind": "hang", "seconds": 0.6, "count": 2})
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{served.url}/simulator/clock", timeout=0.2)
    assert requests.get(f"{served.url}/simulator/clock", timeout=10).status_code == 200


def test_html_comes_with_a_success(served: Served, client: Client) -> None:
    order(served, {"path": "/api/v2/users", "kind": "html", "count": 1})
    answer = client.get("/api/v2/users")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_enums_that_were_left_out_become_null(served: Served, client: Client) -> None:
    path = "/api/v2/analytics/conversations/details/query"
    order(served, {"path": path, "kind": "null_enums"})
    answer = client.query(interval="2026-03-26T00:00:00Z/2026-03-27T00:00:00Z")
    segments = [
        segment
        for c in answer["conversations"]
        for p in c["participants"]
        for s in p["sessions"]
        for segment in s["segments"]
    ]
    assert any(segment["disconnectType"] is None for segment in segments)
    assert any(segment["disconnectType"] for segment in segments)


@pytest.mark.parametrize(
    "rules",
    [
        {"path": "*", "kind": "error"},
        [{"path": "*"}],
        [{"path": "*", "kind": "earthquake"}],
        [{"path": "*", "kind": "error", "probability": 2}],
        [{"path": "*", "kind": "error", "colour": "red"}],
    ],
)
def test_a_malformed_rule_is_refused_and_the_old_ones_stay(served: Served, rules: Any) -> None:
    order(served, {"path": "/nowhere", "kind": "error"})
    answer = requests.post(f"{served.url}/simulator/faults", json=rules, timeout=10)
    assert answer.status_code == 400
    assert [rule.path for rule in served.centre.faults.rules] == ["/nowhere"]
