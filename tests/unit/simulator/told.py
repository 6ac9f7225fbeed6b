"""A day of a world as it was told while it happened, and its truth at the end."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from simulator.world import World
from simulator.world.feed import Occurrence

EPOCH = datetime(2026, 3, 26, 5, tzinfo=UTC)
DAY = timedelta(days=1)
Fact = dict[str, Any]
FAMILIES = {
    "customer": "customer",
    "external": "customer",
    "acd": "acd",
    "agent": "user",
    "user": "user",
    "ivr": "flow",
    "workflow": "flow",
    "botflow": "flow",
}


class Told(NamedTuple):
    """A day of a world: all that it told, and the truth at the end."""

    world: World
    heard: list[Occurrence]
    truth: dict[str, Fact]

    def of(self, start: str, end: str = "") -> Iterator[Occurrence]:
        for each in self.heard:
            if each.topic.startswith(start) and each.topic.endswith(end):
                yield each


class Leg(NamedTuple):
    """A session in its place."""

    conversation: Fact
    participant: Fact
    session: Fact

    @property
    def segments(self) -> list[Fact]:
        found: list[Fact] = self.session["segments"]
        return found

    @property
    def talk(self) -> list[Fact]:
        return [s for s in self.segments if s["segment_type"] != "wrapup"]

    @property
    def family(self) -> str:
        return FAMILIES[self.participant["purpose"]]


@cache
def day() -> Told:
    world = World(seed=7, epoch=EPOCH)
    heard: list[Occurrence] = []
    world.feed.listen(heard.append)
    truth = world.truth(EPOCH + DAY)["conversations"]
    return Told(world, heard, truth)


def legs() -> Iterator[Leg]:
    for conversation in day().truth.values():
        for participant in conversation["participants"]:
            for session in participant["sessions"]:
                yield Leg(conversation, participant, session)
