"""Data that lags and data that is corrected, over HTTP; events through a queue of AWS's kind."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from chrono.instants import isoformat, parse
from simulator.server import Served
from tests.http.simulator.conftest import EPOCH, centre
from tests.simulated import Client

NOW = EPOCH + timedelta(hours=4)
QUERY = "/api/v2/analytics/conversations/details/query"
Fact = dict[str, Any]


@pytest.fixture
def served() -> Iterator[Served]:
    with centre(NOW) as known:
        yield known


@pytest.fixture
def client(served: Served) -> Client:
    return Client(served.url, served.centre.access.issue().value)


def put_data(served: Served, **faults: float) -> requests.Response:
    return requests.put(f"{served.url}/simulator/data", json=faults, timeout=10)


def everything(client: Client) -> dict[str, Fact]:
    interval = f"{isoformat(EPOCH)}/{isoformat(EPOCH + timedelta(days=1))}"
    found: dict[str, Fact] = {}
    for number in range(1, 20):
        paging = {"pageSize": 100, "pageNumber": number}
        page = client.query(interval=interval, paging=paging).get("conversations", [])
        found |= {each["conversationId"]: each for each in page}
        if not page:
            break
    return found


def test_analytics_that_lags_tells_what_was_true_then(served: Served, client: Client) -> None:
    before = everything(client)
    served.centre.clock.advance(900)  # type: ignore[attr-defined]
    now = everything(client)
    assert put_data(served, lag_s=900).json()["lag_s"] == 900
    lagging = everything(client)
    assert before != now
    assert lagging.keys() == before.keys() < now.keys()
    for id_, document in lagging.items():
        # Which divisions it will reach, and its surveys, are told early.
        early: Fact = {"divisionIds": [], "surveys": []}
        assert document | early == before[id_] | early
    new = next(id_ for id_ in now if id_ not in before)
    path = f"/api/v2/analytics/conversations/{new}/details"
    assert client.get(path).status_code == 404
    assert client.get(f"/api/v2/conversations/{new}").status_code == 200
    many = client.get("/api/v2/analytics/conversations/details", id=",".join([new, *before][:50]))
    assert new not in {each["conversationId"] for each in many.json()["conversations"]}
    put_data(served, lag_s=0)
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("faults", [{"lag_s": -1}, {"corrections": 2}, {"lags": 1}])
def test_a_wrong_rate_is_refused(served: Served, faults: Fact) -> None:
    assert put_data(served, **faults).status_code == 400


def test_corrections_can_be_switched_on_while_the_world_lives(served: Served) -> None:
    assert put_data(served, corrections=1).json()["corrections"] == 1
    served.centre.clock.advance(86_400 * 5)  # type: ignore[attr-defined]
    requests.get(f"{served.url}/simulator/truth", params={"id": "x"}, timeout=30)
    told = requests.get(f"{served.url}/simulator/data", timeout=10).json()
    assert told["corrected"] > 300


# -- SQS -------------------------------------------------------------------------------------
@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_events_reach_a_queue(served: Served, aws: str) -> None:
    sqs = boto3.client("sqs", region_name="eu-central-1", endpoint_url=aws)
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    queue: Fact = {"name": "queue", "shape": "sqs", "url": url, "endpoint": aws}
    queue |= {"topics": ["v2.detail.events.conversation.{id}.acw"]}
    plan = {"destinations": [queue], "faults": {"repeated": 0.5, "forged": 0.5}}
    requests.put(f"{served.url}/simulator/push", json=plan, timeout=10).raise_for_status()
    served.centre.clock.advance(3600)  # type: ignore[attr-defined]
    told = requests.post(f"{served.url}/simulator/push/flush", timeout=40).json()
    counts = told["destinations"][0]["counts"]
    bodies: list[Fact] = []
    while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [json.loads(message["Body"]) for message in got]
    assert len(bodies) == counts["accepted"] > counts["events"]
    assert len({body["id"] for body in bodies}) == counts["events"]
    assert all(parse(body["detail"]["timestamp"]) > NOW for body in bodies)
