"""What was found, one line each."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

GUIDE: Final = "docs/genesys-setup.md"
MOST_NAMED: Final = 5
# What to do about something that could not be looked at.
AGAIN: Final = "mend what FAILs above, and run this again"


class Level(StrEnum):
    """How bad it is. Only FAIL makes the exit code 1."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


class Finding(NamedTuple):
    """One line: what was looked at, what was seen, and what to do about it."""

    check: str
    level: Level
    saw: str
    fix: str = ""

    @property
    def lines(self) -> list[str]:
        fix = [f"{'':20}fix: {self.fix}"] if self.fix else []
        return [f"{self.level:<5}{self.check:<15}{self.saw}", *fix]


def ok(check: str, saw: str) -> Finding:
    return Finding(check, Level.OK, saw)


def warn(check: str, saw: str, fix: str) -> Finding:
    return Finding(check, Level.WARN, saw, fix)


def fail(check: str, saw: str, fix: str) -> Finding:
    return Finding(check, Level.FAIL, saw, fix)


def worst(findings: Iterable[Finding]) -> Level:
    return max((each.level for each in findings), key=list(Level).index, default=Level.OK)


def some(names: Iterable[str]) -> str:
    """Name the first of many."""
    given = sorted(names)
    more = f" and {len(given) - MOST_NAMED} more" if len(given) > MOST_NAMED else ""
    return ", ".join(given[:MOST_NAMED]) + more


def ago(at: datetime | None, now: datetime) -> str:
    """Say how long ago something was."""
    if at is None:
        return "never"
    seconds = max(0, int((now - at).total_seconds()))
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago"
