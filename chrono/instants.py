"""Instants: UTC, to the millisecond, as datetime outside and as integers inside.

Only calculators read and write what is finer.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, cast

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)

# What fromisoformat refuses but Genesys samples carry: no leading zero in month, day or hour.
_LOOSE: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[Tt ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
    r"(Z|z|[+-]\d{2}:?\d{2})"
)

_is_canonical: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z").fullmatch
_MOST_TEXTS: Final = 65_536


class Texts(dict[datetime | None, str | None]):
    """How instants are written, and None for None: texts[at], at a dictionary's price.

    Writing one costs ten times as much as reading it, 3.5 us measured, and what is written was
    mostly read or written a moment ago.
    """

    def __init__(self, write: Callable[[datetime], str]) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, at: datetime | None) -> str | None:
        if at is None:
            return None
        text = self._write(at)
        self.keep(at, text)
        return text

    def keep(self, at: datetime, text: str) -> None:
        """Know from now on how an instant is written."""
        if len(self) >= _MOST_TEXTS:
            self.clear()
        self[at] = text


def to_ms(at: datetime) -> int:
    """Return milliseconds since 1970 of a UTC instant; what is finer is cut off."""
    return (at - EPOCH) // MILLISECOND


def from_ms(ms: int) -> datetime:
    """Return the UTC instant at so many milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=ms)


def parse(text: str) -> datetime:
    """Read an ISO-8601 instant with its zone as UTC, cut to the millisecond.

    Raises ValueError, naming the text, where it is no instant or lacks its zone.
    """
    if _is_canonical(text):
        at = parse_exactly(text)
        ISO.keep(at, text)
        return at
    at = parse_exactly(text)
    fine = at.microsecond % 1000
    return at.replace(microsecond=at.microsecond - fine) if fine else at


def parse_exactly(text: str) -> datetime:
    """Read an ISO-8601 instant with its zone as UTC, to the microsecond.

    Raises ValueError, naming the text, where it is no instant or lacks its zone.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = _parse_loosely(text)
    if at.tzinfo is UTC:
        return at
    if at.tzinfo is None:
        raise ValueError(f"{text!r} lacks its time zone: write it with Z at the end")
    return _to_utc(at, text)


def isoformat(at: datetime) -> str:
    """Write a UTC instant as Genesys does: 2026-03-27T16:45:00.000Z."""
    return cast("str", ISO[at])


def sqlformat(at: datetime) -> str:
    """Write a UTC instant as Django's SQLite columns hold it: 2026-03-27 16:45:00."""
    return cast("str", SQL[at])


def isoformat_exactly(at: datetime) -> str:
    """Write a UTC instant as isoformat does, and with microseconds where it has any."""
    return (
        at.isoformat(timespec="microseconds")[:-6] + "Z" if at.microsecond % 1000 else isoformat(at)
    )


def _write_iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")[:-6] + "Z"


def _write_sql(at: datetime) -> str:
    text = isoformat(at)
    fraction = "" if text.endswith(".000Z") else f".{text[20:23]}000"
    return f"{text[:10]} {text[11:19]}{fraction}"


def _to_utc(at: datetime, text: str) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} lies outside the years 1 to 9999") from error


def _parse_loosely(text: str) -> datetime:
    found = _LOOSE.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not an ISO-8601 instant such as 2026-03-27T16:45:00.000Z")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    micro = (fraction or "0").ljust(6, "0")[:6]
    try:
        return datetime.fromisoformat(
            f"{year}-{int(month):02d}-{int(day):02d}T{int(hour):02d}:{minute}:{second or '00'}"
            f".{micro}{zone.upper()}"
        )
    except ValueError as error:
        raise ValueError(f"{text!r} is not an instant: {error}") from error


# As Genesys writes them, and as Django's SQLite columns hold them: no zone, microseconds or none.
ISO: Final = Texts(_write_iso)
SQL: Final = Texts(_write_sql)
