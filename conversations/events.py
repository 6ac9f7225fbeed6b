"""Where extension code hangs its handlers: the Common Events as types, and @on.

    from conversations.events import AgentTransfers, on

    @on(AgentTransfers)
    def tell_planners(event: AgentTransfers) -> None:
        ...

docs/extending.md has the whole of it. A handler that is registered wrongly stops the start.
"""

import inspect
import types
import typing
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar

from conversations.domain.typed import (
    EVENTS,
    AgentConnected,
    AgentDisconnects,
    AgentTransfers,
    ConversationCreated,
    ConversationEnded,
    ConversationForced,
    ConversationReopened,
    Event,
    HandoverEnded,
    HoldEnded,
    HoldStarted,
    ParticipantAdded,
    SlaBreached,
    SlaWarned,
)

LONGEST_NAME: Final = 100
Call = Callable[[Any], object]
F = TypeVar("F", bound=Call)


class ExtensionError(Exception):
    """Extension code is registered in a way that cannot work; the message says what to write."""


class Timing(StrEnum):
    """When a handler is called.

    IN_TRANSACTION: where the event is written, so that what it writes is there with the event or
    not at all; what it fails in is noted and not tried again. AFTER_COMMIT: by a worker, soon, and
    again until it succeeds.
    """

    IN_TRANSACTION = "in_transaction"
    AFTER_COMMIT = "after_commit"


class Handler(NamedTuple):
    """A function that is to be called, named by where it stands: acme_dcm.handlers.tell_planners.

    corrections: it is called too when a reading puts right what an event told.
    """

    name: str
    call: Call
    events: tuple[type[Event], ...]
    timing: Timing
    corrections: bool

    @property
    def topics(self) -> list[str]:
        """The names of the events that it is called with."""
        return [event.name.value for event in self.events]

    @property
    def about(self) -> str:
        """The first line of its docstring, or ""."""
        return (inspect.getdoc(self.call) or "").partition("\n")[0]


# Every handler by its name, in order of registration: modules fill it as they are imported.
HANDLERS: Final[dict[str, Handler]] = {}


def on(
    *events: type[Event], timing: Timing = Timing.AFTER_COMMIT, corrections: bool = False
) -> Callable[[F], F]:
    """Have a function called with each of these events. It takes the event alone.

    Raises ExtensionError where that cannot work.
    """
    _check_events(events)

    def register(function: F) -> F:
        name = _name_of(function)
        _check_signature(name, function, events)
        HANDLERS[name] = Handler(name, function, events, Timing(timing), corrections)
        return function

    return register


def handlers(timing: Timing) -> list[Handler]:
    """Return the handlers of a timing, in order of registration."""
    return [handler for handler in HANDLERS.values() if handler.timing is timing]


def _check_events(events: Iterable[Any]) -> None:
    known = ", ".join(event.__name__ for event in EVENTS)
    if not events:
        raise ExtensionError(f"@on() names no event: name some of {known}")
    for event in events:
        if event not in EVENTS:
            told = getattr(event, "__name__", repr(event))
            raise ExtensionError(f"@on({told}): that is no Common Event: name some of {known}")


def _name_of(function: Any) -> str:
    """Return how a function is called for ever: a destination bears this name."""
    if not inspect.isfunction(function) or "<" in function.__qualname__:
        raise ExtensionError(f"@on stands before {function!r}: write it before a module's function")
    name = f"{function.__module__}.{function.__qualname__}"
    if name in HANDLERS:
        raise ExtensionError(f"{name} is registered twice: name all its events in one @on")
    if len(name) > LONGEST_NAME:
        raise ExtensionError(f"{name} is longer than {LONGEST_NAME} characters: find a shorter one")
    return name


def _check_signature(name: str, function: Call, events: Iterable[type[Event]]) -> None:
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise ExtensionError(f"{name} is no plain function: write def, without async and yield")
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        raise ExtensionError(f"{name} must take one argument: the event") from None
    takes = _taken(function)
    for event in events:
        if takes and not issubclass(event, takes):
            raise ExtensionError(f"{name} is called with {event.__name__}, which it does not take")


def _taken(function: Call) -> tuple[type, ...]:
    """Return the types that its argument is annotated with; none where that does not tell."""
    argument = next(iter(inspect.signature(function).parameters))
    try:
        hint = typing.get_type_hints(function).get(argument, Any)
    except NameError:  # imported for type checkers alone
        return ()
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    found = typing.get_args(hint) if union else (hint,)
    told = Any not in found and all(isinstance(one, type) for one in found)
    return tuple(found) if told else ()


__all__ = [
    "EVENTS",
    "HANDLERS",
    "AgentConnected",
    "AgentDisconnects",
    "AgentTransfers",
    "ConversationCreated",
    "ConversationEnded",
    "ConversationForced",
    "ConversationReopened",
    "Event",
    "ExtensionError",
    "Handler",
    "HandoverEnded",
    "HoldEnded",
    "HoldStarted",
    "ParticipantAdded",
    "SlaBreached",
    "SlaWarned",
    "Timing",
    "handlers",
    "on",
]
