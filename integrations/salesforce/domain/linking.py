"""Which case a conversation belongs to: in order of trust, and never a guess."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from integrations.salesforce.domain import ids


class How(StrEnum):
    """How a case was found, in order of trust."""

    HAND = "hand"
    FIELD = "field"
    ATTRIBUTE = "attribute"
    TAG = "tag"
    TASK = "task"
    EMAIL = "email"


ORDER: Final = tuple(How)


class Found(NamedTuple):
    """The case, 18 letters, and how it was found; without one, why not."""

    case_id: str
    how: str = ""
    reason: str = ""


class Named(NamedTuple):
    """What texts say of a case: ids of 18 letters, and numbers."""

    ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


def named(texts: Iterable[str]) -> Named:
    """Return the case ids and case numbers among texts; what is neither is passed over."""
    found_ids, found_numbers = [], []
    for text in texts:
        if case_id := ids.full(text, ids.CASE_PREFIX):
            found_ids.append(case_id)
        elif case_number := ids.number(text):
            found_numbers.append(case_number)
    return Named(tuple(dict.fromkeys(found_ids)), tuple(dict.fromkeys(found_numbers)))


def choose(candidates: Mapping[How, Iterable[str]]) -> Found:
    """Return the case that the most trusted way leads to, where it leads to one alone."""
    for how in ORDER:
        there = sorted(
            {case_id for each in candidates.get(how, ()) if (case_id := _case(each)) is not None}
        )
        if len(there) > 1:
            return Found("", how, f"{len(there)} cases are named ({how}): which one is not told")
        if there:
            return Found(there[0], how)
    return Found("", reason="no case is known to belong to it")


def _case(given: str) -> str | None:
    return ids.full(given, ids.CASE_PREFIX)
