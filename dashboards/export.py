"""Rows as CSV, safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Final

from django.http import HttpResponse

BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def guarded(value: object) -> object:
    """Return a value that no spreadsheet takes for a formula; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def csv_text(rows: Iterable[tuple[object, ...]], *, bom: bool = False) -> str:
    """Write rows as CSV with CRLF line ends, as RFC 4180 has it."""
    out = StringIO()
    out.write(BOM if bom else "")
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([guarded(value) for value in row])
    return out.getvalue()


def attachment(rows: Iterable[tuple[object, ...]], *, name: str, bom: bool) -> HttpResponse:
    """Answer with rows as a CSV file to keep."""
    return HttpResponse(
        csv_text(rows, bom=bom),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
