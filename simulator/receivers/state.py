"""What receivers have heard, in order, and what they do wrong."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from simulator.receivers.faults import Faults

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """A request that took effect. body is JSON's value, or text where it is none."""

    at: datetime
    path: str
    headers: Mapping[str, str]
    body: Any
    raw: bytes = b""
    query: str = ""


@dataclass(slots=True)
class Receivers:
    """Everybody who is told. The server's loop alone writes here.

    A deque with a length forgets what is older: for whoever runs for days.
    """

    clock: Callable[[], datetime]
    faults: Faults = field(default_factory=Faults)
    calls: deque[Call] = field(default_factory=deque)
    parts: dict[type, Any] = field(default_factory=dict)

    def part(self, kind: type[T]) -> T:
        """Return what one of them remembers, made when it is first asked for."""
        if kind not in self.parts:
            self.parts[kind] = kind()
        known: T = self.parts[kind]
        return known

    def heard(self, path: str) -> list[Call]:
        """Return the calls that took effect at paths that begin so."""
        return [call for call in list(self.calls) if call.path.startswith(path)]
