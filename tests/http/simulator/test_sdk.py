"""The official SDK, unmodified, is the simulator's client."""

import json
import subprocess
import sys
from typing import Any

import pytest

from simulator.server import Served
from tests.simulated import Client

# In a process of its own: the SDK takes seconds and hundreds of megabytes to import.
SCRIPT = """
import json, sys
import PureCloudPlatformClientV2 as sdk

sdk.configuration.host = sys.argv[1]
client = sdk.api_client.ApiClient().get_client_credentials_token("simulator", "simulator")
analytics = sdk.AnalyticsApi(client)
query = sdk.ConversationQuery()
query.interval = "2026-03-26T00:00:00.000Z/2026-03-27T00:00:00.000Z"
query.paging = sdk.PagingSpec()
query.paging.page_size, query.paging.page_number = 100, 1
page = analytics.post_analytics_conversations_details_query(query)
ids = [c.conversation_id for c in page.conversations]
batch = analytics.get_analytics_conversations_details(id=ids[:3])
users = sdk.UsersApi(client).get_users(page_size=100)
utilization = sdk.RoutingApi(client).get_routing_utilization()
schedules = sdk.ArchitectApi(client).get_architect_schedules(page_size=100)
empty = sdk.ConversationQuery()
empty.interval = "2020-01-01T00:00:00.000Z/2020-01-02T00:00:00.000Z"
print(json.dumps({
    "query": ids,
    "metrics": [
        [m.name, m.value, m.emit_date.isoformat()]
        for p in page.conversations[0].participants for s in p.sessions for m in s.metrics or []
    ],
    "batch": [c.conversation_id for c in batch.conversations],
    "users": [user.name for user in users.entities],
    "email": utilization.utilization["email"].interruptable_media_types,
    "schedules": [schedule.start.isoformat() for schedule in schedules.entities],
    "empty": analytics.post_analytics_conversations_details_query(empty).conversations,
}))
"""


@pytest.fixture(scope="module")
def said(standing: Served) -> Any:
    """What the SDK made of the simulator's answers."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, standing.url],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_sdk_reads_conversations_by_query_and_by_batch(said: Any, client: Client) -> None:
    answer = client.query(
        interval="2026-03-26T00:00:00.000Z/2026-03-27T00:00:00.000Z", paging={"pageSize": 100}
    )
    assert said["query"] == [c["conversationId"] for c in answer["conversations"]]
    assert said["batch"] == said["query"][:3]
    names = [
        m["name"]
        for p in answer["conversations"][0]["participants"]
        for s in p["sessions"]
        for m in s.get("metrics", [])
    ]
    assert [name for name, _, _ in said["metrics"]] == names


def test_the_sdk_reads_the_organization(said: Any) -> None:
    assert len(said["users"]) == 26
    assert "call" in said["email"]
    assert "2024-01-01T08:00:00" in said["schedules"]


def test_the_sdk_finds_nothing_where_nothing_is(said: Any) -> None:
    assert said["empty"] is None
