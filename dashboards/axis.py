"""Where instants lie on a chart: a ruler in px, with stretches folded in which nothing happens."""

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

CHARACTER: Final = 7.5  # px of one in a tick's text
BETWEEN: Final = 14  # px between two texts
FOLD: Final = 44  # px that a folded stretch takes
STEPS: Final = tuple(timedelta(minutes=m) for m in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720))
DAY: Final = timedelta(days=1)
DAYS: Final = tuple(timedelta(days=d) for d in (1, 2, 7, 14, 28, 91, 182, 364, 728, 1456, 3640))
FILLS_FROM: Final = timedelta(minutes=5)  # less, beside folds, does not deserve the whole width
YEAR: Final = timedelta(days=365)
SECOND: Final = timedelta(seconds=1)
MOMENT: Final = timedelta(milliseconds=1)
CALM: Final = 84  # px between ticks, at least


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an axis with one scale."""

    start: datetime
    end: datetime
    left: float
    right: float
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Axis:
    """Where instants lie, in px. The pieces follow one another without a gap."""

    pieces: tuple[Piece, ...]

    @property
    def width(self) -> float:
        return self.pieces[-1].right

    @property
    def start(self) -> datetime:
        return self.pieces[0].start

    @property
    def end(self) -> datetime:
        return self.pieces[-1].end

    @property
    def folds(self) -> tuple[Piece, ...]:
        return tuple(piece for piece in self.pieces if piece.folded)

    def x(self, at: datetime) -> float:
        """Return the place of an instant; what lies outside the axis is put at its edge."""
        at = min(max(at, self.start), self.end)
        index = bisect.bisect_right(self.pieces, at, key=lambda piece: piece.start) - 1
        piece = self.pieces[index]
        length = piece.end - piece.start
        share = (at - piece.start) / length if length else 0.0
        return piece.left + share * (piece.right - piece.left)


def ruled(start: datetime, end: datetime, *, px_per_hour: float) -> Axis:
    """Return an axis of one scale."""
    width = (end - start) / timedelta(hours=1) * px_per_hour
    return Axis((Piece(start, end, 0.0, width),))


def fitted(instants: Iterable[datetime], *, width: float, fold_above: timedelta) -> Axis:
    """Return an axis from the first instant to the last, about width px wide.

    A stretch longer than fold_above in which nothing happens is folded to FOLD px, if there are
    shorter ones to make room for. Many folds make the axis wider, moments alone narrower.
    """
    marks = sorted(set(instants))
    stretches = list(pairwise(marks)) or [(marks[0], marks[0])]
    short = sum((b - a for a, b in stretches if b - a <= fold_above), timedelta())
    fold_above = fold_above if short else timedelta.max
    folds = sum(b - a > fold_above for a, b in stretches)
    drawn = max(short, FILLS_FROM) if folds else marks[-1] - marks[0]
    scale = max(width - folds * FOLD, width / 2) / (drawn / SECOND or 1.0)
    pieces: list[Piece] = []
    left = 0.0
    for a, b in stretches:
        folded = b - a > fold_above
        right = left + (FOLD if folded else (b - a) / SECOND * scale)
        pieces.append(Piece(a, b, left, right, folded))
        left = right
    return Axis(tuple(pieces))


def ticks(axis: Axis, zone: ZoneInfo) -> list[Tick]:
    """Return round local times with room for their text, none of them inside a fold.

    Where the axis covers several local days, the first tick of each says which day it is.
    """
    step = _step(axis)
    last = max(axis.end - MOMENT, axis.start)  # midnight alone is no second day
    several_days = axis.start.astimezone(zone).date() != last.astimezone(zone).date()
    found: list[Tick] = []
    free_from, day_shown = 0.0, None
    for piece in axis.pieces:
        for at in () if piece.folded else _round_times(piece.start, piece.end, step, zone):
            local = at.astimezone(zone)
            dated = several_days and local.date() != day_shown
            text = _day_text(local, years=last - axis.start > YEAR) if dated else f"{local:%H:%M}"
            if axis.x(at) < free_from:
                continue
            found.append(Tick(round(axis.x(at), 2), text))
            free_from = axis.x(at) + len(text) * CHARACTER + BETWEEN
            day_shown = local.date()
    return found


def whole_hours(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Widen a span of UTC instants to whole hours, at least one."""
    hour = timedelta(hours=1)
    floor = start.replace(minute=0, second=0, microsecond=0)
    ceiling = end.replace(minute=0, second=0, microsecond=0)
    ceiling = ceiling if ceiling == end else ceiling + hour
    return floor, max(ceiling, floor + hour)


def _day_text(local: datetime, *, years: bool) -> str:
    if years:
        return f"{local.day} {local:%b %Y}"
    return f"{local.day} {local:%b}" + (f" {local:%H:%M}" if local.hour or local.minute else "")


def _step(axis: Axis) -> timedelta:
    """Choose the smallest step whose ticks have room on the axis's unfolded scale."""
    shown = [p for p in axis.pieces if not p.folded]
    length = sum((p.end - p.start for p in shown), timedelta())
    px = sum(p.right - p.left for p in shown)
    return next((s for s in STEPS + DAYS if length and s / length * px >= CALM), DAYS[-1])


def _round_times(
    start: datetime, end: datetime, step: timedelta, zone: ZoneInfo
) -> Iterator[datetime]:
    """Yield the instants from start to end at which the local clock shows a multiple of step."""
    candidates = _quarters if step < DAY else _midnights
    return (at for at in candidates(start, end, step, zone) if start <= at <= end)


def _quarters(
    start: datetime, end: datetime, step: timedelta, zone: ZoneInfo
) -> Iterator[datetime]:
    """Walk in small steps and ask the local clock: offsets change and are not whole hours."""
    at = start.replace(minute=0, second=0, microsecond=0)
    while at <= end:
        local = at.astimezone(zone)
        if not timedelta(hours=local.hour, minutes=local.minute) % step:
            yield at
        at += min(step, timedelta(minutes=15))


def _midnights(
    start: datetime, end: datetime, step: timedelta, zone: ZoneInfo
) -> Iterator[datetime]:
    first, last = (at.astimezone(zone).toordinal() for at in (start, end))
    for ordinal in range(first - first % step.days, last + 1, step.days):
        day = date.fromordinal(ordinal)
        yield datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
