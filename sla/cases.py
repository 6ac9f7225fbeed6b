"""Files of cases: read, answered one by one, written; a bad case is named and hides no other."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

Case = dict[str, Any]


class CasesError(Exception):
    """A file that holds no cases: says which and why."""


def read(path: Path) -> list[Any]:
    """Return the cases of a JSON file: a list, or an object with the list in cases."""
    try:
        written = json.loads(path.read_bytes())
    except OSError as error:
        raise CasesError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CasesError(f"{path}: is no JSON: {error}") from error
    cases = written.get("cases") if isinstance(written, dict) else written
    if not isinstance(cases, list):
        raise CasesError(f'{path}: holds no cases: write a list [{{"id": ...}}, ...]')
    return cases


def answers(cases: list[Any], answer: Callable[[Case], Case]) -> Iterator[Case]:
    """Yield {"id", ...} for each case in its order, {"id", "error"} for one that cannot be read."""
    for number, case in enumerate(cases):
        if not isinstance(case, dict):
            yield {"id": None, "error": f"case {number} is no object: write {{'id': ..., ...}}"}
            continue
        name = case.get("id", number)
        try:
            yield {"id": name, **answer(case)}
        except (ValueError, OverflowError) as error:
            yield {"id": name, "error": str(error)}


def written(rows: list[Case], path: Path | None, stdout: TextIO) -> None:
    """Write answers as JSON to a file, or to stdout where none is named."""
    text = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
    if path is None:
        stdout.write(text)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CasesError(f"{path}: cannot be written: {error.strerror}") from error
