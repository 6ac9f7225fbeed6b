"""What happens in the world, told as it happens to whoever listens."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Occurrence(NamedTuple):
    """One event as Genesys tells it: its topic with real ids, its eventBody, its instant (ms)."""

    topic: str
    body: dict[str, Any]
    at: int


Hear = Callable[[Occurrence], None]


class Feed:
    """Tells each occurrence to all listeners at once, in the order in which things happen."""

    def __init__(self) -> None:
        self._listeners: list[Hear] = []

    def listen(self, hear: Hear) -> None:
        """Have hear called with whatever happens from now on."""
        self._listeners.append(hear)

    def tell(self, occurrence: Occurrence) -> None:
        for hear in self._listeners:
            hear(occurrence)
