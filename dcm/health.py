"""Whether what this process needs is there: the database, its tables, the cache, the broker."""

import logging
from collections.abc import Callable, Mapping

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from kombu import Connection

from integrations import patience

logger = logging.getLogger(__name__)


class Unready(Exception):  # noqa: N818 - a state, found by a probe
    """Something needed is not there; the message says in plain words what."""


def faults() -> Mapping[str, str]:
    """Return what is missing, by part, in plain words; empty when all is there.

    No word of an error's own text is given away: that may hold a host or a user's name. It is
    in the log.
    """
    found: dict[str, str] = {}
    for part, (look, words) in PARTS.items():
        try:
            look()
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, this part is not ready
            logger.warning("probe.failed", extra={"part": part, "error": type(error).__name__})
            found[part] = str(error) if isinstance(error, Unready) else words
    return found


def database() -> None:
    """Ask the database for an answer; do not wait for one that hangs: each probe holds a thread."""

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    patience.over(ask)


def migrations() -> None:
    """Raise Unready while a migration is still to be applied."""
    executor = MigrationExecutor(connection)
    waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if waiting:
        raise Unready(f"{waiting} not applied: run manage.py migrate")


def caching() -> None:
    """Write to the cache and read it back."""
    cache.set("dcm.probe", "1", timeout=10)
    if cache.get("dcm.probe") != "1":
        raise Unready("what was written is not read back")


def broker() -> None:
    """Connect to the broker of Celery, once, and not for longer than two seconds."""
    with Connection(
        settings.CELERY_BROKER_URL,
        connect_timeout=2,
        transport_options=dict(settings.CELERY_BROKER_TRANSPORT_OPTIONS),
    ) as link:
        link.ensure_connection(max_retries=1, interval_start=0, timeout=2)


PARTS: Mapping[str, tuple[Callable[[], None], str]] = {
    "database": (database, "no answer"),
    "migrations": (migrations, "cannot be read"),
    "cache": (caching, "no answer"),
    "broker": (broker, "no answer"),
}
