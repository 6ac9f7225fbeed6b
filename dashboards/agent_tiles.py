"""The facts on top of an agent's day. Pure, on values read before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from chrono.spans import Span, Spans
from dashboards import format as write
from dashboards.agent_rows import Handled
from dashboards.timeline import Kind, media_name, media_order
from dashboards.work import LegRow, Stretch


@dataclass(frozen=True, slots=True)
class Tile:
    value: str
    label: str
    fact: str


def tiles(
    handled: Sequence[Handled],
    found: Sequence[Stretch],
    legs: Sequence[LegRow],
    *,
    whole: Span,
    zone: ZoneInfo,
) -> Iterator[Tile]:
    """Tell what was completed by medium, what interruptions took, how long work was in hand."""
    media = sorted({h.media_type for h in handled}, key=media_order)
    for medium in media[:3]:
        yield _handled_tile(medium, [h for h in handled if h.media_type == medium])
    lost = sum(
        (min(leg.ended_at, whole.end) - max(leg.started_at, whole.start) for leg in legs),
        timedelta(),
    )
    holds = write.plural(len(legs), "interruption")
    yield Tile(f"{write.hours_minutes(lost)} h", "Lost to interruptions", holds)
    busy = Spans.of(
        Span(s.started_at, s.ended_at) for s in found if s.kind in {Kind.LIVE, Kind.ACW}
    )
    hours = (
        f"{busy.parts[0].start.astimezone(zone):%H:%M}\N{EN DASH}"
        f"{busy.parts[-1].end.astimezone(zone):%H:%M}"
        if busy.parts
        else "nothing yet"
    )
    yield Tile(f"{write.hours_minutes(busy.total)} h", "Live or after-call work", hours)
    yield _open_tile([s for s in found if s.lasts])


def _handled_tile(medium: str, handled: Sequence[Handled]) -> Tile:
    count = len(handled)
    raw = write.mean_seconds(sum(h.gross_ms for h in handled), count)
    adjusted = write.mean_seconds(sum(h.adjusted_ms for h in handled), count)
    fact = f"AHT {write.handle_time(raw)}"
    if raw != adjusted:
        fact += f" \N{RIGHTWARDS ARROW} {write.handle_time(adjusted)} adjusted"
    return Tile(write.count(count), f"{media_name(medium)} handled", fact)


def _open_tile(lasting: Sequence[Stretch]) -> Tile:
    by_media: dict[str, set[int]] = {}
    for stretch in lasting:
        segment = stretch.segment
        by_media.setdefault(segment.media_type, set()).add(segment.conversation_pk)
    told = (
        f"{len(by_media[m])} {media_name(m).lower()}" for m in sorted(by_media, key=media_order)
    )
    return Tile(str(sum(map(len, by_media.values()))), "Open now", ", ".join(told))
