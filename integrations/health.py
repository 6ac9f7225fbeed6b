"""How each way in does: what is read, what waits, what is missing. Reads rows, writes none."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet

from conversations.models import Change
from integrations import heartbeat
from integrations.models import (
    InboxItem,
    NotificationChannel,
    NotificationTopic,
    Source,
    Wanted,
    Watermark,
)
from integrations.services import MOST_FAILURES

DAY: Final = timedelta(days=1)
# So many times as long as usual without a success, and at least so long, is late.
LATE_TIMES: Final = 3
LATE_AT_LEAST: Final = timedelta(minutes=2)
# What tells of itself whenever it works, rather than by a schedule of ours.
UNSCHEDULED: Final = timedelta(minutes=5)
BACKLOG_LATE: Final = timedelta(minutes=1)
BACKLOG_STUCK: Final = timedelta(minutes=10)
SILENT: Final = timedelta(seconds=90)  # a channel has a heartbeat every half a minute
MOST_TOPICS: Final = 20


class State(StrEnum):
    """How something does, the worst last."""

    OK = "ok"
    NEVER = "never"
    LATE = "late"
    FAILING = "failing"


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
    expires_at: datetime
    heard_at: datetime | None
    event_at: datetime | None
    topics: int


class Topics(NamedTuple):
    """How many topics are in which state, by its words, and why some are rejected."""

    counts: tuple[tuple[str, int], ...]
    rejected: tuple[tuple[str, str], ...]


class Sweep(NamedTuple):
    """A task that the schedule repeats."""

    task: str
    state: State
    every: timedelta
    ran_at: datetime | None


class Gap(NamedTuple):
    """A time of which a road may lack something. end is None where it goes on."""

    road: str
    start: datetime
    end: datetime | None
    reason: str


class Health(NamedTuple):
    """All of it, at one instant."""

    at: datetime
    roads: tuple[Road, ...]
    senders: tuple[Sender, ...]
    backlogs: tuple[Backlog, ...]
    channels: tuple[Channel, ...]
    topics: Topics
    sweeps: tuple[Sweep, ...]
    gaps: tuple[Gap, ...]

    @property
    def state(self) -> State:
        """The worst of what must work: channels and senders come and go."""
        states = [road.state for road in self.roads]
        states += [backlog.state for backlog in self.backlogs]
        states += [sweep.state for sweep in self.sweeps]
        return max(states, key=list(State).index)


def health(*, now: datetime) -> Health:
    """Read how everything does: a constant number of queries."""
    roads = tuple(_roads(now))
    return Health(
        at=now,
        roads=roads,
        senders=tuple(_senders()),
        backlogs=tuple(_backlogs(now)),
        channels=tuple(_channels(now)),
        topics=_topics(),
        sweeps=tuple(_sweeps(now)),
        gaps=tuple(_gaps(roads)),
    )


def judged(
    *,
    every: timedelta | None,
    succeeded_at: datetime | None,
    failing_since: datetime | None,
    now: datetime,
) -> State:
    """Judge a road: failing, not run yet, late, or all right."""
    if failing_since:
        return State.FAILING
    if succeeded_at is None:
        return State.NEVER
    return State.LATE if now - succeeded_at > _patience(every) else State.OK


def _patience(every: timedelta | None) -> timedelta:
    return max(LATE_TIMES * every, LATE_AT_LEAST) if every else UNSCHEDULED


def schedule() -> dict[str, timedelta]:
    """Return how often each task is sent; by the hour of the day means once a day."""
    entries = settings.CELERY_BEAT_SCHEDULE.values()
    return {entry["task"]: _pace(entry["schedule"]) for entry in entries}


def _pace(told: Any) -> timedelta:
    if isinstance(told, timedelta):
        return told
    return timedelta(seconds=told) if isinstance(told, int | float) else DAY


def _roads(now: datetime) -> Iterator[Road]:
    paces = schedule()
    for row in Watermark.objects.order_by("road"):
        every = _pace_of(row.road, paces)
        yield Road(
            road=row.road,
            state=judged(
                every=every,
                succeeded_at=row.succeeded_at,
                failing_since=row.failing_since,
                now=now,
            ),
            every=every,
            read_to=row.read_to,
            succeeded_at=row.succeeded_at,
            failing_since=row.failing_since,
            running=row.leased_until is not None and row.leased_until > now,
            detail=row.detail,
        )


def _pace_of(road: str, paces: dict[str, timedelta]) -> timedelta | None:
    """Find the task of a road: both are named alike, but for a verb."""
    app, _, name = road.rpartition(".")
    tasks = (f"integrations.{app}.{name}", f"integrations.{app}.read_{name}")
    return next((paces[task] for task in tasks if task in paces), None)


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


def _backlog(name: str, rows: QuerySet[Any], column: str, set_aside: int, now: datetime) -> Backlog:
    told = rows.aggregate(many=Count("pk"), oldest=Min(column))
    age = now - told["oldest"] if told["oldest"] else timedelta()
    state = State.LATE if age > BACKLOG_LATE else State.OK
    state = State.FAILING if age > BACKLOG_STUCK else state
    return Backlog(name, state, told["many"], told["oldest"], set_aside)


def _channels(now: datetime) -> Iterator[Channel]:
    counted = NotificationChannel.objects.annotate(many=Count("topics"))
    for row in counted.order_by("listener", "pk"):
        heard = row.heard_at or row.opened_at
        yield Channel(
            row.genesys_id,
            State.FAILING if now - heard > SILENT or row.expires_at <= now else State.OK,
            row.listener,
            row.opened_at,
            row.expires_at,
            row.heard_at,
            row.event_at,
            row.many,
        )


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
    paces = schedule()
    ran = heartbeat.last(paces)
    for task, every in sorted(paces.items()):
        at = ran.get(task)
        state = judged(every=every, succeeded_at=at, failing_since=None, now=now)
        yield Sweep(task, state, every, at)


def _gaps(roads: tuple[Road, ...]) -> Iterator[Gap]:
    """Tell what a road that does not get on has not read yet: its next success reads it."""
    for road in roads:
        if road.read_to and road.state in {State.FAILING, State.LATE}:
            yield Gap(road.road, road.read_to, None, road.detail if road.failing_since else "")
