"""What a backtest came to: warnings, breaches, notices and waits, by day, queue and side.

Sums grow conversation by conversation and go through JSON, so that a long run may be taken up
where it was left.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sla.domain.backtest import Outcome

MOST_NAMED: Final = 200  # conversations behind a number
LocalDay = Callable[[datetime], date]


class Side(StrEnum):
    """Whose figures: of what is in force, or of the draft."""

    TODAY = "today"
    DRAFT = "draft"


class What(StrEnum):
    """What is counted. A kept wait is one of the waits that were over."""

    WARNINGS = "warnings"
    BREACHES = "breaches"
    NOTICES = "notices"
    WAITS = "waits"
    KEPT = "kept"


class Place(NamedTuple):
    """Where a number stands. way: by which a notice goes, told for notices alone."""

    day: str
    queue_id: str
    side: Side
    what: What
    way: str = ""


class Behind(NamedTuple):
    """A number, and the conversations that it is made of, by primary key: the first ones."""

    number: int = 0
    pks: tuple[int, ...] = ()


class Pair(NamedTuple):
    """A number as it is today and with the draft."""

    today: int = 0
    draft: int = 0

    @property
    def difference(self) -> int:
        return self.draft - self.today

    @property
    def signed(self) -> str:
        return f"{self.difference:+}" if self.difference else "0"


@dataclass(slots=True)
class _Cell:
    """A number that grows, and the first conversations that it is made of."""

    number: int = 0
    pks: list[int] = field(default_factory=list)


class Tally:
    """Sums that grow. moved are conversations to which another policy applies with the draft."""

    def __init__(self) -> None:
        self.conversations = 0
        self.moved = Behind()
        self._cells: dict[Place, _Cell] = {}

    def add(  # noqa: PLR0913 - what came of whom, where and when
        self,
        side: Side,
        outcome: Outcome,
        *,
        pk: int,
        queue_id: str,
        day_of: LocalDay,
        way_of: Callable[[int | None], str],
    ) -> None:
        """Add what came of a conversation on one side."""
        for told in outcome.told:
            day = day_of(told.at).isoformat()
            self._count(Place(day, queue_id, side, What.NOTICES, way_of(told.of_rung)), pk)
            if told.is_warning:
                self._count(Place(day, queue_id, side, What.WARNINGS), pk)
            elif told.is_breach:
                self._count(Place(day, queue_id, side, What.BREACHES), pk)
        for waited in outcome.waits:
            day = day_of(waited.ended_at).isoformat()
            self._count(Place(day, queue_id, side, What.WAITS), pk)
            if waited.met:
                self._count(Place(day, queue_id, side, What.KEPT), pk)

    def add_moved(self, pk: int) -> None:
        """Add a conversation to which another policy applies with the draft."""
        named = self.moved.pks if len(self.moved.pks) == MOST_NAMED else (*self.moved.pks, pk)
        self.moved = Behind(self.moved.number + 1, named)

    def _count(self, place: Place, pk: int) -> None:
        cell = self._cells.get(place)
        if cell is None:
            cell = self._cells[place] = _Cell()
        cell.number += 1
        if len(cell.pks) < MOST_NAMED:
            cell.pks.append(pk)

    def total(self, side: Side, what: What) -> int:
        return sum(c.number for place, c in self._cells.items() if place[2:4] == (side, what))

    def pair(self, what: What) -> Pair:
        return Pair(self.total(Side.TODAY, what), self.total(Side.DRAFT, what))

    def ways(self) -> dict[str, Pair]:
        """Return how many notices go by which way."""
        found: dict[str, dict[Side, int]] = {}
        for place, cell in self._cells.items():
            if place.what is What.NOTICES:
                sides = found.setdefault(place.way, dict.fromkeys(Side, 0))
                sides[place.side] += cell.number
        return {way: Pair(sides[Side.TODAY], sides[Side.DRAFT]) for way, sides in found.items()}

    def rows(self) -> Iterator[tuple[str, str, dict[What, Pair]]]:
        """Yield day, queue and numbers where there are any, the latest day first, then by queue."""
        found: dict[tuple[str, str], dict[What, list[int]]] = {}
        for place, cell in self._cells.items():
            numbers = found.setdefault(place[:2], {what: [0, 0] for what in What})
            numbers[place.what][place.side is Side.DRAFT] += cell.number
        in_order = sorted(sorted(found.items()), key=lambda item: item[0][0], reverse=True)
        for (day, queue_id), numbers in in_order:
            yield day, queue_id, {what: Pair(*sides) for what, sides in numbers.items()}

    def behind(
        self, side: Side, what: What, *, day: str = "", queue_id: str | None = None
    ) -> Behind:
        """Return a number and its conversations: of a day and a queue, or of all."""
        count, pks = 0, list[int]()
        for place, cell in self._cells.items():
            here = day in ("", place.day) and queue_id in (None, place.queue_id)
            if here and place[2:4] == (side, what):
                count += cell.number
                pks += cell.pks
        return Behind(count, tuple(pks))

    def named(self) -> set[int]:
        """Return the primary keys of all conversations that it names."""
        return {pk for cell in self._cells.values() for pk in cell.pks} | set(self.moved.pks)

    def as_json(self) -> dict[str, Any]:
        """Return all of it as JSON has it: of_json reads it again."""
        cells = [[*place, cell.number, cell.pks] for place, cell in self._cells.items()]
        moved = [self.moved.number, list(self.moved.pks)]
        return {"conversations": self.conversations, "moved": moved, "cells": cells}

    @classmethod
    def of_json(cls, written: dict[str, Any]) -> "Tally":
        """Read what as_json wrote; an empty object is an empty tally."""
        tally = cls()
        tally.conversations = written.get("conversations", 0)
        count, pks = written.get("moved", (0, ()))
        tally.moved = Behind(count, tuple(pks))
        for day, queue_id, side, what, way, number, named in written.get("cells", ()):
            place = Place(day, queue_id, Side(side), What(what), way)
            tally._cells[place] = _Cell(number, named)
        return tally
