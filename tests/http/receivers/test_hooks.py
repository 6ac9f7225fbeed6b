"""Receivers of webhooks, as awkward as the real ones, and the page that shows what they got."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from django.utils import timezone

from simulator import server as centres
from simulator.clock import ManualClock, RunningClock
from simulator.receivers import hooks, panels, slack, teams, workspace
from simulator.receivers import server as receivers
from simulator.receivers.server import Served, serving
from simulator.receivers.state import Receivers
from simulator.world import World

CONNECT = {
    "conversationId": "c1",
    "userId": "u1",
    "userName": "Ada",
    "type": "eventAgentConnect",
    "provider": "PureCloud Messaging",
    "externalId": "customer-1",
}
END = {
    "userId": "customer-1",
    "topic": "v2.detail.events.conversation.id.user.end",
    "disconnectType": "CLIENT",
}


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(RunningClock(timezone.now())) as running:
        yield running


def post(served: Served, path: str, body: Any) -> requests.Response:
    return requests.post(served.url + path, json=body, timeout=5)


def test_lynn_takes_what_has_exactly_her_keys(served: Served) -> None:
    assert post(served, hooks.LYNN, CONNECT).json() == {"success": True}
    (call,) = served.receivers.heard("/lynn/")
    assert call.body == CONNECT


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        {},
        {**CONNECT, "more": "x"},
        {key: CONNECT[key] for key in CONNECT if key != "provider"},
        {**CONNECT, "externalId": ""},
        {**CONNECT, "externalId": None},
        {**CONNECT, "type": "eventAgentDisconnect"},
    ],
)
def test_lynn_refuses_anything_else(served: Served, body: Any) -> None:
    assert post(served, hooks.LYNN, body).status_code == 400
    assert served.receivers.heard("/lynn/") == []


def test_cognigy_knows_which_handovers_are_open(served: Served) -> None:
    def meant(**more: Any) -> str:
        return str(post(served, hooks.COGNIGY, {**END, **more}).json()["handover"])

    assert hooks.open_handovers(served.receivers) == set()
    for customer in ("customer-1", "customer-2"):
        assert post(served, hooks.OPENED, {"userId": customer}).ok
    assert meant(disconnectType="CONSULT_TRANSFER") == "goes on: a transfer"
    assert hooks.open_handovers(served.receivers) == {"customer-1", "customer-2"}
    assert meant(additional="harmless") == "ended"
    assert hooks.open_handovers(served.receivers) == {"customer-2"}
    assert meant() == "was not open"


@pytest.mark.parametrize(
    "more",
    [
        {"topic": "v2.detail.events.conversation.{id}.user.end"},
        {"topic": "v2.detail.events.conversation.id.user.start"},
        {"userId": ""},
        {"disconnectType": None},
    ],
)
def test_cognigy_refuses_what_it_does_not_know(served: Served, more: dict[str, Any]) -> None:
    assert post(served, hooks.COGNIGY, {**END, **more}).status_code == 400


def test_the_page_shows_the_newest_first_and_escapes_everything(served: Served) -> None:
    hostile = "<script>alert(1)</script>"
    body = {"type": "agent.connected", "data": {"conversationId": "c1", "userName": hostile}}
    for _ in range(2):
        headers = {"webhook-id": "msg_1"}
        requests.post(f"{served.url}/hooks/crm", json=body, headers=headers, timeout=5)
    requests.post(f"{served.url}/hooks/crm", data=b"\xff not json", timeout=5)
    post(served, hooks.LYNN, CONNECT | {"userName": hostile})
    post(served, hooks.COGNIGY, END)
    assert "was not open" not in requests.get(f"{served.url}/receivers", timeout=5).text
    post(served, hooks.OPENED, {"userId": "customer-2"})
    answer = requests.get(f"{served.url}/receivers", timeout=5)
    page = answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert hostile not in page
    assert page.count("&lt;script&gt;") == 3
    assert page.index("msg_1 (again)") < page.index("<td>msg_1</td>")
    assert "<h2>Webhooks (3)</h2>" in page
    assert "<h2>Lynn (1)</h2>" in page
    assert "<td>was not open</td>" in page
    assert '<meta http-equiv="refresh" content="3">' in page


def test_the_page_says_what_to_enter_to_reach_each(served: Served) -> None:
    page = unescape(requests.get(f"{served.url}/receivers", timeout=5).text)
    assert f"URL {served.url}{hooks.HOOKS}mine" in page
    assert f"Base URL {served.url}/lynn<" in page
    assert f"URL {served.url}{hooks.COGNIGY}<" in page
    assert f"Channel ID {workspace.CHANNEL}, Bot token {workspace.TOKEN}" in page
    assert f"API {served.url}/slack/api/ " in page
    assert f"Webhook URL {served.url}{slack.SERVICES}{workspace.HOOK}<" in page
    assert f"Workflow URL {served.url}{teams.PATH}<" in page


def test_times_on_the_page_name_their_zone() -> None:
    at = datetime(2026, 3, 27, 17, 45, 3, tzinfo=ZoneInfo("Europe/Berlin"))
    assert panels.clock_of(at) == "27 Mar, 16:45:03 UTC"


def test_faults_are_set_over_http(served: Served) -> None:
    where = f"{served.url}/receivers/faults"
    rule = {"kind": "error", "path": "/hooks/*", "status": 500, "count": 1}
    assert requests.post(where, json=[rule], timeout=5).ok
    assert post(served, "/hooks/crm", {}).status_code == 500
    assert post(served, "/hooks/crm", {}).status_code == 204
    assert requests.get(where, timeout=5).json()["befallen"] == {"error": 1}
    wrongs: list[Any] = [[{"kind": "none"}], [{"no": 1}], {}, [1]]
    for wrong in wrongs:
        assert requests.post(where, json=wrong, timeout=5).status_code == 400


def test_a_simulated_centre_has_the_receivers_beside_its_api() -> None:
    now = timezone.now()
    told = Receivers(lambda: now, calls=deque(maxlen=2))
    beside = receivers.routes(told)
    with centres.serving(World(seed=7, epoch=now), ManualClock(now), beside) as centre:
        for _ in range(3):
            assert requests.post(f"{centre.url}/hooks/crm", json={}, timeout=5).status_code == 204
        assert "<h2>Webhooks (2)</h2>" in requests.get(f"{centre.url}/receivers", timeout=5).text
        assert requests.get(f"{centre.url}/api/v2/users", timeout=5).status_code == 401
