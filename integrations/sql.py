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


def skip_locked() -> str:
    """Return what ends a claim's sub-select: SQLite has one writer, and would ignore it."""
    return " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
