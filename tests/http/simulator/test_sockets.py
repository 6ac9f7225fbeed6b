"""Notification channels over HTTP, their sockets, and what rules do to them."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from simulator.api.channels import Channels
from simulator.clock import RunningClock
from simulator.server import Served, serving
from simulator.world import World
from simulator.world.feed import Occurrence
from tests.http.simulator.conftest import NOW

CHANNELS = "/api/v2/notifications/channels"
TOPIC = "v2.users.one.conversations"


class Somebody:
    """A client of the notifications."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.token = served.centre.access.issue("simulator").value

    def call(self, method: str, path: str, body: Any = None, **query: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = self.served.url + path
        return requests.request(method, url, json=body, params=query, headers=headers, timeout=30)

    def open(self, *topics: str) -> Any:
        channel = self.call("POST", CHANNELS, {}).json()
        answer = self.subscribe("PUT", channel, *topics, ignoreErrors="true")
        assert answer.status_code == 200, answer.text
        return channel

    def subscribe(self, method: str, channel: Any, *topics: str, **query: str) -> requests.Response:
        body = [{"id": topic} for topic in topics]
        return self.call(method, f"{CHANNELS}/{channel['id']}/subscriptions", body, **query)

    def topics(self, channel: Any) -> list[str]:
        told = self.call("GET", f"{CHANNELS}/{channel['id']}/subscriptions").json()
        return [each["id"] for each in told["entities"]]

    def rules(self, **rules: Any) -> requests.Response:
        return self.call("PUT", "/simulator/sockets", rules)

    def tell(self, *sayings: Any) -> None:
        for say in sayings:
            self.served.centre.world.feed.tell(Occurrence(TOPIC, {"say": say}, 0))


@pytest.fixture
def somebody(served: Served) -> Iterator[Somebody]:
    served.centre.channels = Channels()
    yield Somebody(served)
    served.centre.channels = Channels()


def read(socket: ClientConnection) -> Any:
    return json.loads(socket.recv(timeout=30))


def said(socket: ClientConnection, many: int) -> list[Any]:
    return [read(socket)["eventBody"].get("say") for _ in range(many)]


def test_a_channel_tells_where_to_connect_and_lives_a_real_day(somebody: Somebody) -> None:
    channel = somebody.open(TOPIC)
    assert set(channel) == {"id", "connectUri", "expires"}
    left = datetime.fromisoformat(channel["expires"]) - datetime.now(UTC)
    assert 86_390 < left.total_seconds() <= 86_400
    assert somebody.call("HEAD", f"{CHANNELS}/{channel['id']}").status_code == 200
    assert somebody.call("HEAD", f"{CHANNELS}/other").status_code == 404
    listed = somebody.call("GET", CHANNELS).json()["entities"]
    assert [each["id"] for each in listed] == [channel["id"]]


def test_topics_are_added_replaced_and_cleared(somebody: Somebody) -> None:
    channel = somebody.open(TOPIC)
    somebody.subscribe("POST", channel, "v2.users.two.activity")
    assert somebody.topics(channel) == [TOPIC, "v2.users.two.activity"]
    somebody.subscribe("PUT", channel, "v2.users.three.activity")
    assert somebody.topics(channel) == ["v2.users.three.activity"]
    somebody.subscribe("DELETE", channel)
    assert somebody.topics(channel) == []


def test_a_channel_takes_a_thousand_topics_and_not_one_more(somebody: Somebody) -> None:
    channel = somebody.open(*(f"v2.users.{n}.activity" for n in range(1000)))
    refused = somebody.subscribe("POST", channel, TOPIC, ignoreErrors="true")
    assert refused.status_code == 400
    assert len(somebody.topics(channel)) == 1000


def test_what_is_rejected_is_told_or_refuses_all(somebody: Somebody) -> None:
    somebody.rules(rejected={"*.activity": ["a:b:view"]})
    channel = somebody.open(TOPIC)
    topics = ("v2.users.two.conversations", "v2.users.two.activity", "v2.nothing")
    assert somebody.subscribe("POST", channel, *topics).status_code == 400
    assert somebody.topics(channel) == [TOPIC]
    told = somebody.subscribe("POST", channel, *topics, ignoreErrors="true").json()["entities"]
    assert [each["state"] for each in told] == ["Permitted", "Rejected", "Rejected"]
    assert told[1]["missingPermissions"] == ["a:b:view"]
    assert somebody.topics(channel) == [TOPIC, "v2.users.two.conversations"]


def test_the_channel_too_many_removes_the_unconnected_one_used_longest_ago(
    somebody: Somebody,
) -> None:
    first, *others = [somebody.open() for _ in range(20)]
    with connect(first["connectUri"]):
        somebody.call("POST", CHANNELS, {})
        left = {each["id"] for each in somebody.call("GET", CHANNELS).json()["entities"]}
    assert len(left) == 20
    assert first["id"] in left
    assert others[0]["id"] not in left


def test_a_socket_hears_its_topics_and_loses_what_happens_while_it_is_closed(
    somebody: Somebody,
) -> None:
    channel = somebody.open(TOPIC)
    somebody.tell("before")
    with connect(channel["connectUri"]) as socket:
        somebody.served.centre.world.feed.tell(Occurrence("v2.users.two.activity", {}, 0))
        somebody.tell("now")
        frame = read(socket)
    assert (frame["topicName"], frame["version"], frame["eventBody"]) == (
        TOPIC,
        "2",
        {"say": "now"},
    )
    assert set(frame["metadata"]) == {"CorrelationId"}
    somebody.tell("between")
    with connect(channel["connectUri"]) as socket:
        somebody.tell("again")
        assert said(socket, 1) == ["again"]


def test_a_socket_beats_answers_a_ping_and_takes_topics(somebody: Somebody) -> None:
    somebody.rules(heartbeat_s=0.1)
    channel = somebody.open()
    with connect(channel["connectUri"]) as socket:
        beat = {"topicName": "channel.metadata", "eventBody": {"message": "WebSocket Heartbeat"}}
        assert read(socket) == beat
        somebody.rules()
        socket.send('{"message":"ping"}')
        assert read(socket)["eventBody"] == {"message": "pong"}
        socket.send(json.dumps({"message": "subscribe", "topics": [TOPIC], "correlationId": "7"}))
        assert read(socket) == {"result": "200", "status": "subscribed", "correlationId": "7"}
        somebody.tell("now")
        assert said(socket, 1) == ["now"]


def test_a_second_socket_drops_the_first(somebody: Somebody) -> None:
    channel = somebody.open(TOPIC)
    with connect(channel["connectUri"]) as first, connect(channel["connectUri"]) as second:
        with pytest.raises(ConnectionClosedOK):
            first.recv(timeout=30)
        somebody.tell("now")
        assert said(second, 1) == ["now"]


def test_a_socket_ends_with_its_token_and_does_not_come_back(somebody: Somebody) -> None:
    channel = somebody.open(TOPIC)
    with connect(channel["connectUri"]) as socket:
        somebody.served.centre.access.revoke_all()
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=30)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1008
    with pytest.raises(InvalidStatus, match="404"):
        connect(channel["connectUri"])


def test_a_channel_that_expires_takes_its_socket_along(somebody: Somebody) -> None:
    somebody.rules(lifetime_s=0.3)
    with connect(somebody.open(TOPIC)["connectUri"]) as socket, pytest.raises(ConnectionClosed):
        socket.recv(timeout=30)


def test_the_rules_make_a_line_die_or_fall_silent_or_announce_its_end(somebody: Somebody) -> None:
    channel = somebody.open(TOPIC)
    somebody.rules(drop_every_s=0.1)
    with connect(channel["connectUri"]) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=30)
        assert closed.value.rcvd is None
    somebody.rules(silent=True, heartbeat_s=0.05)
    with connect(channel["connectUri"]) as socket:
        socket.send('{"message":"ping"}')
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.3)
    somebody.rules(closing_every_s=0.1, closing_grace_s=0.1)
    with connect(channel["connectUri"]) as socket:
        assert read(socket)["topicName"] == "v2.system.socket_closing"
        with pytest.raises(ConnectionClosedOK):
            said(socket, 100)


def test_events_are_lost_repeated_and_reordered_the_same_way_for_a_seed(
    somebody: Somebody,
) -> None:
    channel = somebody.open(TOPIC)
    runs = []
    for _ in range(2):
        somebody.rules(lose=0.1, duplicate=0.1, reorder=0.1, seed=3)
        with connect(channel["connectUri"]) as socket:
            somebody.tell(*range(100))
            time.sleep(0.1)
            somebody.rules()
            somebody.tell("end")
            heard: list[Any] = []
            while "end" not in heard:
                heard += said(socket, 1)
        runs.append(heard[:-1])
    assert runs[0] == runs[1]
    counts = Counter(runs[0])
    assert 80 < len(counts) < 100
    assert 2 in counts.values()
    assert runs[0] != sorted(runs[0])


def test_a_burst_holds_events_back(somebody: Somebody) -> None:
    channel = somebody.open(TOPIC)
    somebody.rules(burst_s=0.3)
    with connect(channel["connectUri"]) as socket:
        somebody.tell(1, 2, 3)
        begun = time.monotonic()
        assert said(socket, 3) == [1, 2, 3]
    assert time.monotonic() - begun > 0.1


@pytest.mark.parametrize("rules", [{"silent": "yes"}, {"loose": 1}, {"lose": None}, []])
def test_rules_that_are_none_are_refused(somebody: Somebody, rules: Any) -> None:
    assert somebody.call("PUT", "/simulator/sockets", rules).status_code == 400


def test_available_topics_tell_what_is_asked_for(somebody: Somebody) -> None:
    path = "/api/v2/notifications/availabletopics"
    plain = somebody.call("GET", path).json()["entities"]
    assert all(set(each) == {"id", "description"} for each in plain)
    state = "v2.detail.events.agent.{id}.state"
    assert state not in {each["id"] for each in plain}
    asked = {"expand": "transports,requiresPermissions", "includePreview": "true"}
    full = {each["id"]: each for each in somebody.call("GET", path, **asked).json()["entities"]}
    assert full[state]["requiresPermissions"] == ["analytics:conversationDetail:view"]
    assert full["v2.users.{id}.conversations"]["transports"] == ["Websocket"]
    somebody.rules(not_offered=[state])
    assert state not in {e["id"] for e in somebody.call("GET", path, **asked).json()["entities"]}


def test_the_world_lives_on_by_itself_while_somebody_listens() -> None:
    world = World(seed=7, epoch=NOW)
    with serving(world, RunningClock(NOW, speed=600)) as served:
        somebody = Somebody(served)
        topics = [f"v2.users.{agent.id}.conversations" for agent in world.organization.agents]
        with connect(somebody.open(*topics)["connectUri"], max_size=None) as socket:
            assert read(socket)["topicName"] in topics
