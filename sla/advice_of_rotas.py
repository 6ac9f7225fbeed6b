"""What is odd about a rota: it may be saved so, but whoever saves it should know."""

from collections.abc import Iterator
from datetime import time, timedelta
from itertools import combinations
from typing import Final

from sla.domain.local import WEEKDAYS
from sla.models import Rota, Shift

DAY: Final = timedelta(days=1)
WEEK: Final = 7 * DAY


def oddities(rota: Rota) -> Iterator[str]:
    """Yield what is odd about a rota and its shifts, in sentences."""
    if rota.trouble:
        yield f"Nobody is on call by its shifts: {rota.trouble}"
    shifts = list(rota.shifts.all())
    if not shifts:
        yield "It has no shift: nobody is on call, unless somebody stands in."
    for one, other in combinations(shifts, 2):
        if _overlap(one, other):
            yield f"{one} and {other} overlap: then the people of both are told."


def _overlap(one: Shift, other: Shift) -> bool:
    """Tell whether two shifts have time in common in some week, by the clock on the wall."""
    return any(
        start < end_ + week and start_ + week < end
        for start, end in _spans(one)
        for start_, end_ in _spans(other)
        for week in (-WEEK, timedelta(), WEEK)
    )


def _spans(shift: Shift) -> Iterator[tuple[timedelta, timedelta]]:
    """Yield when a shift begins and ends, since the week began; none named: on each day."""
    start, end = _since_midnight(shift.starts), _since_midnight(shift.ends)
    if end <= start:
        end += DAY
    for number, name in enumerate(WEEKDAYS):
        if not shift.weekdays or name in shift.weekdays:
            yield number * DAY + start, number * DAY + end


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)
