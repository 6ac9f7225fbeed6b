"""Pushing: the roads of a plan, from the world's feed to their receivers."""

from typing import Any

import msgspec

from simulator.push.plan import Plan
from simulator.push.roads import Road
from simulator.push.sender import Sender
from simulator.world import World


class Push:
    """Sends what happens in a world to the destinations of a plan; at first there are none."""

    def __init__(self, world: World) -> None:
        self.plan = Plan()
        self._world = world
        self._sender = Sender()
        self._roads: list[Road] = []

    @property
    def active(self) -> bool:
        """Whether there is anybody to send to."""
        return bool(self._roads)

    def follow(self, plan: Plan) -> None:
        """Send to the destinations of this plan from now on, and to no others.

        What was on its way is forgotten: flush first, where it must arrive.
        """
        self._leave()
        self.plan = plan
        self._sender = Sender()
        organization = self._world.organization
        self._roads = [
            Road(
                each,
                rates=plan.faults,
                seed=plan.seed,
                sender=self._sender,
                organization=organization,
            )
            for each in plan.destinations
        ]
        for road in self._roads:
            self._world.feed.listen(road.hear, wants=road.wants)

    def flush(self, *, timeout: float = 30.0) -> bool:
        """Let go what is held back, and wait until all was delivered or given up.

        Return whether that came true in so many real seconds.
        """
        for road in self._roads:
            road.let_go()
        return self._sender.flush(timeout=timeout)

    def close(self) -> None:
        """Send no more, and wait for what is under way."""
        self._leave()
        self._sender.join()

    def _leave(self) -> None:
        for road in self._roads:
            self._world.feed.leave(road.hear)
        self._sender.close()
        for road in self._roads:
            road.close()
        self._roads = []

    def told(self) -> dict[str, Any]:
        """Tell the plan, but for its tokens, and what became of the events of each destination."""
        return {
            "destinations": [_told(road) for road in self._roads],
            "faults": msgspec.to_builtins(self.plan.faults),
            "seed": self.plan.seed,
            "waiting": self._sender.waiting,
        }


def _told(road: Road) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(road.destination)
    del told["token"]
    return told | {"counts": road.counts()}
