"""Events that are pushed: over real HTTP, to a receiver that takes, refuses, hangs and dies."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from uuid import UUID

import pytest
import requests

from simulator.clock import Clock, ManualClock, RunningClock
from simulator.push.sender import Sender
from simulator.server import Served, serving
from simulator.world import World
from simulator.world.feed import Occurrence

EPOCH = datetime(2026, 3, 26, 5, tzinfo=UTC)
NOW = EPOCH + timedelta(hours=4)
TOKEN = "right"
Fact = dict[str, Any]


class Got(NamedTuple):
    """A request as it came."""

    path: str
    authorization: str
    key: str
    body: Fact


@dataclass
class Receiver:
    """Takes what is pushed; answer decides on the status."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answer: Callable[[Got], int] = lambda _: 202

    @property
    def right(self) -> list[Fact]:
        """Return the bodies that came with the right token."""
        return [got.body for got in self.got if got.authorization in {"", f"Bearer {TOKEN}"}]


@pytest.fixture(scope="module")
def listening() -> Iterator[Receiver]:
    known = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            authorization = self.headers.get("Authorization", "")
            key = self.headers.get("X-API-Key", "")
            got = Got(self.path, authorization, key, json.loads(body))
            status = known.answer(got)
            known.got.append(got)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    known.url = f"http://127.0.0.1:{server.server_port}/hooks/genesys/"
    yield known
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def receiver(listening: Receiver) -> Receiver:
    """Return a receiver that has got nothing yet and takes everything."""
    listening.got, listening.answer = [], Receiver.answer
    return listening


@contextmanager
def centre(clock: Clock | None = None) -> Iterator[Served]:
    world = World(seed=7, epoch=EPOCH)
    world.advance_to(NOW)
    with serving(world, clock or ManualClock(NOW)) as served:
        yield served


@pytest.fixture(scope="module")
def standing() -> Iterator[Served]:
    with centre() as known:
        yield known


@pytest.fixture
def served(standing: Served) -> Iterator[Served]:
    """Return a world that pushes nothing yet, later with each test."""
    yield standing
    follow(standing)


def follow(served: Served, *destinations: Fact, **faults: float) -> None:
    plan = {"destinations": list(destinations), "faults": faults, "seed": 5}
    answer = requests.put(f"{served.url}/simulator/push", json=plan, timeout=10)
    assert answer.status_code == 200, answer.text


def live(served: Served, hours: float) -> Fact:
    """Let so many hours pass; return what became of the events, flushed."""
    move = {"advance_s": hours * 3600}
    requests.post(f"{served.url}/simulator/clock", json=move, timeout=10).raise_for_status()
    told: Fact = requests.post(f"{served.url}/simulator/push/flush", timeout=40).json()
    assert told["done"]
    assert told["waiting"] == 0
    return told


def counts(told: Fact) -> Fact:
    found: Fact = told["destinations"][0]["counts"]
    return found


def hook(receiver: Receiver, shape: str = "trigger", **extra: Any) -> Fact:
    return {"name": "ours", "shape": shape, "url": receiver.url, "token": TOKEN, **extra}


# -- triggers --------------------------------------------------------------------------------
def test_a_trigger_posts_our_contract_as_a_template_fills_it_in(
    served: Served, receiver: Receiver
) -> None:
    heard: list[Occurrence] = []
    served.centre.world.feed.listen(heard.append)
    follow(served, hook(receiver, strings=True, unset="NOT_SET"))
    told = live(served, 1)
    topics = Counter(body["topic"] for body in receiver.right)
    family = "v2.detail.events.conversation.{id}."
    ways = [f"{who}.{what}" for who in ("customer", "acd", "user") for what in ("start", "end")]
    kinds = [*ways, "acw", "wrapup"]
    assert topics.keys() == {family + each for each in kinds}
    assert counts(told) == {"accepted": len(receiver.got), "events": len(receiver.got)} | {
        "sent": len(receiver.got)
    }
    true = Counter(
        (o.body["conversationId"], o.body["sessionId"], str(o.body["eventTime"]))
        for o in heard
        if "detail.events.conversation" in o.topic and o.topic.split(".", 5)[5] in kinds
    )
    came = Counter((b["conversationId"], b["sessionId"], b["eventTime"]) for b in receiver.right)
    assert came == true
    assert all(isinstance(v, str) for body in receiver.right for v in body.values())
    work = next(body for body in receiver.right if body["topic"].endswith(".acw"))
    assert work["disconnectType"] == "NOT_SET"
    assert work["wrapupDurationMs"].isdecimal()


def test_a_trigger_may_send_numbers_and_empty_texts_under_a_header_of_its_own(
    served: Served, receiver: Receiver
) -> None:
    topics = ["v2.detail.events.conversation.{id}.user.*"]
    follow(served, hook(receiver, header="X-API-Key", topics=topics))
    live(served, 1)
    assert {got.key for got in receiver.got} == {TOKEN}
    assert {got.authorization for got in receiver.got} == {""}
    assert {type(body["eventTime"]) for body in receiver.right} == {int}
    start = next(body for body in receiver.right if body["topic"].endswith("user.start"))
    assert start["disconnectType"] == ""
    assert "conversationExternalContactIds" not in start


def test_the_two_bodies_found_in_the_wild(served: Served, receiver: Receiver) -> None:
    wild = [
        hook(receiver, "connect"),
        hook(receiver, "handover", unset="NOT_SET") | {"name": "theirs"},
    ]
    follow(served, *wild)
    live(served, 1)
    bodies = {body.get("topic", ""): body for body in receiver.right}
    ends = {f"v2.detail.events.conversation.id.{each}" for each in ("acw", "user.end")}
    assert bodies.keys() == {"", *ends}
    known = served.centre.world.conversations
    connected = bodies[""]
    assert connected["conversationId"] in known
    assert connected["type"] == "eventAgentConnect"
    agents = {agent.id: agent.name for agent in served.centre.world.organization.agents}
    assert connected["userName"] == agents[connected["userId"]]
    assert all(body["userId"] not in {"", "NOT_SET"} for body in receiver.right)
    ended = bodies["v2.detail.events.conversation.id.acw"]
    assert ended.keys() == {"userId", "topic", "disconnectType"}
    assert ended["disconnectType"] == "NOT_SET"


def test_a_trigger_fires_only_where_its_criteria_are_met(
    served: Served, receiver: Receiver
) -> None:
    criteria = {"mediaType": ["EMAIL", "MESSAGE"], "direction": ["INBOUND"]}
    follow(served, hook(receiver, criteria=criteria))
    live(served, 1)
    assert {body["mediaType"] for body in receiver.right} == {"EMAIL", "MESSAGE"}


def test_what_a_trigger_cannot_deliver_is_gone(served: Served, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    follow(served, hook(receiver))
    told = counts(live(served, 0.5))
    assert told["refused"] == told["given_up"] == told["sent"] == len(receiver.got) > 20


def test_faults_come_to_the_same_for_a_seed(receiver: Receiver) -> None:
    receiver.answer = lambda got: 202 if got.authorization == f"Bearer {TOKEN}" else 401
    share = {"lost": 0.1, "repeated": 0.2, "late": 0.1, "reordered": 0.2}
    share |= {"forged": 0.1, "nulls": 0.2, "skewed": 0.1}
    came: list[Counter[str]] = []
    told: list[Fact] = []
    for _ in range(2):
        receiver.got.clear()
        with centre() as served:
            follow(served, hook(receiver), **share)
            told.append(counts(live(served, 2)))
        came.append(Counter(json.dumps([g.authorization, g.body]) for g in receiver.got))
    assert told[0] == told[1]
    assert came[0] == came[1]
    assert told[0].keys() == {*share, "events", "sent", "accepted"}
    assert told[0]["accepted"] == len(receiver.right)
    assert told[0]["forged"] == len(receiver.got) - len(receiver.right)
    copies = told[0]["accepted"] - (told[0]["events"] - told[0]["lost"])
    assert told[0]["repeated"] <= copies <= 4 * told[0]["repeated"]


def test_events_are_overtaken_and_none_gets_lost(served: Served, receiver: Receiver) -> None:
    follow(served, hook(receiver), reordered=0.5, late=0.1)
    told = counts(live(served, 1))
    times = [body["eventTime"] for body in receiver.right]
    assert len(times) == told["events"]
    assert times != sorted(times)


def test_holes_are_null_or_absent_and_never_where_it_matters(
    served: Served, receiver: Receiver
) -> None:
    follow(served, hook(receiver, unset="NOT_SET"), nulls=1.0)
    live(served, 1)
    assert len(receiver.right) > 50
    assert all(body["conversationId"] != "NOT_SET" for body in receiver.right)
    assert "NOT_SET" in {body.get("provider") for body in receiver.right}
    assert None in {body.get("provider") for body in receiver.right}  # absent: no key of ours


def test_a_clock_that_is_wrong_is_wrong_by_so_much_at_most(
    served: Served, receiver: Receiver
) -> None:
    heard: list[Occurrence] = []
    acw = "v2.detail.events.conversation.{id}.acw"
    served.centre.world.feed.listen(heard.append, wants=lambda topic: topic.endswith(".acw"))
    follow(served, hook(receiver, topics=[acw]), skewed=1.0, skew_s=60)
    live(served, 1)
    true = {o.body["sessionId"]: o.at for o in heard}
    off = [body["eventTime"] - true[body["sessionId"]] for body in receiver.right]
    assert len(off) > 5
    assert 10_000 < max(map(abs, off)) <= 60_000


# -- EventBridge -----------------------------------------------------------------------------
def test_eventbridge_wraps_what_it_carries(served: Served, receiver: Receiver) -> None:
    follow(served, hook(receiver, "eventbridge", header="X-API-Key"))
    live(served, 1)
    ids = [body["id"] for body in (got.body for got in receiver.got)]
    assert len(set(ids)) == len(ids) > 200
    for got in receiver.got:
        envelope, detail = got.body, got.body["detail"]
        UUID(envelope["id"])
        assert got.key == TOKEN
        assert envelope["version"] == "0"
        assert "{id}" in envelope["detail-type"]
        assert "{id}" not in detail["topicName"]
        assert envelope["source"].startswith("aws.partner/genesys.com/cloud/")
        assert detail["version"] == "2"
        assert set(detail) == {"topicName", "version", "eventBody", "metadata", "timestamp"}
        assert len(envelope["time"]) == 20
    kinds = {got.body["detail-type"] for got in receiver.got}
    assert {"v2.users.{id}.conversations", "v2.detail.events.agent.{id}.state"} <= kinds


def test_eventbridge_tries_again_until_it_is_taken(served: Served, receiver: Receiver) -> None:
    tries = Counter[str]()
    lock = threading.Lock()

    def on_the_third(got: Got) -> int:
        with lock:
            tries[got.body["id"]] += 1
            return 202 if tries[got.body["id"]] >= 3 else 503

    receiver.answer = on_the_third
    topics = ["v2.detail.events.conversation.{id}.user.*"]
    follow(served, hook(receiver, "eventbridge", topics=topics, retry_s=0.01), lost=1.0)
    told = counts(live(served, 1))
    assert told["accepted"] == told["events"] == len(tries)
    assert told["sent"] == 3 * told["events"]
    assert set(tries.values()) == {3}
    assert "lost" not in told


def test_eventbridge_gives_up_in_the_end(served: Served, receiver: Receiver) -> None:
    receiver.answer = lambda _: 401
    topics = ["v2.detail.events.conversation.{id}.acw"]
    follow(served, hook(receiver, "eventbridge", topics=topics, attempts=3, retry_s=0.01))
    told = counts(live(served, 1))
    assert told["given_up"] == told["events"]
    assert told["refused"] == told["sent"] == 3 * told["events"]


def test_what_is_repeated_has_the_same_id(served: Served, receiver: Receiver) -> None:
    topics = ["v2.detail.events.conversation.{id}.acw"]
    follow(served, hook(receiver, "eventbridge", topics=topics), repeated=1.0, skewed=0.5)
    told = counts(live(served, 1))
    times = Counter(got.body["id"] for got in receiver.got)
    assert len(times) == told["events"]
    assert set(times.values()) <= {2, 3, 4, 5}


# -- a receiver that hangs -------------------------------------------------------------------
def test_nobody_waits_for_a_receiver_that_hangs(served: Served, receiver: Receiver) -> None:
    release = threading.Event()

    def hang_once(got: Got) -> int:
        release.wait(60)
        return 202

    receiver.answer = hang_once
    topics = ["v2.detail.events.conversation.{id}.acw"]
    follow(served, hook(receiver, "eventbridge", topics=topics, timeout_s=0.2, retry_s=0.05))
    began = time.monotonic()
    move = {"advance_s": 3600}
    requests.post(f"{served.url}/simulator/clock", json=move, timeout=10).raise_for_status()
    assert time.monotonic() - began < 2
    time.sleep(0.3)
    release.set()
    told = counts(live(served, 0))
    assert told["failed"] >= 1
    assert told["accepted"] == told["events"]


def test_where_there_is_no_room_it_is_said() -> None:
    sender = Sender(workers=1, most=2)
    release = threading.Event()
    taken = [sender.put(lambda: None if release.wait(60) else 0.0) for _ in range(9)]
    assert taken.count(True) in {2, 3}
    release.set()
    assert sender.flush(timeout=30)
    sender.close()
    sender.join()
    assert not sender.put(lambda: None)


def test_what_is_late_waits_its_time(served: Served, receiver: Receiver) -> None:
    topics = ["v2.detail.events.conversation.{id}.acw"]
    follow(served, hook(receiver, topics=topics), late=1.0, late_s=3600)
    move = {"advance_s": 3600}
    requests.post(f"{served.url}/simulator/clock", json=move, timeout=10).raise_for_status()
    time.sleep(0.1)
    assert len(receiver.got) <= 1
    told = requests.get(f"{served.url}/simulator/push", timeout=10).json()
    assert told["waiting"] == counts(told)["events"] - len(receiver.got)
    assert counts(live(served, 0))["accepted"] == counts(told)["events"]


# -- control ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("plan", "place"),
    [
        (
            {"destinations": [{"name": "a", "shape": "fax", "url": "http://a"}]},
            "destinations[0].shape",
        ),
        ({"destinations": [{"name": "a", "shape": "trigger"}]}, "destinations[0]"),
        ({"destinations": [{"name": "a", "shape": "trigger", "url": "ftp://a"}]}, "url"),
        ({"faults": {"lost": 2}}, "faults.lost"),
        ({"fault": {}}, "fault"),
        ([], "object"),
    ],
)
def test_a_malformed_plan_is_refused_with_its_place(
    served: Served, plan: object, place: str
) -> None:
    answer = requests.put(f"{served.url}/simulator/push", json=plan, timeout=10)
    assert answer.status_code == 400
    assert place in answer.json()["message"]


def test_two_destinations_of_one_name_are_refused(served: Served, receiver: Receiver) -> None:
    plan = {"destinations": [hook(receiver), hook(receiver, "connect")]}
    answer = requests.put(f"{served.url}/simulator/push", json=plan, timeout=10)
    assert answer.status_code == 400


def test_tokens_are_not_told(served: Served, receiver: Receiver) -> None:
    follow(served, hook(receiver))
    answer = requests.get(f"{served.url}/simulator/push", timeout=10)
    assert answer.json()["destinations"][0]["url"] == receiver.url
    assert TOKEN not in answer.text


def test_another_plan_ends_the_one_before(served: Served, receiver: Receiver) -> None:
    follow(served, hook(receiver))
    follow(served)
    move = {"advance_s": 3600}
    requests.post(f"{served.url}/simulator/clock", json=move, timeout=10).raise_for_status()
    assert requests.get(f"{served.url}/simulator/push", timeout=10).json()["destinations"] == []
    assert not receiver.got


def test_a_running_world_pushes_unasked(receiver: Receiver) -> None:
    with centre(RunningClock(NOW, speed=600)) as served:
        follow(served, hook(receiver))
        until = time.monotonic() + 30
        while not receiver.got and time.monotonic() < until:
            time.sleep(0.05)
    assert receiver.got
