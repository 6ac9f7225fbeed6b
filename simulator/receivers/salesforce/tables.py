"""Rows of one kind, and what finds them without a look at all."""

from collections.abc import Iterable
from typing import Any

from simulator.receivers.salesforce.objects import Field, Kind

Row = dict[str, Any]


def same(field: Field, value: Any) -> Any:
    """Return what two values that Salesforce takes for the same have in common."""
    if (
        isinstance(value, str)
        and not field.case_sensitive
        and field.type not in ("id", "reference")
    ):
        return value.lower()
    return value


class Table:
    """Rows in the order in which they were made, by id and by what else finds them."""

    def __init__(self, kind: Kind) -> None:
        self.rows: dict[str, Row] = {}
        self._kind = kind
        self._keys: dict[str, dict[Any, dict[str, None]]] = {}

    def put(self, row: Row) -> None:
        """Add a row, or put it in the place of the one with its id."""
        self._forget(row["Id"])
        self.rows[row["Id"]] = row
        for field in self._kind.found_by():
            found = self._keys.setdefault(field.name, {})
            found.setdefault(same(field, row.get(field.name)), {})[row["Id"]] = None

    def find(self, field: Field, value: Any, *, deleted: bool = False) -> list[Row]:
        """Return the rows that have this value in a field, first made first."""
        if field.name == "Id":
            ids: Iterable[str] = [value] if value in self.rows else []
        elif field in self._kind.found_by():
            ids = sorted(self._keys.get(field.name, {}).get(same(field, value), ()))
        else:
            wanted = same(field, value)
            ids = [i for i, r in self.rows.items() if same(field, r.get(field.name)) == wanted]
        found = [self.rows[id_] for id_ in ids]
        return [row for row in found if deleted or not row["IsDeleted"]]

    def copy(self) -> dict[str, Row]:
        """Return the rows as they are now, for `put_back`."""
        return {id_: dict(row) for id_, row in self.rows.items()}

    def put_back(self, rows: dict[str, Row]) -> None:
        """Let everything be as it was when it was copied."""
        self.rows, self._keys = {}, {}
        for row in rows.values():
            self.put(row)

    def _forget(self, id_: str) -> None:
        if before := self.rows.get(id_):
            for field in self._kind.found_by():
                found = self._keys.get(field.name, {})
                found.get(same(field, before.get(field.name)), {}).pop(id_, None)
