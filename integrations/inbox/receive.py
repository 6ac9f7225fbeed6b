"""The way into the inbox: one INSERT of the raw bytes. No parsing, no broker, no call outside.

Whoever was told that something is accepted finds it in a row. What is made of it is decided later,
by integrations.inbox.process, however often that takes.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.db import OperationalError, connection

from conversations import bulk
from integrations import patience, sql
from integrations.models import InboxItem

MOST_BYTES: Final = 256 * 1024
LONGEST_SENDER_ID: Final = 200
# So long SQLite looks for its lock by itself, every few milliseconds, before we look at the clock.
ASK_EVERY_MS: Final = 25

_turn: Final = threading.Lock()
_TABLE: Final = InboxItem._meta.db_table
_INSERT: Final = (
    f"INSERT INTO {_TABLE} (source_id, sender_id, body, received_at, due_at,"  # noqa: S608 - ours
    " state, attempts, fence, reason) VALUES "
)
_ROW: Final = "(%s, %s, %s, %s, %s, 'waiting', 0, 0, '')"
_ONCE: Final = " ON CONFLICT (source_id, sender_id) DO NOTHING"


def receive(
    *,
    source_id: int,
    body: bytes,
    now: datetime,
    sender_id: str | None = None,
    within: timedelta | None = None,
) -> bool:
    """Keep a body for good; return False where the sender's id of it is known already.

    within: how long to wait for a lock at most. Raises OperationalError where that was not enough,
    or where the database does not answer; then nothing is kept and the sender must try again.
    """
    rows = [(body, sender_id)]
    if within is None or connection.in_atomic_block:  # there the caller's own limits hold
        return bool(_insert(source_id, rows, now))
    wait_ms = round(within.total_seconds() * 1000)
    if connection.vendor == "postgresql":
        # Had a connection been lost between commit and answer, the body may be kept twice: its
        # sender's id, or later the event's natural key, tells.
        return bool(patience.over(lambda: _insert(source_id, rows, now, wait_ms=wait_ms)))
    return bool(_insert_in_turn(source_id, rows, now, within))


def receive_many(
    *, source_id: int, bodies: Sequence[tuple[bytes, str | None]], now: datetime
) -> int:
    """Keep many bodies, each with its sender's id, in one statement; return how many are new."""
    return sum(_insert(source_id, some, now) for some in bulk.portions(bodies, sql.MOST_ROWS))


def _insert(
    source_id: int,
    bodies: Sequence[tuple[bytes, str | None]],
    now: datetime,
    *,
    wait_ms: int | None = None,
) -> int:
    """Insert rows and return how many are new; wait_ms bounds locks and statement on PostgreSQL.

    Both limits travel with the statement, in one message and one transaction: no more round trips
    than the bare INSERT.
    """
    at = sql.instant(now)
    values = [value for body, sender_id in bodies for value in (source_id, sender_id, body, at, at)]
    limits = ""
    if wait_ms is not None:
        limits = f"SET LOCAL lock_timeout = {wait_ms}; SET LOCAL statement_timeout = {wait_ms}; "
    with connection.cursor() as cursor:
        cursor.execute(limits + _INSERT + ", ".join([_ROW] * len(bodies)) + _ONCE, values)
        while cursor.nextset() if limits else False:
            pass
        return int(cursor.rowcount)


def _insert_in_turn(
    source_id: int, bodies: Sequence[tuple[bytes, str | None]], now: datetime, within: timedelta
) -> int:
    """Insert into SQLite, whose lock is not fair, within a time.

    Left to itself SQLite sleeps up to 100 ms between two tries and misses the moments in which a
    bulk writer breathes: measured, a webhook then waits for seconds. So one thread at a time asks,
    and often.
    """
    until = time.monotonic() + within.total_seconds()
    if not _turn.acquire(timeout=within.total_seconds()):
        raise OperationalError("database is locked: others wait for it already")
    try:
        with _sqlite_waits(ASK_EVERY_MS):
            while True:
                try:
                    return _insert(source_id, bodies, now)
                except OperationalError as error:
                    if "locked" not in str(error) or time.monotonic() > until:
                        raise
    finally:
        _turn.release()


@contextmanager
def _sqlite_waits(wait_ms: int) -> Iterator[None]:
    """Wait so long for SQLite's lock, and for the disk at the commit, while this lasts.

    Elsewhere a power cut may take the last commits with it: they can be done again. What was
    acknowledged cannot.
    """
    usual_ms = int(connection.settings_dict["OPTIONS"].get("timeout", 5) * 1000)
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {wait_ms}")
        cursor.execute("PRAGMA synchronous = FULL")
        try:
            yield
        finally:
            cursor.execute("PRAGMA synchronous = NORMAL")
            cursor.execute(f"PRAGMA busy_timeout = {usual_ms}")
