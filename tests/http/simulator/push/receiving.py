"""A receiver of what is pushed, a centre that pushes, and what a test does with both."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

import requests

from simulator.server import Served
from tests.http.simulator.conftest import EPOCH

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
