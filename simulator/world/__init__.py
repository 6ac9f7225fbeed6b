"""The made-up contact centre: what happens there, and the truth of it."""

from simulator.world.world import World

__all__ = ["World"]
