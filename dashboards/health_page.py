"""Whether everything is read and worked through, as a page for people."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from dashboards import format as write
from dashboards import health_destinations
from dashboards import health_words as words
from dashboards.health_parts import CSS, WORDS, Moment, Reader, Row, link_to
from dashboards.timeline import mark_of
from integrations.extensions.failing import Failing
from integrations.health import (
    Backlog,
    Channel,
    Gap,
    Health,
    Road,
    Sender,
    State,
    Sweep,
)

LISTENING: Final[Mapping[State, str]] = {State.OK: "Listening", State.LATE: "Unusually quiet"}
POLL: Final = "genesys.poll"


@dataclass(frozen=True, slots=True)
class Tile:
    css: str
    value: str = field(repr=False)
    label: str
    fact: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole page. minute makes its mark another once a minute: ages grow by themselves."""

    minute: datetime
    tiles: tuple[Tile, ...]
    roads: tuple[Row, ...]
    backlogs: tuple[Row, ...]
    senders: tuple[Row, ...]
    destinations: tuple[Row, ...]
    handlers: tuple[Row, ...]
    channels: tuple[Row, ...]
    topics: str
    rejected: tuple[tuple[str, str], ...]
    gaps: tuple[Row, ...]
    sweeps: tuple[Row, ...]

    @property
    def mark(self) -> str:
        return mark_of(self)


def page(seen: Health, reader: Reader) -> Page:
    """Write the page."""
    return Page(
        minute=seen.at.replace(second=0, microsecond=0),
        tiles=tuple(_tiles(seen, reader)),
        roads=tuple(_road(road, reader) for road in sorted(seen.roads, key=words.order)),
        backlogs=tuple(_backlog(backlog, seen, reader) for backlog in seen.backlogs),
        senders=tuple(_sender(sender, reader) for sender in seen.senders),
        destinations=tuple(health_destinations.row(one, reader) for one in seen.destinations),
        handlers=tuple(_handler(one, reader) for one in seen.handlers),
        channels=tuple(_channel(channel, reader) for channel in seen.channels),
        topics=", ".join(f"{write.count(many)} {word}" for word, many in seen.topics.counts),
        rejected=seen.topics.rejected,
        gaps=tuple(_gap(gap, seen, reader) for gap in seen.gaps),
        sweeps=tuple(_sweep(sweep, reader) for sweep in seen.sweeps),
    )


def _tiles(seen: Health, reader: Reader) -> Iterator[Tile]:
    poll = next((road for road in seen.roads if road.road == POLL), None)
    if poll and poll.succeeded_at:
        age = write.span(max(reader.now - poll.succeeded_at, timedelta()))
        target = f"polled every {write.span(poll.every)}" if poll.every else ""
        yield Tile(CSS[poll.state], age, "Data age", target)
    else:
        yield Tile(CSS[State.NEVER], write.NOTHING, "Data age", "nothing was read yet")
    for state in (State.FAILING, State.LATE):
        many = seen.states.count(state)
        yield Tile(CSS[state] if many else "", str(many), WORDS[state], "")
    gaps = [gap.start for gap in seen.gaps if gap.filled_at is None]
    fact = f"oldest since {reader.moment(min(gaps)).text}" if gaps else ""
    yield Tile(CSS[State.LATE] if gaps else "", str(len(gaps)), "Gaps open", fact)
    for backlog in seen.backlogs[:1]:
        oldest = f"oldest {reader.moment(backlog.oldest).age}" if backlog.oldest else ""
        css = CSS[backlog.state] if backlog.state is not State.OK else ""
        yield Tile(css, write.count(backlog.waiting), "Inbox waiting", oldest)


def _road(road: Road, reader: Reader) -> Row:
    told = words.road(road.road)
    return Row(
        name=told.name,
        purpose=told.purpose,
        css=CSS[road.state],
        word=WORDS[road.state],
        moments=(reader.moment(road.succeeded_at), reader.moment(road.read_to)),
        detail=_detail(road, reader),
        advice=_advice(road, told),
    )


def _detail(road: Road, reader: Reader) -> str:
    running = "; a run is under way" if road.running else ""
    if road.failing_since:
        return f"failing since {reader.moment(road.failing_since).text}: {road.detail}{running}"
    return f"{road.detail}{running}"


def _advice(road: Road, told: words.Words) -> str:
    """Say what a fault costs, what happens by itself, and what to do."""
    again = f"It is tried again every {write.span(road.every)}. " if road.every else ""
    if road.state is State.FAILING:
        return (
            f"{told.meanwhile} {again}Mend what the reason names; manage.py genesys_doctor helps."
        )
    if road.state is State.LATE:
        return f"{told.meanwhile} {told.runs}"
    return ""


def _backlog(backlog: Backlog, seen: Health, reader: Reader) -> Row:
    told = words.BACKLOGS[backlog.name]
    word, view, query = words.SET_ASIDE[backlog.name]
    return Row(
        name=told.name,
        purpose=told.purpose,
        css=CSS[backlog.state],
        word=WORDS[backlog.state] if backlog.state is not State.FAILING else "Stuck",
        moments=(reader.moment(backlog.oldest),),
        counts=(write.count(backlog.waiting),),
        advice=_why(backlog, seen) if backlog.state is not State.OK else "",
        link=link_to(view, query) if backlog.set_aside and reader.staff else "",
        link_text=f"{write.count(backlog.set_aside)} {word}" if backlog.set_aside else "",
    )


def _why(backlog: Backlog, seen: Health) -> str:
    """Say what to do about a backlog: where its task runs and fails, that is why."""
    task = words.WORKED_OFF_BY[backlog.name]
    failing = next((one for one in seen.sweeps if one.task == task and one.error), None)
    return _fails(failing) if failing else words.BACKLOGS[backlog.name].meanwhile


def _fails(sweep: Sweep) -> str:
    return f"{sweep.task} fails: {sweep.error}. The workers' log says where."


def _sender(sender: Sender, reader: Reader) -> Row:
    _, view, query = words.SET_ASIDE["inbox"]
    many = sender.quarantined
    return Row(
        name=sender.name,
        purpose=sender.kind,
        css="on-track" if sender.active else "paused",
        word="On" if sender.active else "Off",
        moments=(reader.moment(sender.last_received_at),),
        counts=(write.count(sender.waiting),),
        link=link_to(view, query) if many and reader.staff else "",
        link_text=write.count(many),
    )


def _handler(one: Failing, reader: Reader) -> Row:
    view = "admin:conversations_handlerfailure_changelist"
    return Row(
        name=one.name,
        css=CSS[State.FAILING],
        word=WORDS[State.FAILING],
        moments=(reader.moment(one.since), reader.moment(one.failed_at)),
        counts=(write.count(one.failures),),
        detail=f"{one.error} at {one.place}" if one.place else one.error,
        link=link_to(view, "") if reader.staff else "",
        link_text="Admin",
    )


def _channel(channel: Channel, reader: Reader) -> Row:
    return Row(
        name=channel.listener,
        purpose=f"channel {channel.genesys_id}",
        css=CSS[channel.state],
        word=LISTENING.get(channel.state, "Not connected"),
        moments=tuple(map(reader.moment, (channel.opened_at, channel.heard_at, channel.event_at))),
        counts=(write.count(channel.topics),),
        detail=channel.detail if channel.state is not State.OK else "",
    )


def _gap(gap: Gap, seen: Health, reader: Reader) -> Row:
    every = next((road.every for road in seen.roads if road.road == gap.road), None)
    open_ = gap.filled_at is None
    again = f"tried every {write.span(every)}" if every and open_ else ""
    return Row(
        name=words.road(gap.road).name,
        css=CSS[State.LATE if open_ else State.OK],
        word="Filled by the next success" if open_ else "Filled",
        moments=(reader.moment(gap.start), reader.moment(gap.end)),
        detail=gap.reason or "no run has succeeded since",
        advice=again if open_ else f"at {reader.moment(gap.filled_at).text}",
    )


def _sweep(sweep: Sweep, reader: Reader) -> Row:
    return Row(
        name=sweep.task,
        css=CSS[sweep.state],
        word=WORDS[sweep.state],
        moments=(reader.moment(sweep.ran_at),),
        counts=(write.span(sweep.every),),
        advice=_fails(sweep) if sweep.error else "",
    )


__all__ = ["Moment", "Page", "Reader", "Row", "Tile", "page"]
