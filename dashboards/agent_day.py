"""What one agent did on one day: lanes by medium and concurrency slot, and the same as a table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from chrono.spans import Span
from conversations.domain.presence import State
from conversations.presence import presence_of
from dashboards import format as write
from dashboards import presence, timeline
from dashboards.agent_rows import SHOWN, read_handled, read_legs, read_segments, window
from dashboards.agent_tiles import Tile, tiles
from dashboards.axis import Axis, ruled, whole_hours
from dashboards.timeline import NAMES, Chart, Kind, media_name, media_order
from dashboards.work import Stretch, clipped, stretches

FITS: Final = 1_250  # px of a timeline at 1440 px
NARROWEST_HOUR: Final = 48
ZOOMS: Final = (1, 2, 4, 8)
RESTING: Final = frozenset({Kind.HOLD, Kind.INTERRUPTED, Kind.PARKED})
CSV_HEAD: Final = (
    "start_utc",
    "start_local",
    "duration_s",
    "open",
    "conversation_id",
    "segment",
    "caused_by",
    "counts_in_adjusted",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the table."""

    anchor: str
    started_at: datetime
    started: str
    took_s: int = field(repr=False)
    took: str = field(repr=False)
    lasts: bool
    conversation_id: str
    conversation: str
    segment: str
    cause_id: str
    cause: str
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole day. Equal marks look the same but for what the now line passed."""

    tiles: tuple[Tile, ...]
    chart: Chart | None
    lines: tuple[Line, ...]
    states: tuple[presence.Line, ...]
    cut: bool
    zoom: int
    zooms: tuple[int, ...]

    @property
    def mark(self) -> str:
        return timeline.mark_of(
            self.tiles,
            self.lines,
            self.states,
            self.zoom,
            self.chart.now_text if self.chart else "",
        )


def page(user_id: str, *, day: date, zone: ZoneInfo, now: datetime, zoom: int = 1) -> Page:
    """Read the day of an agent: four queries."""
    whole = window(day, zone)
    segments = read_segments(user_id, whole)
    legs = read_legs(user_id, whole)
    found = list(clipped(stretches(segments[:SHOWN], legs, now=now), whole))
    states = presence.clipped(presence_of([user_id], whole), whole, now=now)
    told = tiles(read_handled(user_id, whole), found, legs, whole=whole, zone=zone)
    on_queue = presence.tile(states, now=now)
    return Page(
        tiles=(*told, *([on_queue] if on_queue else ())),
        chart=draw(found, states, zone=zone, now=now, zoom=zoom),
        lines=tuple(line(stretch, zone) for stretch in found),
        states=presence.lines(states, zone=zone, now=now),
        cut=len(segments) > SHOWN,
        zoom=zoom,
        zooms=ZOOMS,
    )


def csv_rows(day: Page, zone: ZoneInfo) -> Iterator[tuple[object, ...]]:
    """Yield the table as values: seconds as integers, instants in UTC and in the zone."""
    yield CSV_HEAD
    for row in day.lines:
        yield (
            row.started_at.isoformat(),
            row.started_at.astimezone(zone).isoformat(),
            row.took_s,
            row.lasts,
            row.conversation_id,
            row.segment,
            row.cause_id,
            row.counts,
        )


def lanes_of(found: Sequence[Stretch]) -> dict[tuple[str, int], tuple[str, int]]:
    """Give each conversation and medium its lane: (medium, slot), by conversation."""
    extents: dict[tuple[str, int], tuple[datetime, datetime]] = {}
    for stretch in found:
        key = (stretch.segment.media_type, stretch.segment.conversation_pk)
        start, end = extents.get(key, (stretch.started_at, stretch.ended_at))
        extents[key] = (min(start, stretch.started_at), max(end, stretch.ended_at))
    lanes: dict[tuple[str, int], tuple[str, int]] = {}
    for media in {media for media, _ in extents}:
        of_media = [(key, *extent) for key, extent in extents.items() if key[0] == media]
        for key, slot in timeline.slots(of_media).items():
            lanes[key] = (media, slot)
    return lanes


def draw(
    found: Sequence[Stretch],
    states: Sequence[State],
    *,
    zone: ZoneInfo,
    now: datetime,
    zoom: int,
) -> Chart | None:
    """Draw the day, with a line from each call to the hold that it caused.

    Presence and routing status lie above the work. None where there is nothing to draw: neither
    work nor an hour at work.
    """
    axis = day_axis(found, presence.at_work(states, now=now), zoom=zoom)
    if axis is None:
        return None
    shown = [kind for kind in presence.LANES if any(state.kind == kind for state in states)]
    lanes = lanes_of(found)
    order = sorted(set(lanes.values()), key=_lane_order)
    row_of = {key: len(shown) + order.index(lane) for key, lane in lanes.items()}
    drawn = [s for s in found if s.ended_at > axis.start]
    within = Span(axis.start, axis.end)
    chart = timeline.chart(
        [
            *presence.parts(states, shown, within=within, zone=zone, now=now),
            *(
                part(s, row_of[s.segment.media_type, s.segment.conversation_pk], zone)
                for s in drawn
            ),
        ],
        axis=axis,
        lanes=[*(presence.LANES[kind] for kind in shown), *_lane_names(order)],
        zone=zone,
        now=now,
    )
    return replace(chart, connectors=tuple(connectors(drawn, row_of, axis)))


def day_axis(found: Sequence[Stretch], at_work: Sequence[Span], *, zoom: int) -> Axis | None:
    """Return an axis over whole hours that fills the page, or is wider when zoomed.

    It begins with the first work, or when the agent came: what was held or parked all night would
    only waste its room. None where there is neither.
    """
    if not found and not at_work:
        return None
    begun = [s.started_at for s in found if s.kind not in RESTING] + [s.start for s in at_work]
    first = min(begun or (s.started_at for s in found))
    last = max([s.ended_at for s in found] + [s.end for s in at_work])
    start, end = whole_hours(first, last)
    hours = (end - start) / timedelta(hours=1)
    return ruled(start, end, px_per_hour=max(FITS / max(hours, 3), NARROWEST_HOUR) * zoom)


def connectors(
    found: Sequence[Stretch], row_of: dict[tuple[str, int], int], axis: Axis
) -> Iterable[timeline.Connector]:
    """Yield a line at the start of each interruption whose cause is on the chart."""
    for stretch in found:
        leg = stretch.cause
        causes = [r for (_, pk), r in row_of.items() if leg and pk == leg.cause_pk]
        if leg and causes:
            held = row_of[stretch.segment.media_type, stretch.segment.conversation_pk]
            yield timeline.connector(
                stretch.started_at,
                axis=axis,
                lanes=(causes[0], held),
                label=f"caused by {_named(leg.cause_media, leg.cause_id)}",
            )


def part(stretch: Stretch, lane: int, zone: ZoneInfo) -> timeline.Part:
    """Return a stretch as a part of the chart, with all that its bar can say."""
    segment = stretch.segment
    end = "now" if stretch.lasts else write.to_the_second(stretch.ended_at, zone)
    cause = stretch.cause
    by = f", caused by {_named(cause.cause_media, cause.cause_id)}" if cause else ""
    return timeline.Part(
        lane=lane,
        kind=stretch.kind,
        media_type=segment.media_type,
        started_at=stretch.started_at,
        ended_at=None if stretch.lasts else stretch.ended_at,
        label=f"{_named(segment.media_type, segment.conversation_id)}, {_segment_name(stretch)}, "
        f"{write.to_the_second(stretch.started_at, zone)} to {end}, {_took(stretch)}{by}",
        href=f"#{_anchor(stretch)}",
    )


def line(stretch: Stretch, zone: ZoneInfo) -> Line:
    """Return a stretch as a row of the table."""
    segment, cause = stretch.segment, stretch.cause
    return Line(
        anchor=_anchor(stretch),
        started_at=stretch.started_at,
        started=write.to_the_second(stretch.started_at, zone),
        took_s=write.seconds_of(_ms(stretch.started_at, stretch.ended_at)),
        took=_took(stretch),
        lasts=stretch.lasts,
        conversation_id=segment.conversation_id,
        conversation=_named(segment.media_type, segment.conversation_id),
        segment=_segment_name(stretch),
        cause_id=cause.cause_id if cause else "",
        cause=_named(cause.cause_media, cause.cause_id) if cause else "",
        counts=stretch.counts,
    )


def _lane_order(lane: tuple[str, int]) -> tuple[int, str, int]:
    media, slot = lane
    return (*media_order(media), slot)


def _lane_names(order: Sequence[tuple[str, int]]) -> list[str]:
    several = {media for media, slot in order if slot}
    return [
        f"{media_name(media)} {slot + 1}" if media in several else media_name(media)
        for media, slot in order
    ]


def _named(media_type: str, genesys_id: str) -> str:
    return f"{media_name(media_type)} {write.short_id(genesys_id)}"


def _segment_name(stretch: Stretch) -> str:
    if stretch.kind is Kind.OTHER:
        return media_name(stretch.segment.segment_type)
    if stretch.kind is Kind.LIVE and stretch.segment.segment_type != "interact":
        return media_name(stretch.segment.segment_type)
    return NAMES[stretch.kind]


def _anchor(stretch: Stretch) -> str:
    return f"segment-{stretch.segment.pk}-{int(stretch.started_at.timestamp() * 1000)}"


def _took(stretch: Stretch) -> str:
    return write.handle_time(write.seconds_of(_ms(stretch.started_at, stretch.ended_at)))


def _ms(start: datetime, end: datetime) -> float:
    return (end - start) / timedelta(milliseconds=1)
