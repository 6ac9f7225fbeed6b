"""One line of a benchmark's table, and how it is come by."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What was measured, what it should reach, and what it is a multiple of.

    more_is_better is off for memory and the like, where the target is a limit.
    """

    what: str
    rate: float
    unit: str
    target: float | None = None
    against: str = ""
    ratio: float | None = None
    more_is_better: bool = True

    @property
    def holds(self) -> bool:
        if self.target is None:
            return True
        return self.rate >= self.target if self.more_is_better else self.rate <= self.target

    @property
    def verdict(self) -> str:
        return "" if self.holds else " (missed)"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def database() -> str:
    """Return what people call the database that this process measures."""
    return {"postgresql": "PostgreSQL", "sqlite": "SQLite"}[connection.vendor]


def rate(work: Callable[[], int]) -> float:
    """Return units a second of one run of work, which returns how many units it did."""
    started = perf_counter()
    done = work()
    return done / (perf_counter() - started)


def median_rates(
    rounds: int, *works: Callable[[], int], before: Callable[[], None] | None = None
) -> list[float]:
    """Return the median rate of each work, run in alternation: machines drift.

    before makes each round ready, and is not timed.
    """
    runs = [_round(works, before) for _ in range(rounds)]
    return [median(column) for column in zip(*runs, strict=True)]


def _round(works: tuple[Callable[[], int], ...], before: Callable[[], None] | None) -> list[float]:
    if before:
        before()
    return [rate(work) for work in works]
