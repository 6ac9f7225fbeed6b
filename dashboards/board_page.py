"""The SLA board as one page: filter, tiles, a page of rows, and the same as CSV."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from conversations.presence import away
from dashboards import board, choices, names
from dashboards import format as write
from dashboards.board import ORDER, WORDS, Amount, Escalated, Judged, Row, Setting, State
from dashboards.choices import Choice
from dashboards.clocks import Standing, activities, standing
from dashboards.numbers import page_of
from dashboards.opening_hours import by_calendar
from dashboards.timeline import mark_of
from sla.domain.words import users_in
from sla.models import Clock

PAGE_SIZE: Final = 100


@dataclass(frozen=True, slots=True)
class Query:
    """The board's filter, as its URL tells it; empty means all."""

    queue: str = ""
    channel: str = ""
    agent: str = ""
    state: str = ""
    page: int = 1

    @classmethod
    def of(cls, told: Mapping[str, str]) -> "Query":
        """Read a query string; what cannot be meant is taken as not said."""
        state = told.get("state", "")
        return cls(
            queue=told.get("queue", ""),
            channel=told.get("channel", ""),
            agent=told.get("agent", ""),
            state=state if state in ORDER else "",
            page=page_of(told.get("page", "")),
        )

    def keeps(self, clock: Standing) -> bool:
        return (
            self.queue in {"", clock.queue_id}
            and self.channel in {"", clock.media_type}
            and self.agent in {"", clock.user_id}
        )


@dataclass(frozen=True, slots=True)
class Tile:
    state: State
    word: str
    count: int
    before: str
    amount: Amount | None
    after: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole board. Two pages with one mark look the same once their amounts have ticked."""

    tiles: tuple[Tile, ...]
    rows: tuple[Row, ...]
    caption: str
    empty: str
    queues: tuple[Choice, ...]
    channels: tuple[Choice, ...]
    agents: tuple[Choice, ...]
    query: Query
    pages: int

    @property
    def page_numbers(self) -> range:
        return range(1, self.pages + 1)

    @property
    def mark(self) -> str:
        return mark_of(self.tiles, self.rows, self.caption, self.empty)


def page(
    query: Query,
    *,
    now: datetime,
    zone: ZoneInfo,
    escalated: Mapping[int, Escalated] | None = None,
) -> Page:
    """Read the board: a constant number of queries, however many rows."""
    clocks = standing()
    queues = names.of_queues(clock.queue_id for clock in clocks)
    agents = names.of_agents(agent_ids(clocks))
    kept = [clock for clock in clocks if query.keeps(clock)]
    setting = replace(_setting(kept, queues, agents, now=now, zone=zone), escalated=escalated or {})
    every = board.judged(kept, setting)
    shown = [one for one in every if query.state in {"", one.seen.state}]
    pages = max(-(-len(shown) // PAGE_SIZE), 1)
    first = (min(query.page, pages) - 1) * PAGE_SIZE
    return Page(
        tiles=tuple(tile(state, every, query, setting) for state in ORDER),
        rows=tuple(board.row(one, setting) for one in shown[first : first + PAGE_SIZE]),
        caption=_caption(len(shown), len(every)),
        empty=_empty(clocks, every),
        queues=choices.by_name({c.queue_id for c in clocks}, queues, query.queue),
        channels=choices.channels({c.media_type for c in clocks}, query.channel),
        agents=choices.by_name({c.user_id for c in clocks}, agents, query.agent),
        query=replace(query, page=min(query.page, pages)),
        pages=pages,
    )


def every_row(query: Query, *, now: datetime, zone: ZoneInfo) -> list[Row]:
    """Read all rows that a filter keeps, on no page: what an export holds."""
    kept = [clock for clock in standing() if query.keeps(clock)]
    queues = names.of_queues(clock.queue_id for clock in kept)
    agents = names.of_agents(agent_ids(kept))
    setting = _setting(kept, queues, agents, now=now, zone=zone)
    found = board.judged(kept, setting)
    return [board.row(one, setting) for one in found if query.state in {"", one.seen.state}]


def agent_ids(clocks: Iterable[Standing]) -> set[str]:
    """Return the ids of all agents whom the board names."""
    return {
        user_id
        for clock in clocks
        for told in (clock.reason, clock.forgotten.reason if clock.forgotten else "")
        for user_id in (clock.user_id, *users_in(told))
    }


CSV_HEAD: Final = (
    "state",
    "business_s_left",
    "due_at_utc",
    "due_at_local",
    "elapsed_business_s",
    "target_s",
    "why",
    "queue",
    "queue_id",
    "channel",
    "agent",
    "agent_id",
    "agent_activity",
    "agent_away",
    "conversation_id",
    "clock",
    "policy",
)


def csv_rows(rows: Iterable[Row], zone: ZoneInfo) -> Iterator[tuple[object, ...]]:
    """Yield the board as values: seconds as integers, instants in UTC and in the zone."""
    yield CSV_HEAD
    for row in rows:
        yield (
            row.state,
            row.due.seconds if row.due else "",
            row.due_at.astimezone(UTC).isoformat() if row.due_at else "",
            row.due_at.astimezone(zone).isoformat() if row.due_at else "",
            "" if row.elapsed_s is None else row.elapsed_s,
            row.target_s,
            str(row.why),
            row.queue,
            row.queue_id,
            row.media_type,
            row.agent,
            row.user_id,
            row.activity,
            row.away,
            row.genesys_id,
            row.clock,
            row.policy,
        )


def tile(state: State, every: list[Judged], query: Query, setting: Setting) -> Tile:
    """Count the rows of a state, and tell the one fact that matters most about them."""
    of_state = [one for one in every if one.seen.state is state]
    before, amount, after = _fact(state, of_state, setting)
    return Tile(
        state, WORDS[state], len(of_state), before, amount, after, chosen=query.state == state
    )


def _fact(state: State, of_state: list[Judged], setting: Setting) -> tuple[str, Amount | None, str]:
    if not of_state:
        return "", None, ""
    if state is State.PAUSED:
        answered = sum(one.clock.state == Clock.State.PAUSED for one in of_state)
        closed = len(of_state) - answered
        return f"{answered} answered" + (f", {closed} closed" if closed else ""), None, ""
    first = board.row(of_state[0], setting)
    if state is State.FORGOTTEN:
        return "longest ", first.why.amount, " h"
    return "oldest " if state is State.BREACHED else "next in ", first.due, ""


def _setting(
    clocks: list[Standing],
    queues: Mapping[str, str],
    agents: Mapping[str, str],
    *,
    now: datetime,
    zone: ZoneInfo,
) -> Setting:
    return Setting(
        now=now,
        zone=zone,
        hours=by_calendar({clock.hours for clock in clocks}),
        held=activities(),
        queues=queues,
        agents=agents,
        away=away({clock.user_id for clock in clocks} - {""}, now),
    )


def _caption(shown: int, every: int) -> str:
    told = write.plural(every, "open conversation")
    return told if shown == every else f"{write.count(shown)} of {told}"


def _empty(clocks: list[Standing], kept: list[Judged]) -> str:
    """Say why no row is shown, and what to do."""
    if kept:
        return "No conversation is in this state. Choose another tile, or the same one again."
    if clocks:
        return "No open conversation matches this filter. Reset it to see all of them."
    return (
        "No customer is waiting on a clock. Conversations appear here when a policy matches "
        "them; the first poll of Genesys Cloud runs within a minute of the start."
    )
