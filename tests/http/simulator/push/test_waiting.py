"""Receivers that hang, events that are late, a queue that is full."""

import threading
import time

import requests

from simulator.push.sender import Sender
from simulator.server import Served
from tests.http.simulator.push.receiving import Got, Receiver, counts, follow, hook, live


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
