"""Two handlers of a module, as @on wants them: each does what a test has told it."""

from collections.abc import Callable
from typing import Any

SCRIPTS: dict[str, Callable[[Any], object]] = {}


def first(event: Any) -> None:
    SCRIPTS["first"](event)


def second(event: Any) -> None:
    SCRIPTS["second"](event)
