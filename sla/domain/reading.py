"""JSON that somebody wrote, read into types: what is wrong is told with its place."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

import msgspec

from chrono.instants import parse

T = TypeVar("T")
# 10^12 s are 31,700 years: more fits into no calendar.
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e12)]


def converted(written: Any, kind: type[T], place: str) -> T:
    """Return what was written as a type. Raises ValueError, which says where and what is wrong."""
    try:
        return msgspec.convert(written, kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        raise ValueError(f"{place}{where.removesuffix('`')}: {what}".strip(".: ")) from error


def without_nulls(written: dict[str, Any]) -> dict[str, Any]:
    """Return what was written, less what is null: that is as good as left out."""
    return {name: part for name, part in written.items() if part is not None}


def instant(written: str, place: str, parsed: Callable[[str], datetime] = parse) -> datetime:
    """Return an instant as UTC. Raises ValueError, which says where and what to write."""
    try:
        return parsed(written)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error


def seconds(duration: timedelta) -> float:
    """Return seconds: a whole number where they are whole."""
    total = duration.total_seconds()
    return int(total) if total.is_integer() else total
