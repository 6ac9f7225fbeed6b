"""The AHT page as plain values: tiles, bars, the same numbers as a table, and what lies below."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from dashboards import aht, choices, names
from dashboards import format as write
from dashboards.aht import Cause, Group, Query, Sums
from dashboards.aht_bars import Bars, bars
from dashboards.choices import Choice
from dashboards.timeline import media_name
from handling.models import AgentHandling, Interruption

DRAWN: Final = 8
MILLISECOND: Final = timedelta(milliseconds=1)
LISTED: Final = 100
TILES: Final = ("email", "voice", "message", "chat", "callback")


@dataclass(frozen=True, slots=True)
class Tile:
    value: str
    label: str
    fact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the table."""

    name: str
    genesys_id: str
    media_type: str
    channel: str
    handled: str
    raw: str
    adjusted: str
    difference: str
    interrupted: str
    p90: str
    other_hold: str
    sums: Sums
    p90_s: int | None


@dataclass(frozen=True, slots=True)
class Leg:
    started: str
    ended: str
    took: str
    cause_id: str
    cause: str
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One agent's part in one conversation."""

    genesys_id: str
    channel: str
    completed: str
    raw: str
    adjusted: str
    removed: str
    other_hold: str
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    query: Query
    tiles: tuple[Tile, ...]
    chart: Bars | None
    lines: tuple[Line, ...]
    total: Line | None
    parts: tuple[Part, ...]
    more_parts: bool
    causes: tuple[tuple[str, str, str], ...]  # medium, interruptions, time
    caption: str
    days: str
    zone_name: str
    queue: str
    agent: str
    queues: tuple[Choice, ...]
    channels: tuple[Choice, ...]


def page(query: Query, *, centre: ZoneInfo, reader: ZoneInfo) -> Page:
    """Read the page. Days are the centre's; instants are shown in the reader's zone."""
    groups = aht.groups(query)
    causes = aht.causes(query)
    present = aht.sums_by(Query(query.start, query.end), "queue_id")
    queues = names.of_queues({queue for queue, _ in present} | {query.queue})
    agents = names.of_agents({g.genesys_id for g in groups} | {query.agent})
    known = agents if query.grouped_by == "user_id" else queues
    lines = tuple(line(names.named(g.genesys_id, known), g) for g in groups)
    total = sum((g.sums for g in groups), start=Sums())
    parts = _parts(query, reader) if query.agent else []
    return Page(
        query=query,
        tiles=tuple(tiles(groups, causes)),
        chart=_chart(lines) if lines and not query.agent else None,
        lines=lines,
        total=line("Total", Group("", "", total, None)) if len(lines) > 1 else None,
        parts=tuple(parts[:LISTED]),
        more_parts=len(parts) > LISTED,
        causes=tuple(_cause(cause) for cause in causes),
        caption=_caption(query, total),
        days=write.days(query.start, query.end),
        zone_name=centre.key,
        queue=names.named(query.queue, queues) if query.queue else "",
        agent=names.named(query.agent, agents) if query.agent else "",
        queues=choices.by_name({queue for queue, _ in present}, queues, query.queue),
        channels=choices.channels({media for _, media in present}, query.media),
    )


CSV_HEAD: Final = (
    "name",
    "genesys_id",
    "media_type",
    "handled",
    "raw_aht_s",
    "adjusted_aht_s",
    "difference_s",
    "interrupted",
    "p90_adjusted_s",
    "raw_total_s",
    "adjusted_total_s",
    "removed_total_s",
)


def csv_rows(shown: Page) -> Iterator[tuple[object, ...]]:
    """Yield the table as values, all times in whole seconds; empty where there is no mean."""
    yield CSV_HEAD
    for row in shown.lines:
        sums = row.sums
        values = (sums.raw_s, sums.adjusted_s, sums.difference_s)
        yield (
            row.name,
            row.genesys_id,
            row.media_type,
            sums.handled,
            *("" if value is None else value for value in values),
            sums.interrupted,
            "" if row.p90_s is None else row.p90_s,
            *map(write.seconds_of, (sums.gross_ms, sums.adjusted_ms, sums.interrupted_ms)),
        )


def line(name: str, group: Group) -> Line:
    """Write one group as a row."""
    sums = group.sums
    difference = sums.difference_s
    p90_s = None if group.p90_ms is None else write.seconds_of(group.p90_ms)
    return Line(
        name=name,
        genesys_id=group.genesys_id,
        media_type=group.media_type,
        channel=media_name(group.media_type),
        handled=write.count(sums.handled),
        raw=write.handle_time(sums.raw_s),
        adjusted=write.handle_time(sums.adjusted_s),
        difference=write.handle_time(-difference if difference else difference),
        interrupted=f"{write.count(sums.interrupted)} "
        f"({write.percent(sums.interrupted, sums.handled)})",
        p90=write.handle_time(p90_s),
        other_hold=write.handle_time(write.mean_seconds(sums.other_hold_ms, sums.handled)),
        sums=sums,
        p90_s=p90_s,
    )


def tiles(groups: list[Group], causes: list[Cause]) -> Iterator[Tile]:
    """Tell the means by medium, how much was interrupted, and how much was removed."""
    by_media: dict[str, Sums] = {}
    for group in groups:
        by_media[group.media_type] = by_media.get(group.media_type, Sums()) + group.sums
    for media in islice((m for m in TILES if m in by_media), 3):
        yield _media_tile(media, by_media[media])
    digital = sum((s for media, s in by_media.items() if media != "voice"), start=Sums())
    yield Tile(
        write.percent(digital.interrupted, digital.handled),
        "Digital work interrupted",
        f"{write.count(digital.interrupted)} of {write.count(digital.handled)}",
    )
    removed = sum((s.interrupted_ms for s in by_media.values()), start=0)
    by_voice = sum((c.took for c in causes if c.media_type == "voice"), timedelta())
    legs = sum(cause.legs for cause in causes)
    taken = sum((cause.took for cause in causes), timedelta())
    share = write.percent(by_voice // MILLISECOND, taken // MILLISECOND)
    yield Tile(
        write.total_hours(removed),
        "Hold removed",
        f"{write.plural(legs, 'interruption')}, {share} by voice" if legs else "no interruptions",
    )


def _media_tile(media: str, sums: Sums) -> Tile:
    raw, difference = sums.raw_s, sums.difference_s
    if not raw or not difference:
        return Tile(
            write.handle_time(sums.adjusted_s),
            f"{media_name(media)} AHT",
            f"{write.count(sums.handled)} handled, nothing removed",
        )
    return Tile(
        write.handle_time(sums.adjusted_s),
        f"{media_name(media)} AHT, adjusted",
        f"raw {write.handle_time(raw)} · {write.handle_time(-difference)} "
        f"({write.MINUS}{write.percent(difference, raw)}) · n {write.count(sums.handled)}",
    )


def _chart(lines: tuple[Line, ...]) -> Bars:
    """Draw the groups from which something was removed; where there is none, the first ones."""
    telling = [shown for shown in lines if shown.sums.difference_s] or lines
    return bars(
        [
            (f"{shown.name} {shown.channel.lower()}", shown.sums.raw_s, shown.sums.adjusted_s)
            for shown in telling[:DRAWN]
            if shown.sums.raw_s is not None and shown.sums.adjusted_s is not None
        ]
    )


def _cause(cause: Cause) -> tuple[str, str, str]:
    milliseconds = cause.took // MILLISECOND
    return (
        media_name(cause.media_type) or "Unknown medium",
        write.count(cause.legs),
        write.total_hours(milliseconds),
    )


def _caption(query: Query, total: Sums) -> str:
    what = "AHT by agent" if query.grouped_by == "user_id" else "AHT by queue"
    days = write.days(query.start, query.end)
    return f"{what} (mm:ss), {days}, {write.count(total.handled)} handled"


def _parts(query: Query, reader: ZoneInfo) -> list[Part]:
    found = list(
        aht.completed(query)
        .select_related("conversation")
        .order_by("-interrupted_ms", "-ended_at", "pk")[: LISTED + 1]
    )
    legs = aht.interruptions(handling.pk for handling in found)
    return [part(handling, legs.get(handling.pk, []), reader) for handling in found]


def part(handling: AgentHandling, legs: Iterable[Interruption], zone: ZoneInfo) -> Part:
    """Write one agent's part in a conversation, with the holds that others caused."""
    gross, adjusted = (write.seconds_of(ms) for ms in (handling.gross_ms, handling.adjusted_ms))
    return Part(
        genesys_id=handling.conversation.genesys_id,
        channel=media_name(handling.media_type),
        completed=write.dated(handling.ended_at, zone) if handling.ended_at else "open",
        raw=write.handle_time(gross),
        adjusted=write.handle_time(adjusted),
        removed=write.handle_time(gross - adjusted),
        other_hold=write.handle_time(write.seconds_of(handling.other_hold_ms)),
        legs=tuple(leg(found, zone) for found in legs),
    )


def leg(found: Interruption, zone: ZoneInfo) -> Leg:
    """Write one interruption with the conversation that caused it."""
    cause = found.interrupter
    return Leg(
        started=write.to_the_second(found.started_at, zone),
        ended=write.to_the_second(found.ended_at, zone),
        took=write.handle_time(_seconds(found.started_at, found.ended_at)),
        cause_id=cause.genesys_id,
        cause=f"{media_name(cause.media_type)} {write.short_id(cause.genesys_id)}",
        provisional=found.provisional,
    )


def _seconds(start: datetime, end: datetime) -> int:
    return write.seconds_of((end - start) / MILLISECOND)
