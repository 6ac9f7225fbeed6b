"""The days that a page's filter chooses, as its URL tells them."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

DAY: Final = timedelta(days=1)
DEFAULT_DAYS: Final = 7
# Beyond these a day has no neighbour in every zone.
EARLIEST: Final = date(1970, 1, 1)
LATEST: Final = date(9000, 1, 1)


class Days(NamedTuple):
    """Days of the centre, both in it; errors say what could not be read, and what to write."""

    start: date
    end: date
    errors: tuple[str, ...] = ()


def chosen(told: Mapping[str, str], *, today: date) -> Days:
    """Read from and to of a query string; for a day that is none the default is taken."""
    errors: list[str] = []
    end = _day(told.get("to", ""), today, "To", errors)
    start = _day(told.get("from", ""), end - (DEFAULT_DAYS - 1) * DAY, "From", errors)
    if start > end:
        errors.append(f"“From” {start} lies after “to” {end}: choose an earlier day.")
        start = end
    return Days(start, end, tuple(errors))


def day_of(written: str) -> date:
    """Read a day. Raises ValueError, saying that it is none or too far away to have neighbours."""
    try:
        day = date.fromisoformat(written)
    except ValueError as error:
        raise ValueError(f"{written!r} is no day") from error
    if not EARLIEST <= day <= LATEST:
        raise ValueError(f"{written} is too far away")
    return day


def _day(written: str, default: date, name: str, errors: list[str]) -> date:
    if not written:
        return default
    try:
        return day_of(written)
    except ValueError as error:
        errors.append(f"“{name}” {error}: write it as {default}.")
        return default
