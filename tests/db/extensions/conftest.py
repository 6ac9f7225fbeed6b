"""Handlers that do what a test wants, registered for as long as it runs."""

from collections.abc import Callable, Iterator
from threading import Event as Flag
from typing import Any

import pytest

from conversations import handlers
from conversations.events import HANDLERS, Event, on
from tests.db.extensions import scripts


class Scripted:
    """What the handlers of scripts have heard, in order, and what they do then."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.flags: list[Flag] = []

    def flag(self) -> Flag:
        """Return a flag that is set at the latest when the test is over, however that ends."""
        self.flags.append(Flag())
        return self.flags[-1]

    def first(self, *events: type[Event], does: Callable[[Any], object] = id, **how: Any) -> str:
        return self._register(scripts.first, does, events, how)

    def second(self, *events: type[Event], does: Callable[[Any], object] = id, **how: Any) -> str:
        return self._register(scripts.second, does, events, how)

    def _register(
        self, handler: Callable[[Any], None], does: Callable[[Any], object], events: Any, how: Any
    ) -> str:
        def play(event: Event) -> None:
            self.heard.append(event)
            does(event)

        on(*events, **how)(handler)
        scripts.SCRIPTS[handler.__name__] = play
        return f"{handler.__module__}.{handler.__name__}"

    def names(self) -> list[str]:
        return [event.name.value for event in self.heard]


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    before = dict(HANDLERS)
    script = Scripted()
    yield script
    for flag in script.flags:
        flag.set()
    HANDLERS.clear()
    HANDLERS.update(before)
    scripts.SCRIPTS.clear()
    handlers.SUSPENDED.clear()
