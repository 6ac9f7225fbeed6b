"""Writing a listing of another system set-wise: only what differs, in a few statements."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from django.db import models, transaction

Columns = dict[str, Any]

KEY: Final = "genesys_id"


class Written(NamedTuple):
    """How many rows a listing made anew, changed, and no longer names."""

    new: int = 0
    changed: int = 0
    vanished: int = 0

    def __str__(self) -> str:
        return f"{self.new} new, {self.changed} changed, {self.vanished} gone"


@transaction.atomic
def write(
    model: type[models.Model],
    *,
    rows: Mapping[str, Columns],
    vanished: Mapping[str, Any] | None = None,
    scope: models.Q | None = None,
) -> Written:
    """Make a table with a genesys_id show a listing: rows by that id, each with its columns.

    Rows that the listing no longer names get the columns of vanished, and are never deleted:
    history names them still. scope: the rows that the listing is about; all where it is None.
    """
    rows_now = model._default_manager.filter(scope or models.Q())
    known: dict[str, models.Model] = {getattr(row, KEY): row for row in rows_now}
    changed = [known[key] for key, columns in rows.items() if _update(known.get(key), columns)]
    gone = [row for key, row in known.items() if key not in rows and _update(row, vanished)]
    new = [model(**{KEY: key}, **columns) for key, columns in rows.items() if key not in known]
    columns = sorted({name for row in rows.values() for name in row} | set(vanished or {}))
    model._default_manager.bulk_create(new)
    if changed or gone:
        model._default_manager.bulk_update([*changed, *gone], columns, batch_size=500)
    return Written(len(new), len(changed), len(gone))


def _update(row: models.Model | None, columns: Mapping[str, Any] | None) -> bool:
    """Set the columns that differ; tell whether any did."""
    if row is None or not columns:
        return False
    different = {name: v for name, v in columns.items() if getattr(row, name) != v}
    for name, value in different.items():
        setattr(row, name, value)
    return bool(different)
