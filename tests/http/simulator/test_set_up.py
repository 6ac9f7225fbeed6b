"""Data actions, workflows and triggers, checked as the platform checks them."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from simulator.api.permissions import Permissions
from simulator.automation.store import Store
from simulator.server import Served
from tests.simulated import Client

TRIGGERS = "/api/v2/processautomation/triggers"
TOPIC = "v2.detail.events.conversation.{id}.user.end"
FLOW = """workflow:
  name: "A flow"
  division: "Home"
"""


@pytest.fixture(autouse=True)
def _nothing_set_up(served: Served) -> Iterator[None]:
    served.centre.automation, served.centre.permissions = Store(), Permissions()
    yield
    served.centre.permissions = Permissions()


def _publish(client: Client, text: str) -> Any:
    """Publish a workflow; return its job."""
    job = client.post("/api/v2/flows/jobs", {}).json()
    requests.put(job["presignedUrl"], data=text, headers=job["headers"], timeout=30)
    return client.get(f"/api/v2/flows/jobs/{job['id']}").json()


@pytest.fixture
def trigger(client: Client) -> dict[str, Any]:
    """The body of a trigger that is all right."""
    flow_id = _publish(client, FLOW)["flow"]["id"]
    return {
        "name": "T",
        "topicName": TOPIC,
        "enabled": True,
        "target": {"type": "Workflow", "id": flow_id},
        "matchCriteria": [{"jsonPath": "mediaType", "operator": "In", "values": ["EMAIL"]}],
    }


def test_a_trigger_is_made_changed_and_deleted(client: Client, trigger: dict[str, Any]) -> None:
    made = client.post(TRIGGERS, trigger).json()
    path = f"{TRIGGERS}/{made['id']}"

    def send(method: str, body: Any = None) -> requests.Response:
        return requests.request(
            method, client.url + path, json=body, headers=client._headers, timeout=30
        )

    changed = send("PUT", trigger | {"enabled": False, "version": 1})
    late = send("PUT", trigger | {"enabled": True, "version": 1})
    send("DELETE")

    assert (made["version"], changed.json()["version"], changed.json()["enabled"]) == (1, 2, False)
    assert late.status_code == 409
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"topicName": "v2.users.{id}.conversations"}, "not a topic of triggers"),
        ({"eventTTLSeconds": 60, "delayBySeconds": 60}, "Only one of"),
        ({"eventTTLSeconds": 9}, "10 or more"),
        ({"delayBySeconds": 59}, "from 60 to 900"),
        ({"target": {"type": "Workflow", "id": "nowhere"}}, "no published workflow"),
        ({"target": {"type": "Queue", "id": "x"}}, "target.type"),
        ({"matchCriteria": [{"jsonPath": "a", "operator": "Like", "value": 1}]}, "'Like'"),
        ({"matchCriteria": [{"jsonPath": "a", "operator": "In", "value": 1}]}, "needs values"),
        ({"description": "x" * 513}, "512"),
        ({"name": ""}, "needs a name"),
    ],
)
def test_a_trigger_that_the_platform_refuses_is_refused(
    client: Client, trigger: dict[str, Any], wrong: dict[str, Any], told: str
) -> None:
    answer = client.post(TRIGGERS, trigger | wrong)

    assert answer.status_code == 400
    assert told in answer.json()["message"]


def test_two_triggers_cannot_have_one_name(client: Client, trigger: dict[str, Any]) -> None:
    assert client.post(TRIGGERS, trigger).status_code == 200
    assert client.post(TRIGGERS, trigger).status_code == 409


def test_triggers_are_listed_by_cursor(client: Client, trigger: dict[str, Any]) -> None:
    for number in range(3):
        client.post(TRIGGERS, trigger | {"name": f"T{number}"})

    first = client.get(TRIGGERS, pageSize=2).json()
    second = client.get(first["nextUri"]).json()

    assert [each["name"] for each in first["entities"]] == ["T0", "T1"]
    assert [each["name"] for each in second["entities"]] == ["T2"]
    assert "nextUri" not in second


def test_a_trigger_is_tried_on_an_event(client: Client, trigger: dict[str, Any]) -> None:
    path = f"{TRIGGERS}/{client.post(TRIGGERS, trigger).json()['id']}/test"

    assert client.post(path, {"mediaType": "EMAIL"}).json()["triggerMatches"] is True
    assert client.post(path, {"mediaType": "VOICE"}).json()["triggerMatches"] is False


def test_a_workflow_that_cannot_be_published_says_why(client: Client) -> None:
    unknown = _publish(client, FLOW.replace("Home", "Nowhere"))
    calls = _publish(client, FLOW + '  x:\n    dataAction:\n      "Not there":\n')

    assert (unknown["status"], calls["status"]) == ("Failure", "Failure")
    assert "no division 'Nowhere'" in unknown["messages"][0]["text"]
    assert "no data action 'Not there'" in calls["messages"][0]["text"]


def test_a_credential_is_never_told_and_not_deleted_while_it_is_used(client: Client) -> None:
    base = "/api/v2/integrations"
    made = client.post(base, {"integrationType": {"id": "custom-rest-actions"}}).json()
    fields = {"name": "C", "type": {"name": "userDefined"}, "credentialFields": {"t": "a-secret"}}
    credential = client.post(f"{base}/credentials", fields).json()
    config = client.get(f"{base}/{made['id']}/config/current").json()
    config["credentials"] = {"basicAuth": {"id": credential["id"]}}
    put = requests.put(
        f"{client.url}{base}/{made['id']}/config/current",
        json=config,
        headers=client._headers,
        timeout=30,
    )
    gone = requests.delete(
        f"{client.url}{base}/credentials/{credential['id']}", headers=client._headers, timeout=30
    )

    assert put.status_code == 200
    assert gone.status_code == 409
    assert "a-secret" not in client.get(f"{base}/credentials").text + put.text


def test_what_was_taken_away_is_named_and_given_back(client: Client) -> None:
    control = f"{client.url}/simulator/permissions"
    requests.put(control, json={"denied": ["routing:queue:view"]}, timeout=30)

    answer = client.get("/api/v2/routing/queues")
    grants = client.get("/api/v2/authorization/subjects/me").json()["grants"]
    requests.put(control, json={"denied": []}, timeout=30)

    assert (answer.status_code, answer.json()["code"]) == (403, "missing.permissions")
    assert "permission(s): routing:queue:view" in answer.json()["message"]
    policies = grants[0]["role"]["policies"]
    assert not any(p["domain"] == "routing" and p["entityName"] == "queue" for p in policies)
    assert client.get("/api/v2/routing/queues").status_code == 200


def test_permissions_that_there_are_not_cannot_be_taken_away(client: Client) -> None:
    answer = requests.put(
        f"{client.url}/simulator/permissions", json={"denied": ["a:b:c"]}, timeout=30
    )
    assert answer.status_code == 400
