"""What the house stands on, for a test to break: its database crashes, its broker is emptied.

Embedded, the database is a file and cannot crash, and the broker is a folder. Else both are servers
of the test's own: no other test is hurt.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Final

import environ
import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import override_settings
from redis import Redis

from tests import servers
from tests.server import Server

WITHIN_S: Final = 60.0
# pg_ctl stop -m immediate; a power cut; a process of its own that is killed, at which it ends all
# others and recovers by itself.
STOPPED, CUT, ONE_KILLED = "stopped at once", "killed", "one of its processes killed"
LONGEST_AWAY_S: Final = 2.0


@dataclass
class Ground:
    """A database, None where it is a file, and a broker: Redis's URL, or "" where it is files."""

    draw: Random
    folder: Path
    database: Server | None = None
    redis: str = ""
    crashes: Counter[str] = field(default_factory=Counter)
    times_emptied: int = 0

    def __post_init__(self) -> None:
        self._manners = cycle(self.draw.sample((STOPPED, CUT, ONE_KILLED), 3))

    @property
    def env(self) -> dict[str, str]:
        """What processes find in their environment, beside the database."""
        return {"DCM_VAR_DIR": str(self.folder), "REDIS_URL": self.redis}

    def empty_the_broker(self) -> None:
        """Lose all that the broker has."""
        self.times_emptied += 1
        if self.redis:
            with Redis.from_url(self.redis) as broker:
                broker.flushall()
        for message in (self.folder / "broker").glob("*.msg"):
            message.unlink(missing_ok=True)

    def crash(self) -> None:
        """Have the database crash in the next manner, and come back; it ends our connection too."""
        assert self.database is not None
        manner = next(self._manners)
        if manner == ONE_KILLED:
            _kill_one(self.database.url)
        else:
            self.database.kill() if manner == CUT else self.database.stop(signal.SIGQUIT)
            time.sleep(self.draw.uniform(0, LONGEST_AWAY_S))
            self.database.start()
        connection.close()
        _wait(is_there=True)
        self.crashes[manner] += 1


@contextmanager
def ground(draw: Random, folder: Path) -> Iterator[Ground]:
    """Have what this run's kind of database and broker is; Django's connection leads there."""
    if connection.vendor == "sqlite":
        yield Ground(draw, folder)
        return
    broker = servers.redis_server() if servers.redis_program() else nullcontext("")
    own = servers.postgres_server(servers.OUTLIVES_ITS_PROCESSES)
    with own as database, broker as redis, _connected(database.url):
        yield Ground(draw, folder, database, redis)


@contextmanager
def _connected(url: str) -> Iterator[None]:
    """Have Django's connection lead to another database, with our tables, for some time."""
    named = connection.settings_dict
    before = dict(named)
    connection.close()
    named.update(environ.Env.db_url_config(url))
    try:
        _make_tables()
        yield
    finally:
        connection.close()
        named.update(before)


def _make_tables() -> None:
    """Make the tables as they stand in the end: to run all migrations takes six times as long."""
    none = {app.label: None for app in apps.get_app_configs()}
    with override_settings(MIGRATION_MODULES=none):
        call_command("migrate", run_syncdb=True, verbosity=0)


def _kill_one(url: str) -> None:
    """Kill one of PostgreSQL's processes, and return when it has noticed."""
    connection.ensure_connection()
    with closing(psycopg.connect(url, autocommit=True)) as victim:
        os.kill(victim.info.backend_pid, signal.SIGKILL)
    _wait(is_there=False)


def _wait(*, is_there: bool) -> None:
    """Wait until the database answers us, or does not."""
    deadline = time.monotonic() + WITHIN_S
    while _answers() != is_there:
        assert time.monotonic() < deadline, "the database does not come back"
        time.sleep(0.05)


def _answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError:
        connection.close()
        return False
    return True
