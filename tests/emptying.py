"""Emptying the database after a test that committed: only the tables that have rows.

Django's flush empties every table, and then writes content types and permissions anew: with as many
tables as here, that takes longer than most tests do.
"""

from typing import Any, Final

import pytest
from django.core.management.color import no_style
from django.db import connections
from django.test import TransactionTestCase

# As migrations made them; no test changes them.
KEPT: Final = frozenset({"django_content_type", "auth_permission"})


def pytest_configure(config: pytest.Config) -> None:
    """Have it done in the place of flush."""
    TransactionTestCase._fixture_teardown = _empty  # type: ignore[attr-defined]


def _empty(case: Any) -> None:
    for name in case._databases_names(include_mirrors=False):
        connection = connections[name]
        if tables := _with_rows(connection):
            # SQLite looks at references when all is deleted; PostgreSQL wants to be told.
            cascade = connection.vendor == "postgresql"
            wanted = connection.ops.sql_flush(no_style(), tables, allow_cascade=cascade)
            connection.ops.execute_sql_flush(wanted)


def _with_rows(connection: Any) -> list[str]:
    every = connection.introspection.django_table_names(only_existing=True, include_views=False)
    asked = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(table)})"
        for table in every
        if table not in KEPT
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return [table for (table,) in cursor.fetchall()]
