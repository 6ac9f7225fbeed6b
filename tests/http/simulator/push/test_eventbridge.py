"""EventBridge: its envelope, and its tries until an event is taken."""

import threading
from collections import Counter
from uuid import UUID

from simulator.server import Served
from tests.http.simulator.push.receiving import TOKEN, Got, Receiver, counts, follow, hook, live


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
