"""An agent's presence and routing status as people read them: names, bars, rows, shares. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final
from zoneinfo import ZoneInfo

from chrono.spans import Span, Spans
from conversations.domain.presence import OFFLINE, PRESENCE, ROUTING, Away, State
from dashboards import format as write
from dashboards.agent_tiles import Tile
from dashboards.timeline import Kind, Part

LANES: Final[Mapping[str, str]] = {PRESENCE: "Presence", ROUTING: "Routing"}
ON_QUEUE: Final = "ON_QUEUE"
CSS: Final[Mapping[str, str]] = {
    "ON_QUEUE": "r-there",
    "AVAILABLE": "r-quiet",
    "OFFLINE": "r-gone",
    "BREAK": "r-resting",
    "MEAL": "r-resting",
    "AWAY": "r-resting",
    "OFF_QUEUE": "r-gone",
    "INTERACTING": "r-busy",
    "COMMUNICATING": "r-quiet",
    "NOT_RESPONDING": "r-alarm",
}
CSS_BY_KIND: Final[Mapping[tuple[str, str], str]] = {
    (PRESENCE, "IDLE"): "r-resting",
    (ROUTING, "IDLE"): "r-there",
}
OTHER_CSS: Final = "r-busy"  # Busy, Meeting, Training: something else than the queues


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One state as a row of the table."""

    anchor: str
    started_at: datetime
    started: str
    took: str = field(repr=False)
    lasts: bool
    kind: str
    value: str


def name(value: str) -> str:
    """Write a presence or a status as people say it: On queue."""
    return value.replace("_", " ").capitalize()


def clipped(states: Iterable[State], whole: Span, *, now: datetime) -> list[State]:
    """Return what lies in a span and is no later than now; what lasts then has no end."""
    edge = min(whole.end, max(now, whole.start))
    found = []
    for state in states:
        start, end = max(state.started_at, whole.start), min(state.ended_at or edge, edge)
        if start < end:
            lasts = state.ended_at is None and edge < whole.end
            found.append(state._replace(started_at=start, ended_at=None if lasts else end))
    return found


def at_work(states: Iterable[State], *, now: datetime) -> list[Span]:
    """Return when an agent was not offline."""
    return [
        Span(s.started_at, s.ended_at or now)
        for s in states
        if s.kind == PRESENCE and s.value != OFFLINE
    ]


def parts(
    states: Iterable[State], lanes: Sequence[str], *, within: Span, zone: ZoneInfo, now: datetime
) -> Iterator[Part]:
    """Yield states as bars, as far as they lie on the axis; lanes are kinds, from above."""
    for state in states:
        end = state.ended_at or now
        if end > within.start and state.started_at < within.end:
            told = line(state, zone=zone, now=now)
            until = "now" if told.lasts else write.to_the_second(end, zone)
            css = CSS_BY_KIND.get((state.kind, state.value)) or CSS.get(state.value, OTHER_CSS)
            yield Part(
                lane=lanes.index(state.kind),
                kind=Kind.OTHER,
                media_type="",
                started_at=max(state.started_at, within.start),
                ended_at=None if told.lasts else min(end, within.end),
                label=f"{told.kind}: {told.value}, {told.started} to {until}, {told.took}",
                href=f"#{told.anchor}",
                css=css,
                name=told.value,
            )


def lines(states: Iterable[State], *, zone: ZoneInfo, now: datetime) -> tuple[Line, ...]:
    """Return states as rows of the table, the oldest first."""
    ordered = sorted(states, key=attrgetter("started_at", "kind"))
    return tuple(line(state, zone=zone, now=now) for state in ordered)


def line(state: State, *, zone: ZoneInfo, now: datetime) -> Line:
    """Return a state as a row of the table."""
    length = (state.ended_at or now) - state.started_at
    return Line(
        anchor=f"{state.kind}-{int(state.started_at.timestamp() * 1000)}",
        started_at=state.started_at,
        started=write.to_the_second(state.started_at, zone),
        took=write.handle_time(length // timedelta(seconds=1)),
        lasts=state.ended_at is None,
        kind=LANES[state.kind],
        value=name(state.value),
    )


def tile(states: Iterable[State], *, now: datetime) -> Tile | None:
    """Tell how much of the time at work was on queue; None where presence is not known."""
    presence = [state for state in states if state.kind == PRESENCE]
    there = Spans.of(at_work(presence, now=now)).total
    if not there:
        return None
    on_queue = [state for state in presence if state.value == ON_QUEUE]
    queued = Spans.of(at_work(on_queue, now=now)).total
    share = write.percent(queued // timedelta(seconds=1), there // timedelta(seconds=1))
    fact = f"{write.hours_minutes(queued)} h of {write.hours_minutes(there)} h at work"
    return Tile(share, "On queue", fact)


def in_words(away: Away, *, now: datetime, zone: ZoneInfo) -> str:
    """Say that an agent is away, and since when: offline since 17:32."""
    return f"{name(away.value).lower()} since {write.wall(away.since, now=now, zone=zone)}"


def at_present(
    presence: State | None, routing: State | None, *, now: datetime, zone: ZoneInfo
) -> str:
    """Say what an agent is now: On queue, interacting since 14:02."""
    if presence is None:
        return write.NOTHING
    told, since = name(presence.value), presence.started_at
    if presence.value == ON_QUEUE and routing:
        told, since = f"{told}, {name(routing.value).lower()}", routing.started_at
    return f"{told} since {write.wall(since, now=now, zone=zone)}"
