"""Salesforce's ids: 15 characters in which case counts, and three more by which it can be told."""

import re
from collections import Counter
from string import ascii_uppercase, digits
from typing import Final

_CHECK: Final = ascii_uppercase + "012345"
_DIGITS: Final = digits + ascii_uppercase + ascii_uppercase.lower()
_is_id = re.compile(r"[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?").fullmatch


def with_checksum(short: str) -> str:
    """Return the 18 characters of an id's 15: each of the last three tells case of five."""
    chunks = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(_CHECK[sum(c.isupper() << i for i, c in enumerate(x))] for x in chunks)


def full(id_: object) -> str | None:
    """Return an id of 15 or 18 characters as 18; None where it is none, or its checksum is wrong.

    The 18 may come in any case, as Salesforce takes them: the checksum restores the 15.
    """
    if not isinstance(id_, str) or not _is_id(id_[:15] + id_[15:].upper()):
        return None
    return with_checksum(id_) if len(id_) == 15 else _restored(id_)  # noqa: PLR2004


def _restored(id_: str) -> str | None:
    """Return an id of 18 with the case that its checksum tells; None where they do not agree."""
    marks = [_CHECK.index(mark) for mark in id_[15:].upper()]
    right = "".join(
        c.upper() if marks[i // 5] >> i % 5 & 1 else c.lower() for i, c in enumerate(id_[:15])
    )
    made = with_checksum(right)
    return made if made[15:] == id_[15:].upper() else None


class Ids:
    """Gives out ids, in order, for each prefix its own."""

    def __init__(self) -> None:
        self._given: Counter[str] = Counter()

    def make(self, prefix: str) -> str:
        """Return the next id of a prefix, 18 characters."""
        self._given[prefix] += 1
        number, text = self._given[prefix], ""
        while number:
            number, digit = divmod(number, 62)
            text = _DIGITS[digit] + text
        return with_checksum(f"{prefix}Aw{text:0>10}")
