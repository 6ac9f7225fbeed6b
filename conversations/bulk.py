"""Many rows into one table: COPY on PostgreSQL, executemany elsewhere. The one such seam.

Values are datetimes (UTC), texts, numbers, booleans, JSON as text, UUIDs as 32 hex digits, and
what binary() makes of bytes.
"""

import gc
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any, Final, TypeVar

import msgspec
from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    BinaryField,
    CharField,
    DateTimeField,
    F,
    JSONField,
    Lookup,
    Model,
    TextField,
)
from django.db.models.sql.compiler import SQLCompiler

from chrono import instants

Row = tuple[Any, ...]
T = TypeVar("T")

# Quoted in COPY's CSV format; anything else is written bare, and None there means NULL.
_QUOTED: Final = (CharField, TextField, JSONField, BinaryField)
_QUOTE: Final = "\x01"
MOST_IN_A_STATEMENT: Final = 10_000  # SQLite takes 32,766 as it is delivered
# SQLite inserts a third faster so; more rows gain nothing, and older ones take 999 values.
_ROWS_A_STATEMENT: Final = 20


def insert(model: type[Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows.

    Raises IntegrityError where a row breaks a constraint; then none of them is in.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    into = f"{table} ({names})"
    if connection.vendor == "postgresql":
        _copy(into, _csv(model, tuple(columns), rows))
    else:
        _insert(into, len(columns), list(_adapted(model, tuple(columns), rows)))


def _copy(into: str, written: str) -> None:
    if not written:
        return
    options = f"FORMAT csv, NULL 'None', QUOTE E'\\x{ord(_QUOTE):02x}'"
    # Django's cursor does not know COPY: unwrapped, its errors would be psycopg's own.
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f"COPY {into} FROM STDIN WITH ({options})") as copy,
    ):
        copy.write(written)


def _insert(into: str, width: int, rows: list[Row]) -> None:
    """Insert rows, as many as fit a statement at a time and the rest one by one."""
    whole = len(rows) // _ROWS_A_STATEMENT * _ROWS_A_STATEMENT
    one = f"({', '.join(['%s'] * width)})"
    with connection.cursor() as cursor:
        for count, some in ((_ROWS_A_STATEMENT, rows[:whole]), (1, rows[whole:])):
            if some:
                marks = ", ".join([one] * count)
                flat = chain.from_iterable(some)
                cursor.executemany(
                    f"INSERT INTO {into} VALUES {marks}",  # noqa: S608 - names of our own
                    list(zip(*[flat] * (count * width), strict=True)),
                )


def update(model: type[Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write columns over those of rows that exist: each row is the values and then the pk."""
    values = list(_adapted(model, tuple(columns), rows))
    if not values:
        return
    if connection.vendor == "postgresql":
        named = [dict(zip((*columns, "id"), row, strict=True)) for row in values]
        _execute_beside(_set_wise(model, tuple(columns)), msgspec.json.encode(named).decode())
        return
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(model._meta.db_table)
        assignments = ", ".join(f"{connection.ops.quote_name(column)} = %s" for column in columns)
        cursor.executemany(
            f"UPDATE {table} SET {assignments} WHERE id = %s",  # noqa: S608 - names of our own
            values,
        )


def _execute_beside(sql: str, parameter: str) -> None:
    """Execute a statement whose one parameter is sent beside it.

    Django writes parameters into the statement: megabytes are quoted here, and unquoted there.
    """
    from django.db.backends.postgresql.base import ServerBindingCursor  # noqa: PLC0415 - psycopg's

    connection.ensure_connection()
    beside = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
    with connection._prepare_cursor(beside) as cursor:  # type: ignore[attr-defined]  # noqa: SLF001
        cursor.execute(sql, [parameter])


@cache
def _set_wise(model: type[Model], columns: tuple[str, ...]) -> str:
    """Return an UPDATE of all rows at once, which are one parameter: see Among."""
    quote = connection.ops.quote_name
    fields = {field.attname: field for field in model._meta.concrete_fields}
    kinds = {column: fields[column].db_type(connection) for column in (*columns, "id")}
    # What is JSON in a row stands there as text.
    told = {column: "text" if kind == "jsonb" else kind for column, kind in kinds.items()}
    record = ", ".join(f"{quote(column)} {kind}" for column, kind in told.items())
    values = ", ".join(f"{quote(c)} = v.{quote(c)}::{kinds[c]}" for c in columns)
    table = quote(model._meta.db_table)
    return (
        f"UPDATE {table} SET {values} "  # noqa: S608 - names of our own
        f"FROM json_to_recordset(%s) AS v({record}) WHERE {table}.id = v.id"
    )


def _csv(model: type[Model], columns: tuple[str, ...], given: Iterable[Row]) -> str:
    """Write rows for COPY by one format string a row: faster than psycopg's write_row."""
    rows = list(_adapted(model, columns, given))
    quoted = _of_kind(model, columns, *_QUOTED)
    marks = (f"{_QUOTE}%s{_QUOTE}" if at in quoted else "%s" for at in range(len(columns)))
    template = ",".join(marks) + "\n"
    written = "".join([template % row for row in rows])
    if written.count(_QUOTE) != 2 * len(quoted) * len(rows):  # a value holds one: rare and hostile
        written = "".join([template % _doubled(row) for row in rows])
    return written


def _doubled(row: Row) -> Row:
    return tuple(v.replace(_QUOTE, 2 * _QUOTE) if isinstance(v, str) else v for v in row)


@cache
def _of_kind(model: type[Model], columns: tuple[str, ...], *kinds: type) -> tuple[int, ...]:
    """Return the positions of the columns whose field is of one of these kinds."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return tuple(at for at, column in enumerate(columns) if isinstance(fields[column], kinds))


def delete(model: type[Model], pks: Sequence[int]) -> None:
    """Delete rows by pk, and nothing that hangs on them: for rows that are written anew."""
    for some in portions(pks):
        # delete() would collect and delete the children too, which keep their parent's pk.
        model._default_manager.filter(pk__in=some)._raw_delete(connection.alias)  # noqa: SLF001


def portions(items: Sequence[T], most: int | None = None) -> Iterator[Sequence[T]]:
    """Cut items into portions of `most`; without it, into as many pks as a statement may name."""
    size = most or MOST_IN_A_STATEMENT
    for start in range(0, len(items), size):
        yield items[start : start + size]


class Among(Lookup[bool]):
    """A condition of a filter: a column is one of these numbers or instants, however many.

    To psycopg they are one parameter. It looks at each parameter by itself, which for hundreds
    takes longer than the statement.
    """

    prepare_rhs = False

    def __init__(self, column: str, values: Iterable[int] | Iterable[datetime]) -> None:
        super().__init__(F(column), list(values))

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        column, params = self.process_lhs(compiler, connection)
        if not self.rhs:
            raise EmptyResultSet
        if connection.vendor == "postgresql":
            # Without their type small numbers go over as another, which cannot be hashed.
            kind = self.lhs.output_field.db_type(connection)
            return f"{column} = ANY(%s::{kind}[])", (*params, self.rhs)
        values = [instants.SQL[v] if isinstance(v, datetime) else v for v in self.rhs]
        return f"{column} IN ({', '.join(['%s'] * len(values))})", (*params, *values)


def by_indexes() -> None:
    """Have PostgreSQL find rows by indexes to the end of the transaction, however few it knows of.

    How a foreign key is checked is planned once a connection. Planned while a table is all but
    empty, that is a scan of all its rows for each row checked: four seconds where 5,000 came anew.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")


def new_ids(model: type[Model], count: int) -> Iterator[int]:
    """Reserve pks, so that parents and children can be written without asking in between.

    Must run in the transaction that inserts them: SQLite has no sequences to draw from.
    """
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [table, count],
            )
            return iter([pk for (pk,) in cursor.fetchall()])
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        found = cursor.fetchone()
        first = found[0] + 1 if found else 1
        return iter(range(first, first + count))


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Let the cyclic garbage collector look in now and then: facts and clocks have no cycles.

    Left as it is, it costs a fifth of all ingest, and a seventh of computing clocks anew.
    """
    before = gc.get_threshold()
    gc.set_threshold(200_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def make_room() -> None:
    """Let this connection hold 64 MiB of pages: SQLite's own 2 MiB cost bulk writers a fifth."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size = -65536")


class Breath:
    """A pause between two bulk transactions that lets other writers in: SQLite's lock is not fair.

    Measured: without it the pages wait up to 15 s while a bulk writer runs. Between its start and
    its end the writer may do what writes nothing.
    """

    def __init__(self) -> None:
        self._until = 0.0

    def start(self) -> None:
        """Begin the pause: a transaction has ended."""
        if connection.vendor == "sqlite":
            self._until = time.monotonic() + settings.SQLITE_BREATH_MS / 1000

    def end(self) -> None:
        """Wait for what is left of the pause: a transaction is to begin."""
        left = self._until - time.monotonic()
        if left > 0:
            time.sleep(left)  # noqa: TID251 - the writer is the one to wait


def breathe() -> None:
    """Let other writers in between two bulk transactions, doing nothing in the meantime."""
    breath = Breath()
    breath.start()
    breath.end()


def _adapted(
    model: type[Model], columns: tuple[str, ...], rows: Iterable[Row]
) -> Iterator[tuple[Any, ...]]:
    """Return rows with their instants as text in this database's spelling.

    Column by column, since that is a third of what it costs row by row.
    """
    spelled = instants.ISO if connection.vendor == "postgresql" else instants.SQL
    values: list[Iterable[Any]] = list(zip(*rows, strict=True))
    if values:
        for at in _of_kind(model, columns, DateTimeField):
            values[at] = map(spelled.__getitem__, values[at])
    return zip(*values, strict=True)


def binary(content: bytes) -> bytes | str:
    """Return bytes as a row's value."""
    return f"\\x{content.hex()}" if connection.vendor == "postgresql" else content
