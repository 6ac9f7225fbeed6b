"""What PostgreSQL and SQLite spell differently in the statements that we write ourselves."""

from datetime import datetime
from typing import Final

from django.db import connection

from chrono import instants

# So few rows that every SQLite takes their bind variables.
MOST_ROWS: Final = 500


def instant(at: datetime) -> str:
    """Return an instant as the database takes it without asking Django."""
    on_postgresql = connection.vendor == "postgresql"
    return instants.isoformat(at) if on_postgresql else instants.sqlformat(at)


def free_ones(select: str) -> str:
    """Return the ids of a SELECT … LIMIT that nobody holds, for an UPDATE's WHERE id IN.

    Worked out once: where PostgreSQL joins the rows to a bare SELECT it may ask that again for each
    row, and as each time others are free, more rows are taken than the limit says.
    """
    return f"(WITH free AS MATERIALIZED ({select}{skip_locked()}) SELECT id FROM free)"  # noqa: S608 - statements of our own


def skip_locked() -> str:
    """Return what ends a claim's sub-select: SQLite has one writer, and would ignore it."""
    return " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""


def alone(name: str) -> bool:
    """Take a lock to the end of the transaction; False where another process holds it.

    SQLite's transactions begin IMMEDIATE, so there whoever asks is alone already.
    """
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        return bool(cursor.fetchone()[0])
