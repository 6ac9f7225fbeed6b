"""The SLA report as plain values: how many promises were kept, and the waits behind each number."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet

from dashboards import choices, names
from dashboards import format as write
from dashboards.agent_tiles import Tile
from dashboards.choices import Choice
from dashboards.report import reading
from dashboards.report.query import GROUPS, KINDS, RESULTS, Query
from dashboards.report.reading import LISTED, MS, Sums
from dashboards.zones import of_centre
from sla.models import Policy, Wait

SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the table. key is what the URL says to see its waits."""

    name: str
    key: str
    met_share: str
    met_of: str
    breached: str
    used: str
    paused: str
    closed: str
    sums: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """One wait that is over."""

    genesys_id: str
    short_id: str
    kind: str
    css: str
    word: str
    queue: str
    user_id: str
    agent: str
    policy: str
    ended: str
    used: str
    target: str
    late: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    query: Query
    tiles: tuple[Tile, ...]
    lines: tuple[Line, ...]
    total: Line | None
    overs: tuple[Over, ...]
    more: bool
    group: str
    caption: str
    days: str
    zone_name: str
    groups: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    results: tuple[Choice, ...]
    queues: tuple[Choice, ...]
    agents: tuple[Choice, ...]
    policies: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Names of what waits are of."""

    queues: Mapping[str, str]
    agents: Mapping[str, str]
    policies: Mapping[str, str]

    def named(self, by: str, key: Any) -> str:
        match by:
            case "day":
                return write.day(key)
            case "policy":
                return self.policies.get(str(key), "")
            case "agent":
                return names.named(key, self.agents) if key else "nobody: it ended unanswered"
            case _:
                return names.named(key, self.queues) if key else "no queue"


def page(query: Query, *, now: datetime, zone: ZoneInfo) -> Page:
    """Read the page. Days are the centre's; instants are shown in the reader's zone."""
    found = reading.groups(query)
    listed = reading.waits(query, limit=LISTED + 1) if query.lists_waits else []
    known = _known(query, found, listed)
    total = sum(found.values(), start=Sums())
    lines = tuple(line(known.named(query.by, key), key, sums) for key, sums in found.items())
    return Page(
        query=query,
        tiles=tuple(tiles(total, reading.still_breached(query, now=now))),
        lines=lines if query.by == "day" else tuple(sorted(lines, key=_worst)),
        total=line("Total", "", total) if len(lines) > 1 else None,
        overs=tuple(over(wait, known, now=now, zone=zone) for wait in listed[:LISTED]),
        more=len(listed) > LISTED,
        group=GROUPS[query.by][0],
        caption=f"{write.plural(total.waits, 'wait')} that ended {_days(query)}",
        days=_days(query),
        zone_name=of_centre().key,
        groups=choices.among({name: label for name, (label, _) in GROUPS.items()}, query.by),
        kinds=choices.among(KINDS, query.kind),
        results=choices.among(RESULTS, query.result),
        queues=choices.among(known.queues, query.queue),
        agents=choices.among(known.agents, query.agent),
        policies=choices.among(known.policies, query.policy),
    )


def tiles(total: Sums, still_breached: int) -> Iterator[Tile]:
    """Tell the share of promises kept, and what it leaves out."""
    of = f"{write.count(total.met)} of {write.count(total.waits)}"
    yield Tile(write.percent(total.met, total.waits), "Met", of if total.waits else "no waits")
    share = write.percent(total.breached, total.waits)
    yield Tile(write.count(total.breached), "Breached", share if total.waits else "")
    yield Tile(_mean(total.used_ms, total.waits), "Mean time used", "as its policy measures")
    yield Tile(_mean(total.paused_ms, total.waits), "Mean time paused", "by the clock on the wall")
    yield Tile(_mean(total.closed_ms, total.waits), "Mean time closed", "nothing else held it up")
    yield Tile(write.count(still_breached), "Breached and not over", "not counted here yet")


def line(name: str, key: Any, sums: Sums) -> Line:
    """Write one group as a row."""
    return Line(
        name=name,
        key=str(key),
        met_share=write.percent(sums.met, sums.waits),
        met_of=f"{write.count(sums.met)} of {write.count(sums.waits)}",
        breached=write.count(sums.breached),
        used=_mean(sums.used_ms, sums.waits),
        paused=_mean(sums.paused_ms, sums.waits),
        closed=_mean(sums.closed_ms, sums.waits),
        sums=sums,
    )


def over(wait: Wait, known: Known, *, now: datetime, zone: ZoneInfo) -> Over:
    """Write one wait."""
    used, target = wait.elapsed_ms * MS, wait.target_s * SECOND
    return Over(
        genesys_id=wait.conversation.genesys_id,
        short_id=write.short_id(wait.conversation.genesys_id),
        kind=KINDS[wait.kind],
        css="on-track" if wait.met else "breached",
        word="Met" if wait.met else "Breached",
        queue=known.named("queue", wait.queue_id),
        user_id=wait.user_id,
        agent=known.named("agent", wait.user_id),
        policy=wait.policy.name,
        ended=write.wall(wait.ended_at, now=now, zone=zone),
        used=f"{write.hours_minutes(used)} h",
        target=f"{write.hours_minutes(target)} h",
        late="" if wait.met else f"{write.span(used - target)} late",
    )


CSV_HEAD: Final = (
    *("group", "id", "waits", "met", "breached", "met_percent"),
    *("used_total_s", "paused_total_s", "closed_total_s"),
)
WAITS_HEAD: Final = (
    *("conversation_id", "clock", "result", "started_at_utc", "ended_at_utc", "ended_at_local"),
    *("used_s", "target_s", "paused_s", "queue", "queue_id", "agent", "agent_id", "policy"),
)


def csv_rows(shown: Page) -> Iterator[tuple[object, ...]]:
    """Yield the table as values, times in whole seconds; empty where there is no share."""
    yield CSV_HEAD
    for row in shown.lines:
        sums = row.sums
        yield (
            row.name,
            row.key,
            sums.waits,
            sums.met,
            sums.breached,
            round(100 * sums.met / sums.waits, 2) if sums.waits else "",
            *map(write.seconds_of, (sums.used_ms, sums.paused_ms, sums.closed_ms)),
        )


def csv_waits(query: Query) -> Iterator[tuple[object, ...]]:
    """Yield every wait that a query keeps as values."""
    listed, zone = reading.waits(query, limit=None), of_centre()
    known = _known(query, {}, listed)
    yield WAITS_HEAD
    for wait in listed:
        yield (
            wait.conversation.genesys_id,
            wait.kind,
            "met" if wait.met else "breached",
            wait.started_at.astimezone(UTC).isoformat(),
            wait.ended_at.astimezone(UTC).isoformat(),
            wait.ended_at.astimezone(zone).isoformat(),
            write.seconds_of(wait.elapsed_ms),
            wait.target_s,
            write.seconds_of(wait.paused_ms),
            known.named("queue", wait.queue_id),
            wait.queue_id,
            names.named(wait.user_id, known.agents) if wait.user_id else "",
            wait.user_id,
            wait.policy.name,
        )


def _worst(row: Line) -> tuple[float, int, str]:
    return row.sums.met / row.sums.waits, -row.sums.waits, row.name.casefold()


def _known(query: Query, found: Mapping[Any, Sums], listed: Sequence[Wait]) -> Known:
    """Read the names of what is shown, and of what can be chosen."""
    groups = set(found)
    queues = {wait.queue_id for wait in listed} | (groups if query.by == "queue" else set())
    agents = {wait.user_id for wait in listed} | (groups if query.by == "agent" else set())
    return Known(
        queues=_ordered(queues | {query.queue}, names.of_queues),
        agents=_ordered(agents | {query.agent}, names.of_agents),
        policies={str(pk): name for pk, name in _policies(query).values_list("pk", "name")},
    )


def _policies(query: Query) -> QuerySet[Policy]:
    """Return the policies that can be chosen: those that waits went by, and the chosen one."""
    counted = Q(Exists(Wait.objects.filter(policy=OuterRef("pk"))))
    kept = counted | Q(pk=query.policy) if query.policy else counted
    return Policy.objects.filter(kept).order_by("name")


def _ordered(ids: set[str], read: Any) -> dict[str, str]:
    known = read(ids)
    every = {i: names.named(i, known) for i in ids - {""}}
    return dict(sorted(every.items(), key=lambda one: (one[1].casefold(), one[0])))


def _mean(milliseconds: int, count: int) -> str:
    return f"{write.hours_minutes(milliseconds // count * MS)} h" if count else write.NOTHING


def _days(query: Query) -> str:
    return write.days(query.start, query.end)
