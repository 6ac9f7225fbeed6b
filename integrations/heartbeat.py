"""When each task last ran and how: a sign of life of the workers and of beat, kept in the cache."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from django.core.cache import cache

logger = logging.getLogger(__name__)

PREFIX: Final = "run:"


class Ran(NamedTuple):
    """When a task ran last, and by what kind of error it ended; "": by none."""

    at: datetime
    error: str = ""


def note(task: str, *, at: datetime, error: str = "") -> None:
    """Remember that a task has run, and how it ended. A cache that is away harms no task."""
    try:
        cache.set(PREFIX + task, (at, error), timeout=None)
    except Exception as away:  # noqa: BLE001 - whatever is wrong with the cache
        logger.warning("heartbeat.not_noted", extra={"error": type(away).__name__})


def runs(tasks: Iterable[str]) -> Mapping[str, Ran]:
    """Return how tasks last ran; those of which nothing is known are left out.

    While the cache is away nothing is known: what asks tells everything else all the same.
    """
    try:
        found = cache.get_many([PREFIX + task for task in tasks])
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the cache
        logger.warning("heartbeat.not_read", extra={"error": type(error).__name__})
        return {}
    return {key.removeprefix(PREFIX): Ran(*noted) for key, noted in found.items()}
