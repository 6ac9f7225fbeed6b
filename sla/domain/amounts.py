"""Amounts of time and shares of a target, as people write them: 3 h 30 min, 210 min, 80 %."""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

_SIZES: Final = {
    **dict.fromkeys(("h", "hr", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("s", "sec", "second", "seconds"), timedelta(seconds=1)),
}
_DAYS: Final = frozenset({"d", "day", "days", "w", "week", "weeks"})
_PART: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z]+)", re.IGNORECASE)
_SHARE: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*%")
WHOLE: Final = 100.0  # percent
SHORTEST: Final = timedelta(seconds=1)
LONGEST: Final = timedelta(hours=100_000)  # what a column of seconds holds, and more than 11 years


def duration(written: str) -> timedelta:
    """Read an amount of time, to the second.

    Raises ValueError, which says what to write.
    """
    text = written.strip()
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip(" ,"):
        raise ValueError(f"{written!r} is no amount of time: write it as 4 h, 3 h 30 min or 45 s")
    total = sum((_part(number, unit, written) for number, unit in parts), timedelta())
    if not SHORTEST <= total <= LONGEST:
        raise ValueError(f"{written!r} is too short or too long: write 1 s to 100000 h")
    return timedelta(seconds=round(total.total_seconds()))


def _part(number: str, unit: str, written: str) -> timedelta:
    size = _SIZES.get(unit.lower())
    if unit.lower() in _DAYS:
        raise ValueError(f"{written!r} names days: write hours, since a business day has fewer")
    if size is None:
        raise ValueError(f"{written!r}: {unit!r} is no unit: write h, min or s")
    try:
        return size * float(number.replace(",", "."))
    except OverflowError as error:
        raise ValueError(f"{written!r} is too long: write 100000 h at most") from error


def warning(written: str) -> timedelta | float:
    """Read when to warn: an amount of time, or a share of the target in percent.

    Raises ValueError, which says what to write.
    """
    share = _SHARE.fullmatch(written.strip())
    if share is None:
        if "%" in written:
            raise ValueError(f"{written!r} is no share of the target: write it as 80 %")
        return duration(written)
    percent = float(share[1].replace(",", "."))
    if not 0 < percent < WHOLE:
        raise ValueError(f"{written!r}: write a share of more than 0 and less than 100 %")
    return percent


def warnings(written: Iterable[str]) -> tuple[tuple[timedelta, ...], tuple[float, ...]]:
    """Read when to warn, as amounts and as shares, each the least first.

    Raises ValueError, which says what to write.
    """
    read = [warning(one) for one in written]
    amounts = {one for one in read if isinstance(one, timedelta)}
    shares = {one for one in read if not isinstance(one, timedelta)}
    return tuple(sorted(amounts)), tuple(sorted(shares))
