"""When each task last ran: a sign of life of the workers and of beat, kept in the cache."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from django.core.cache import cache

logger = logging.getLogger(__name__)

PREFIX: Final = "ran:"


def note(task: str, *, at: datetime) -> None:
    """Remember that a task has run, however it ended. A cache that is away harms no task."""
    try:
        cache.set(PREFIX + task, at, timeout=None)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the cache
        logger.warning("heartbeat.not_noted", extra={"error": type(error).__name__})


def last(tasks: Iterable[str]) -> Mapping[str, datetime]:
    """Return when tasks last ran; those of which nothing is known are left out."""
    found = cache.get_many([PREFIX + task for task in tasks])
    return {key.removeprefix(PREFIX): at for key, at in found.items()}
