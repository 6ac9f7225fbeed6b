"""One road: from what happens in the world to a receiver that has taken it, or never will."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib import import_module
from random import Random
from typing import Any, Final, Protocol

import msgspec

from simulator.push import shapes
from simulator.push.faults import Copy, Faults
from simulator.push.plan import Destination, Rates
from simulator.push.sender import Sender
from simulator.push.webhook import Webhook
from simulator.world.feed import Occurrence
from simulator.world.organization import Organization

_LONGEST_PAUSE: Final = 60.0  # seconds
_encode = msgspec.json.Encoder().encode


class Receiver(Protocol):
    """Who takes bodies: send returns an HTTP status, 0 where no answer came."""

    def send(self, body: bytes, *, forged: bool) -> int: ...
    def close(self) -> None: ...


class Road:
    """Sends what one destination wants. It may be used in several threads."""

    def __init__(
        self,
        of: Destination,
        *,
        rates: Rates,
        seed: int,
        sender: Sender,
        organization: Organization,
    ) -> None:
        self.destination = of
        self._faults = Faults(rates, stream=f"{seed}/{of.name}")
        self._sender = sender
        self._organization = organization
        self._names: Mapping[str, str] = {agent.id: agent.name for agent in organization.agents}
        self._receiver = _receiver(of)
        self._pauses = Random(f"pauses/{seed}/{of.name}")
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def wants(self, topic: str) -> bool:
        return self.destination.wants(topic)

    def hear(self, occurrence: Occurrence) -> None:
        """Send an event on its way, if it meets the criteria. It never waits."""
        if not self.destination.meets(occurrence.body):
            return
        with self._lock:
            self._counts["events"] += 1
            copies = self._faults.pass_on(occurrence, loses=self.destination.loses)
        self._send(copies)

    def let_go(self) -> None:
        """Send what faults have held back."""
        with self._lock:
            copies = self._faults.let_go()
        self._send(copies)

    def close(self) -> None:
        self._receiver.close()

    def counts(self) -> dict[str, int]:
        """Tell what became of the events.

        events: wanted by the destination. sent: requests; each was accepted, refused or failed (no
        answer). given_up: requests that were not tried again. forged ones count for themselves.
        """
        with self._lock:
            return dict(sorted((self._counts + Counter(self._faults.counts)).items()))

    def _send(self, copies: list[Copy]) -> None:
        for copy in copies:
            parcel = Parcel(self, _encode(self._body(copy)), forged=copy.forged)
            if not self._sender.put(parcel.attempt, after=copy.wait):
                self.count("overflowed")

    def _body(self, copy: Copy) -> dict[str, Any]:
        match self.destination.shape:
            case "trigger":
                return shapes.trigger(copy.sent, self.destination)
            case "connect":
                return shapes.connect(copy.sent, self.destination, self._names)
            case "handover":
                return shapes.handover(copy.sent, self.destination)
            case _:
                region, organization_id = self.destination.region, self._organization.id
                return shapes.envelope(copy.told, copy.sent, organization_id, region)

    def deliver(self, body: bytes, *, forged: bool) -> bool:
        """Send a body once; return whether it was accepted."""
        status = self._receiver.send(body, forged=forged)
        accepted = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
        if forged:
            self.count("forged_accepted", int(accepted))
        else:
            self.count("sent")
            self.count("accepted" if accepted else "refused" if status else "failed")
        return accepted

    def pause(self, attempts: int) -> float:
        """Return how long to wait after so many attempts: doubling, with jitter."""
        with self._lock:
            jitter = self._pauses.uniform(0.5, 1.0)
        return jitter * min(self.destination.retry_s * 2.0 ** (attempts - 1), _LONGEST_PAUSE)

    def count(self, name: str, number: int = 1) -> None:
        with self._lock:
            self._counts[name] += number


@dataclass(slots=True)
class Parcel:
    """One request, however often it must be tried."""

    road: Road
    body: bytes
    forged: bool
    attempts: int = 0

    def attempt(self) -> float | None:
        """Try once; return after how many seconds to try again."""
        if self.road.deliver(self.body, forged=self.forged) or self.forged:
            return None
        self.attempts += 1
        if self.attempts >= self.road.destination.most_attempts:
            self.road.count("given_up")
            return None
        return self.road.pause(self.attempts)


def _receiver(of: Destination) -> Receiver:
    if of.shape != "sqs":
        return Webhook(of)
    queue: Receiver = import_module("simulator.push.sqs").Queue(of)
    return queue
