"""What happens in the world, told as it happens to whoever listens."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Occurrence(NamedTuple):
    """One event as Genesys tells it: its topic with real ids, its eventBody, its instant (ms).

    The body is shared by all who hear it: whoever changes it changes a copy.
    """

    topic: str
    body: dict[str, Any]
    at: int


Hear = Callable[[Occurrence], None]
Wants = Callable[[str], bool]


def _everything(topic: str) -> bool:
    return True


class Feed:
    """Tells each occurrence to all listeners at once, in the order in which things happen."""

    def __init__(self) -> None:
        self._listeners: list[tuple[Hear, Wants]] = []

    @property
    def heard(self) -> bool:
        """Whether anybody listens at all."""
        return bool(self._listeners)

    def listen(self, hear: Hear, *, wants: Wants = _everything) -> None:
        """Have hear called with whatever happens from now on, of the topics that it wants."""
        self._listeners.append((hear, wants))

    def leave(self, hear: Hear) -> None:
        """Call hear no more."""
        self._listeners = [each for each in self._listeners if each[0] != hear]

    def wants(self, topic: str) -> bool:
        """Whether somebody wants a topic: what nobody wants need not be written."""
        return any(wants(topic) for _, wants in self._listeners)

    def tell(self, occurrence: Occurrence) -> None:
        for hear, wants in self._listeners:
            if wants(occurrence.topic):
                hear(occurrence)
