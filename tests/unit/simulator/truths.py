"""The truth of made-up centres, and ways through it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from simulator.world import World

EPOCH = datetime(2026, 3, 26, 5, tzinfo=UTC)  # a Thursday; the clocks change on the Sunday
DAYS = 3
SEEDS = [1, 2]
Fact = dict[str, Any]
Facts = list[Fact]


@cache
def truth(seed: int) -> Facts:
    world = World(seed=seed, epoch=EPOCH)
    return list(world.truth(EPOCH + timedelta(days=DAYS))["conversations"].values())


def participants(conversations: Facts, *purposes: str) -> Iterator[tuple[Fact, Fact]]:
    for conversation in conversations:
        for participant in conversation["participants"]:
            if not purposes or participant["purpose"] in purposes:
                yield conversation, participant


def sessions(conversations: Facts, *purposes: str) -> Iterator[tuple[Fact, Fact]]:
    for conversation, participant in participants(conversations, *purposes):
        for session in participant["sessions"]:
            yield conversation, session
