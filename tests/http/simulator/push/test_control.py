"""The control surface of what is pushed."""

import time

import pytest
import requests

from simulator.clock import RunningClock
from simulator.server import Served
from tests.http.simulator.conftest import centre
from tests.http.simulator.push.receiving import NOW, TOKEN, Receiver, follow, hook


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
    with centre(NOW, RunningClock(NOW, speed=600)) as served:
        follow(served, hook(receiver))
        until = time.monotonic() + 30
        while not receiver.got and time.monotonic() < until:
            time.sleep(0.05)
    assert receiver.got
