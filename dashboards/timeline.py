"""A timeline's geometry: instants become pixels, sessions become lanes, segments become bars.

Pure: it takes UTC instants and gives plain numbers; the template only draws them.
"""

import hashlib
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from dashboards.axis import BETWEEN, CHARACTER, Axis, Piece, Tick, ticks

Key = TypeVar("Key", bound=Hashable)

HEADER: Final = 28  # px above the first lane: the hours
LANE: Final = 36
FOOT: Final = 22
TICK_OVERHANG: Final = 42  # px behind the axis, for the text of its last tick
BAR: Final = 24
NARROWEST: Final = 1.5  # px: what is shorter would vanish
GAP: Final = 1.0
NOW_ROOM: Final = 34  # px of half of "now 16:20"


class Kind(StrEnum):
    """What a segment is to its agent."""

    LIVE = "live"
    HOLD = "hold"
    INTERRUPTED = "interrupted"
    ACW = "acw"
    ALERT = "alert"
    PARKED = "parked"
    OTHER = "other"


KIND_OF: Final[Mapping[str, Kind]] = {
    "interact": Kind.LIVE,
    "dialing": Kind.LIVE,
    "contacting": Kind.LIVE,
    "hold": Kind.HOLD,
    "wrapup": Kind.ACW,
    "alert": Kind.ALERT,
    "parked": Kind.PARKED,
}
NAMES: Final[Mapping[Kind, str]] = {
    Kind.LIVE: "Live",
    Kind.HOLD: "Hold",
    Kind.INTERRUPTED: "Hold caused by an interruption",
    Kind.ACW: "After-call work",
    Kind.ALERT: "Ringing",
    Kind.PARKED: "Parked",
    Kind.OTHER: "Other",
}


def kind_of(segment_type: str) -> Kind:
    """Name the kind of a Genesys segment type; unknown ones are OTHER."""
    return KIND_OF.get(segment_type.lower(), Kind.OTHER)


def slots(extents: Iterable[tuple[Key, datetime, datetime]]) -> dict[Key, int]:
    """Give each extent the lowest slot that is free from its start to its end.

    Half-open: what starts when another ends may take its slot. The order of the input does not
    matter, so lanes stay where they are from one refresh to the next.
    """
    free_at: list[datetime] = []
    taken: dict[Key, int] = {}
    for key, start, end in sorted(extents, key=lambda e: (e[1], e[2], str(e[0]))):
        slot = next((i for i, free in enumerate(free_at) if free <= start), len(free_at))
        if slot == len(free_at):
            free_at.append(end)
        else:
            free_at[slot] = end
        taken[key] = slot
    return taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One stretch of a lane, before it is drawn. ended_at is None while it lasts.

    css and name are of what is neither a medium nor a segment; the name is written in its bar.
    """

    lane: int
    kind: Kind
    media_type: str
    started_at: datetime
    ended_at: datetime | None
    label: str
    href: str
    css: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in px. css names its fill; label is what it is called, text what stands in it."""

    x: float
    y: float
    width: float
    css: str
    label: str
    href: str
    open_ended: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Connector:
    """A line from the work that interrupts to the hold that it caused."""

    x: float
    top: float
    bottom: float
    label: str


@dataclass(frozen=True, slots=True)
class Lane:
    text: str
    y: float  # of the text's baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """All that the template draws."""

    width: float
    height: float
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]
    connectors: tuple[Connector, ...] = ()
    folds: tuple[tuple[float, float, str, float], ...] = ()  # x, width, what it hides, its end
    now_x: float | None = None
    now_text: str = ""
    now_anchor: str = "middle"  # of its text, so that it stays inside
    legend: tuple[tuple[str, str], ...] = ()  # css, text: only what is drawn

    @property
    def bottom(self) -> float:
        """Return the height of what lies between the hours and the foot."""
        return self.height - HEADER - FOOT + 6


def bar(part: Part, axis: Axis, *, now: datetime) -> Bar:
    """Draw a part; one px is left free at its end, and nothing is narrower than can be seen."""
    left = axis.x(part.started_at)
    right = axis.x(part.ended_at or now)
    width = max(right - left - GAP, NARROWEST)
    return Bar(
        x=round(left, 2),
        y=lane_top(part.lane),
        width=round(width, 2),
        css=part.css or css_of(part.kind, part.media_type),
        label=part.label,
        href=part.href,
        open_ended=part.ended_at is None,
        text=part.name if len(part.name) * CHARACTER + BETWEEN <= width else "",
    )


def lane_top(lane: int) -> float:
    """Return the upper edge of a lane's bars."""
    return HEADER + lane * LANE + (LANE - BAR) / 2


def connector(at: datetime, *, axis: Axis, lanes: tuple[int, int], label: str) -> Connector:
    """Draw a line at an instant between the bars of two lanes, whichever lies above."""
    upper, lower = sorted(lanes)
    return Connector(round(axis.x(at), 2), lane_top(upper) + BAR, lane_top(lower), label)


MEDIA_ORDER: Final = ("voice", "callback", "chat", "email", "message")


def css_of(kind: Kind, media_type: str) -> str:
    """Name the fill of a segment: live ones by medium, the others by kind."""
    if kind is not Kind.LIVE:
        return f"s-{kind}"
    return f"s-{media_type}" if media_type in MEDIA_ORDER else "s-digital"


def media_name(media_type: str) -> str:
    """Return what people call a medium."""
    return {"email": "Email", "ivr": "IVR", "sms": "SMS", "workitem": "Work item"}.get(
        media_type, media_type[:1].upper() + media_type[1:]
    )


def media_order(media_type: str) -> tuple[int, str]:
    """Return by what media are sorted: the usual ones first, the most urgent before others."""
    usual = media_type in MEDIA_ORDER
    return MEDIA_ORDER.index(media_type) if usual else len(MEDIA_ORDER), media_type


def legend(parts: Iterable[Part]) -> tuple[tuple[str, str], ...]:
    """Return fill and name of the kinds that are drawn: media first, then the other kinds.

    What has a fill and a name of its own comes last, in the order of its appearance.
    """
    own: dict[str, set[str]] = {}
    drawn = set()
    for part in parts:
        if part.css:
            own.setdefault(part.css, set()).add(part.name)
        else:
            drawn.add((part.kind, part.media_type if part.kind is Kind.LIVE else ""))
    order = list(Kind)
    return tuple(
        (css_of(kind, media), media_name(media) if kind is Kind.LIVE else NAMES[kind])
        for kind, media in sorted(drawn, key=lambda d: (order.index(d[0]), media_order(d[1])))
    ) + tuple((css, ", ".join(sorted(names))) for css, names in own.items())


def chart(
    parts: list[Part], *, axis: Axis, lanes: Iterable[str], zone: ZoneInfo, now: datetime
) -> Chart:
    """Draw parts on an axis. The now line is left out where now lies beyond the axis."""
    names = tuple(Lane(text, lane_top(i) + BAR * 0.68) for i, text in enumerate(lanes))
    shows_now = axis.start <= now <= axis.end
    return Chart(
        width=round(axis.width + TICK_OVERHANG, 2),
        height=HEADER + len(names) * LANE + FOOT,
        lanes=names,
        ticks=tuple(ticks(axis, zone)),
        bars=tuple(bar(part, axis, now=now) for part in parts),
        folds=tuple(
            (
                round(f.left, 2),
                round(f.right - f.left, 2),
                fold_text(f),
                _fold_text_end(f, axis.x(now) if shows_now else None),
            )
            for f in axis.folds
        ),
        now_x=round(axis.x(now), 2) if shows_now else None,
        now_anchor=_now_anchor(axis, now),
        now_text=f"now {now.astimezone(zone):%H:%M}" if shows_now else "",
        legend=legend(parts),
    )


def _now_anchor(axis: Axis, now: datetime) -> str:
    """Keep the text of the now line inside the chart, which is wider than the axis."""
    return "start" if axis.x(now) < NOW_ROOM else "middle"


def _fold_text_end(fold: Piece, now_x: float | None) -> float:
    """Return where the text of a fold ends: at its right, but before the text of the now line."""
    if now_x is None or abs(fold.right - now_x) > NOW_ROOM:
        return round(fold.right, 2)
    return round(now_x - NOW_ROOM, 2)


def mark_of(*shown: object) -> str:
    """Return a short mark of what a page shows: equal where its reprs are."""
    return hashlib.blake2b(repr(shown).encode(), digest_size=12).hexdigest()


def fold_text(fold: Piece) -> str:
    """Say how much time a fold hides: 14 h, 3 d."""
    length = fold.end - fold.start
    hours = length // timedelta(hours=1)
    return f"{hours} h" if hours < 100 else f"{length.days} d"  # noqa: PLR2004
