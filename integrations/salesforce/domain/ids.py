"""Ids of Salesforce: 15 letters that mind their case, or 18 whose last three say it."""

import re
from typing import Final

CASE_PREFIX: Final = "500"
USER_PREFIX: Final = "005"
QUEUE_PREFIX: Final = "00G"
_ID: Final = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Z]{3})?")
_NUMBER: Final = re.compile(r"[0-9]{1,30}")
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def full(given: str, prefix: str = "") -> str | None:
    """Return an id in its 18 letters; None where it is none, or not one that begins so.

    Of 18 letters the last three must fit the others.
    """
    text = given.strip()
    if not _ID.fullmatch(text) or not text.startswith(prefix):
        return None
    made = text[:15] + _suffix(text[:15])
    return made if text in (made, made[:15]) else None


def _suffix(short: str) -> str:
    """Return the three letters that tell which of 15 are capital, five at a time."""
    return "".join(
        _LETTERS[sum(1 << place for place, letter in enumerate(part) if letter.isupper())]
        for part in (short[:5], short[5:10], short[10:15])
    )


def number(given: str) -> str | None:
    """Return the number of a case as it may be asked for; None where it is none."""
    text = given.strip()
    return text if _NUMBER.fullmatch(text) else None
