"""The escalations page as plain values: tiles, filters, a page of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from conversations.presence import away
from dashboards import choices, names
from dashboards import format as write
from dashboards.board import Amount, Setting
from dashboards.board_page import agent_ids
from dashboards.choices import Choice
from dashboards.clocks import activities
from dashboards.escalations import reading
from dashboards.escalations.query import LEVELS, MINE, NOBODYS, STATES, Query
from dashboards.escalations.reading import Around
from dashboards.escalations.rows import Row, clock_of, row, urgency
from dashboards.opening_hours import by_calendar
from dashboards.timeline import mark_of
from sla.alerts import name_of
from sla.models import Alert

PAGE_SIZE: Final = 100
AN_HOUR_S: Final = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A number to look at. filter is what the URL says to show just these, or empty."""

    name: str
    css: str
    value: str
    label: str
    before: str = ""
    amount: Amount | None = None
    filter: Mapping[str, str]
    chosen: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, when, and in which zone."""

    pk: int
    now: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole page. Two with one mark look the same once their amounts have ticked."""

    tiles: tuple[Tile, ...]
    rows: tuple[Row, ...]
    caption: str
    empty: str
    states: tuple[Choice, ...]
    levels: tuple[Choice, ...]
    queues: tuple[Choice, ...]
    owners: tuple[Choice, ...]
    people: tuple[Choice, ...]
    query: Query
    pages: int

    @property
    def page_numbers(self) -> range:
        return range(1, self.pages + 1)

    @property
    def mark(self) -> str:
        return mark_of(self.tiles, self.rows, self.caption, self.empty, self.people)


def page(query: Query, reader: Reader) -> Page:
    """Read the page: a fixed number of queries, however many rows."""
    standing = reading.standing()
    around = reading.around(standing)
    every = reading.closed(now=reader.now) if query.state == Alert.State.CLOSED else standing
    beside = reading.around(every) if every is not standing else around
    kept = [alert for alert in every if _is_kept(alert, beside, query, reader)]
    pages = max(-(-len(kept) // PAGE_SIZE), 1)
    query = replace(query, page=min(query.page, pages))
    first = (query.page - 1) * PAGE_SIZE
    if query.state != Alert.State.CLOSED:
        kept.sort(key=urgency)
    shown = kept[first : first + PAGE_SIZE]
    people = reading.assignable()
    setting = setting_of(shown, beside, reader)
    return Page(
        tiles=tuple(tiles(standing, around, query, reader)),
        rows=tuple(row(alert, beside, setting) for alert in shown),
        caption=_caption(len(kept), len(every), query),
        empty=_empty(query, standing),
        states=choices.among(STATES, query.state),
        levels=choices.among(LEVELS, query.level),
        queues=_queues(every, query),
        owners=choices.among(
            {MINE: "Me", NOBODYS: "Nobody", **{str(u.pk): name_of(u) for u in people}}, query.owner
        ),
        people=choices.among({str(user.pk): name_of(user) for user in people}, ""),
        query=query,
        pages=pages,
    )


def setting_of(alerts: Sequence[Alert], around: Around, reader: Reader) -> Setting:
    """Read what all rows share."""
    conversations = [alert.conversation for alert in alerts]
    clocks = [clock for alert in alerts if (clock := clock_of(alert, around))]
    users = agent_ids(clocks) | {of.user_id for of in conversations} - {""}
    named = users | around.agents
    return Setting(
        now=reader.now,
        zone=reader.zone,
        hours=by_calendar({clock.hours for clock in clocks}),
        held=activities(),
        queues=names.of_queues(of.queue_id for of in conversations),
        agents=names.of_agents(named),
        away=away(users, reader.now),
    )


def tiles(
    standing: Sequence[Alert], around: Around, query: Query, reader: Reader
) -> Sequence[Tile]:
    """Count what stands, and tell the one fact that matters most of each."""
    of = {state: [a for a in standing if a.state == state] for state in STATES}
    opened = min((a.opened_at for a in of[Alert.State.OPEN]), default=None)
    wakes = min((a.snoozed_until for a in of[Alert.State.SNOOZED] if a.snoozed_until), default=None)
    failing = [alert for alert in standing if around.fails(alert)]
    took = reading.seconds_to_acknowledge(now=reader.now)
    wall = write.wall(wakes, now=reader.now, zone=reader.zone) if wakes else ""
    oldest = _since(opened, reader.now) if opened else None
    return (
        _counted(
            Alert.State.OPEN, of, query, Fact("breached", "oldest " if opened else "", oldest)
        ),
        _counted(Alert.State.ACKNOWLEDGED, of, query, Fact()),
        _counted(Alert.State.SNOOZED, of, query, Fact("paused", wall and f"next wakes {wall}")),
        Tile(
            name="median",
            css="",
            value=_median(took),
            label="Median time to acknowledge",
            before="7 days",
            filter={},
            chosen=False,
        ),
        Tile(
            name="failing",
            css="due-soon" if failing else "",
            value=write.count(len(failing)),
            label="Delivery failing",
            before=_failing_fact(failing, around),
            filter={"failing": "1"},
            chosen=query.failing,
        ),
    )


def _is_kept(alert: Alert, around: Around, query: Query, reader: Reader) -> bool:
    in_state = query.state in {"", alert.state}
    return in_state and query.keeps(alert, reader=reader.pk, failing=around.fails(alert))


class Fact(NamedTuple):
    """What a tile looks like, and the one fact beside its count."""

    css: str = ""
    before: str = ""
    amount: Amount | None = None


def _counted(state: str, of: Mapping[str, Sequence[Alert]], query: Query, fact: Fact) -> Tile:
    count = len(of[state])
    return Tile(
        name=state,
        css=fact.css if count else "",
        value=write.count(count),
        label=STATES[state],
        before=fact.before,
        amount=fact.amount,
        filter={"state": state},
        chosen=query.state == state,
    )


def _median(seconds: int | None) -> str:
    """Write a time with its unit, since hours and minutes stand beside it: 18:03 min."""
    if seconds is None:
        return write.NOTHING
    return f"{write.handle_time(seconds)} {'min' if seconds < AN_HOUR_S else 'h'}"


def _since(at: datetime, now: datetime) -> Amount:
    length = now - at
    return Amount(write.hours_minutes(length), int(length.total_seconds()), 1)


def _failing_fact(failing: Sequence[Alert], around: Around) -> str:
    """Name the first that fails, and why."""
    for alert in failing:
        for one in around.failures(alert):
            return f"{one.destination}: {one.status or one.failing}"
    return failing[0].flagged if failing else ""


def _caption(shown: int, every: int, query: Query) -> str:
    if query.state == Alert.State.CLOSED:
        told = f"{write.plural(every, 'escalation')} closed in the last 7 days"
        return told if shown == every else f"{write.count(shown)} of {told}"
    told = write.plural(every, "open escalation")
    return told if shown == every else f"{write.count(shown)} of {told}"


def _empty(query: Query, standing: Sequence[Alert]) -> str:
    """Say why no row is shown, and what to do."""
    if query.state == Alert.State.CLOSED:
        return "No escalation was closed in the last 7 days that matches this filter."
    if standing:
        return "No escalation matches this filter. Reset it to see all of them."
    return (
        "Nothing is escalated. Conversations appear here when a warning or a target of their "
        "policy is reached; the SLA board shows which are next."
    )


def _queues(alerts: Sequence[Alert], query: Query) -> tuple[Choice, ...]:
    ids = {alert.conversation.queue_id for alert in alerts}
    return choices.by_name(ids, names.of_queues(ids | {query.queue}), query.queue)
