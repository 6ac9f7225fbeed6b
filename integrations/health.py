"""How each way in does: what is read, what waits, what is missing. Reads rows, writes none."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Count, F, Min, Q, QuerySet, Sum

from conversations.models import Change
from integrations import gaps, heartbeat, selectors
from integrations.extensions.failing import Failing, failing
from integrations.models import (
    Delivery,
    InboxItem,
    NotificationChannel,
    NotificationTopic,
    Source,
    Wanted,
)
from integrations.models import Destination as DestinationRow
from integrations.outbox.alerts import TOPICS
from integrations.outbox.health import Destination, destinations
from integrations.services import MOST_FAILURES
from integrations.states import BACKLOG_LATE, BACKLOG_STUCK, State, judged
from sla import firing, recomputing

# Processes of their own, without a schedule: while they work they say so every minute or so.
PROCESSES: Final = frozenset({"genesys.notifications", "eventbridge.sqs"})
UNHEARD: Final = timedelta(minutes=5)
SILENT: Final = timedelta(seconds=90)  # a channel has a heartbeat every half a minute
MOST_TOPICS: Final = 20


class Road(NamedTuple):
    """A road that is read. every is how often, where a schedule says so."""

    road: str
    state: State
    every: timedelta | None
    read_to: datetime | None
    succeeded_at: datetime | None
    failing_since: datetime | None
    running: bool
    detail: str


class Sender(NamedTuple):
    """Somebody who sends us events."""

    name: str
    kind: str
    active: bool
    last_received_at: datetime | None
    waiting: int
    quarantined: int


class Backlog(NamedTuple):
    """Rows that wait to be worked through; set_aside waits for an administrator."""

    name: str
    state: State
    waiting: int
    oldest: datetime | None
    set_aside: int


class Channel(NamedTuple):
    """A WebSocket channel that a listener holds."""

    genesys_id: str
    state: State
    listener: str
    opened_at: datetime
    heard_at: datetime | None
    event_at: datetime | None
    topics: int
    detail: str


class Topics(NamedTuple):
    """How many topics are in which state, by its words, and why some are rejected."""

    counts: tuple[tuple[str, int], ...]
    rejected: tuple[tuple[str, str], ...]


class Sweep(NamedTuple):
    """A task that the schedule repeats. error: the kind by which its last run ended, or ""."""

    task: str
    state: State
    every: timedelta
    ran_at: datetime | None
    error: str = ""


class Gap(NamedTuple):
    """A time of which a road lacked something. end is None where it grows still."""

    road: str
    start: datetime
    end: datetime | None
    reason: str
    filled_at: datetime | None = None


class Health(NamedTuple):
    """All of it, at one instant."""

    at: datetime
    roads: tuple[Road, ...]
    senders: tuple[Sender, ...]
    destinations: tuple[Destination, ...]
    handlers: tuple[Failing, ...]
    backlogs: tuple[Backlog, ...]
    channels: tuple[Channel, ...]
    topics: Topics
    sweeps: tuple[Sweep, ...]
    gaps: tuple[Gap, ...]

    @property
    def states(self) -> list[State]:
        """How everything does that must work: channels and senders come and go."""
        states = [road.state for road in self.roads]
        states += [backlog.state for backlog in self.backlogs]
        states += [sweep.state for sweep in self.sweeps]
        states += [destination.state for destination in self.destinations]
        return states + [State.FAILING for _ in self.handlers]

    @property
    def state(self) -> State:
        """The worst of it."""
        return max(self.states, key=list(State).index)


def health(*, now: datetime) -> Health:
    """Read how everything does: a constant number of queries."""
    roads = tuple(_road(row, now) for row in selectors.roads(now=now))
    return Health(
        at=now,
        roads=roads,
        senders=tuple(_senders()),
        destinations=tuple(destinations(now=now)),
        handlers=failing(),
        backlogs=tuple(_backlogs(now)),
        channels=tuple(_channels(now)),
        topics=_topics(),
        sweeps=tuple(_sweeps(now)),
        gaps=tuple(_gaps(roads, now)),
    )


def _road(row: selectors.Road, now: datetime) -> Road:
    at = row.succeeded_at
    unheard = row.road in PROCESSES and at is not None and now - at > UNHEARD
    return Road(
        road=row.road,
        state=judged(at, row.failing_since, overdue=row.overdue or unheard),
        every=row.every,
        read_to=row.read_to,
        succeeded_at=at,
        failing_since=row.failing_since,
        running=row.running,
        detail=row.detail,
    )


def _senders() -> Iterator[Sender]:
    waiting = _by_source(InboxItem.State.WAITING)
    quarantined = _by_source(InboxItem.State.QUARANTINED)
    for row in Source.objects.order_by("name", "pk"):
        yield Sender(
            row.name,
            row.get_kind_display(),
            row.active,
            row.last_received_at,
            waiting.get(row.pk, 0),
            quarantined.get(row.pk, 0),
        )


def _by_source(state: InboxItem.State) -> dict[int, int]:
    rows = InboxItem.objects.filter(state=state).values_list("source_id")
    return dict(rows.annotate(many=Count("pk")).order_by())


def _backlogs(now: datetime) -> Iterator[Backlog]:
    waiting = InboxItem.objects.filter(state=InboxItem.State.WAITING)
    quarantined = InboxItem.objects.filter(state=InboxItem.State.QUARANTINED)
    yield _backlog("inbox", waiting, "received_at", quarantined.count(), now)
    wanted = Wanted.objects.filter(given_up_at__isnull=True, due_at__lte=now)
    given_up = Wanted.objects.filter(given_up_at__isnull=False)
    yield _backlog("wanted", wanted, "due_at", given_up.count(), now)
    changes = Change.objects.filter(failures__lt=MOST_FAILURES)
    failed = Change.objects.filter(failures__gte=MOST_FAILURES)
    yield _backlog("changes", changes, "recorded_at", failed.count(), now)
    yield _recomputing()
    yield from escalating(now)


def _recomputing() -> Backlog:
    """Tell how many conversations have clocks to be computed anew. It may take its time."""
    told = recomputing.left().aggregate(many=Sum(F("total") - F("done")), oldest=Min("ordered_at"))
    return Backlog("recomputing", State.OK, max(told["many"] or 0, 0), told["oldest"], 0)


def escalating(now: datetime) -> Iterator[Backlog]:
    """Tell what keeps somebody from being told of a wait: what is not fired, what is not sent."""
    yield _backlog("timers", firing.overdue(now=now), "due_at", 0, now)
    told = Delivery.objects.filter(topic__in=TOPICS)
    waiting = told.filter(state=Delivery.State.WAITING, destination__mode=DestinationRow.Mode.LIVE)
    dead = told.filter(state=Delivery.State.DEAD).count()
    yield _backlog("escalations", waiting, "ordered_at", dead, now)


def _backlog(name: str, rows: QuerySet[Any], column: str, set_aside: int, now: datetime) -> Backlog:
    told = rows.aggregate(many=Count("pk"), oldest=Min(column))
    age = now - told["oldest"] if told["oldest"] else timedelta()
    state = State.LATE if age > BACKLOG_LATE else State.OK
    state = State.FAILING if age > BACKLOG_STUCK else state
    return Backlog(name, state, told["many"], told["oldest"], set_aside)


def _channels(now: datetime) -> Iterator[Channel]:
    counted = NotificationChannel.objects.annotate(many=Count("topics"))
    for row in counted.order_by("listener", "pk"):
        yield Channel(
            row.genesys_id,
            _listening(row, now),
            row.listener,
            row.opened_at,
            row.heard_at,
            row.event_at,
            row.many,
            row.detail,
        )


def _listening(row: NotificationChannel, now: datetime) -> State:
    """Judge a channel: dead, too quiet for what is to be expected, or all right."""
    unheard = now - (row.heard_at or row.opened_at) > SILENT
    if unheard or not row.connected or row.leased_until <= now:
        return State.FAILING
    return State.LATE if row.silent_since else State.OK


def _topics() -> Topics:
    rows = NotificationTopic.objects.values_list("state").annotate(many=Count("pk"))
    counts = dict(rows.order_by())
    states = NotificationTopic.State
    rejected = NotificationTopic.objects.filter(Q(state=states.REJECTED)).order_by("name")
    return Topics(
        tuple((str(state.label), counts[state.value]) for state in states if state.value in counts),
        tuple(rejected.values_list("name", "reason")[:MOST_TOPICS]),
    )


def _sweeps(now: datetime) -> Iterator[Sweep]:
    paces = gaps.schedule()
    ran = heartbeat.runs(paces)
    for task, every in sorted(paces.items()):
        at, error = ran.get(task, (None, ""))
        overdue = at is not None and now - at > gaps.allowance(every)
        failing_since = at if error else None
        yield Sweep(task, judged(at, failing_since, overdue=overdue), every, at, error)


def _gaps(roads: tuple[Road, ...], now: datetime) -> Iterator[Gap]:
    """Tell the gaps that were noticed, and what a late road lacks before anybody noticed it."""
    noticed = selectors.gaps(now=now)
    for gap in noticed:
        yield Gap(gap.road, gap.start, gap.end, gap.reason, gap.filled_at)
    known = {gap.road for gap in noticed if gap.filled_at is None}
    for road in roads:
        if road.read_to and road.state in {State.FAILING, State.LATE} and road.road not in known:
            yield Gap(road.road, road.read_to, None, road.detail if road.failing_since else "")


__all__ = [
    "Backlog",
    "Channel",
    "Destination",
    "Gap",
    "Health",
    "Road",
    "Sender",
    "State",
    "Sweep",
    "Topics",
    "health",
]
