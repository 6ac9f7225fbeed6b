"""What the SLA board shows, as plain values with their state already named."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from conversations.domain.presence import Away
from dashboards import format as write
from dashboards import presence
from dashboards.clocks import Held, Standing
from dashboards.names import named
from dashboards.opening import OpeningHours, closes_at, opens_at
from dashboards.timeline import media_name
from sla.domain.words import filled
from sla.models import Clock
from sla.selectors import HoursKey

FIRST: Final = datetime.min.replace(tzinfo=UTC)
LAST: Final = datetime.max.replace(tzinfo=UTC)


class State(StrEnum):
    """What a supervisor must know of a row, the most urgent first."""

    BREACHED = "breached"
    FORGOTTEN = "forgotten"
    DUE_SOON = "due-soon"
    ON_TRACK = "on-track"
    PAUSED = "paused"


ORDER: Final = tuple(State)
WORDS: Final[Mapping[State, str]] = {
    State.BREACHED: "Breached",
    State.FORGOTTEN: "Forgotten",
    State.DUE_SOON: "Due soon",
    State.ON_TRACK: "On track",
    State.PAUSED: "Paused",
}


@dataclass(frozen=True, slots=True)
class Amount:
    """A length of time that the page lets tick. Its repr leaves out what changes by itself.

    rate is -1 (counts down), 1 (counts up) or 0 (stands).
    """

    text: str = field(repr=False)
    seconds: int = field(repr=False)
    rate: int


@dataclass(frozen=True, slots=True)
class Why:
    """Why a row stands as it does: a sentence with an amount in it."""

    before: str
    amount: Amount | None = None
    after: str = ""

    def __str__(self) -> str:
        return f"{self.before}{self.amount.text if self.amount else ''}{self.after}"


@dataclass(frozen=True, slots=True)
class Escalated:
    """That a conversation is escalated, and how that stands. failing: somebody was not reached."""

    pk: int
    word: str
    failing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One conversation on the board. Equal reprs look equal once their amounts have ticked."""

    genesys_id: str
    state: State
    word: str
    due: Amount | None
    due_suffix: str
    due_at: datetime | None
    due_at_text: str
    why: Why
    queue_id: str
    queue: str
    channel: str
    media_type: str
    user_id: str
    agent: str
    activity: str
    away: str
    policy: str
    clock: str
    target_s: int
    elapsed_s: int | None = field(repr=False)
    stands_since: datetime
    escalated: Escalated | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The state of a clock at an instant, and the business time left of it."""

    state: State
    left: timedelta | None
    ticks: bool
    open_now: bool


def judge(clock: Standing, *, hours: OpeningHours | None, now: datetime) -> Judgement:
    """Name the state of one clock.

    A clock is breached from the first instant after breaches_at; forgotten where the clock of
    forgotten work is; paused also where the hours are closed. Without usable hours nothing is left
    to tell but due instants.
    """
    left = time_left(clock, hours=hours, now=now)
    open_now = hours.in_hours(now) if hours else True
    paused = clock.state == Clock.State.PAUSED
    if clock.forgotten and now > clock.forgotten.from_at:
        ticks = open_now and not paused
        return Judgement(State.FORGOTTEN, left, ticks=ticks, open_now=open_now)
    if paused:
        return Judgement(State.PAUSED, left, ticks=False, open_now=open_now)
    if clock.breaches_at and now > clock.breaches_at:
        return Judgement(State.BREACHED, left, ticks=open_now, open_now=open_now)
    if not open_now:
        return Judgement(State.PAUSED, left, ticks=False, open_now=False)
    warned = clock.warn_at is not None and now >= clock.warn_at
    state = State.DUE_SOON if warned else State.ON_TRACK
    return Judgement(state, left, ticks=True, open_now=True)


def time_left(clock: Standing, *, hours: OpeningHours | None, now: datetime) -> timedelta | None:
    """Return the business time until a clock is due, negative when overdue."""
    at_since = timedelta(seconds=clock.target_s) - timedelta(milliseconds=clock.elapsed_ms)
    if clock.state == Clock.State.PAUSED:
        return at_since
    return at_since - hours.within(clock.since, now) if hours else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all rows of one board share."""

    now: datetime
    zone: ZoneInfo
    hours: Mapping[HoursKey, OpeningHours]  # by calendar and version
    held: Mapping[int, Held]  # by conversation
    queues: Mapping[str, str]
    agents: Mapping[str, str]
    away: Mapping[str, Away] = field(default_factory=dict)  # by user
    escalated: Mapping[int, Escalated] = field(default_factory=dict)  # by conversation

    def wall(self, at: datetime) -> str:
        return write.wall(at, now=self.now, zone=self.zone)

    def said(self, reason: str) -> str:
        """Write a reason with this reader's times, and names."""
        return filled(reason, at=self.wall, user=lambda user_id: named(user_id, self.agents))


class Judged(NamedTuple):
    """A clock with its state: all that the order of the board and its tiles need."""

    clock: Standing
    held: Held | None
    seen: Judgement


def judged(clocks: Iterable[Standing], setting: Setting) -> list[Judged]:
    """Return the clocks with their states, the most urgent first."""
    found = []
    for clock in clocks:
        hours = setting.hours.get(clock.hours)
        held = setting.held.get(clock.conversation_id)
        seen = judge(clock, hours=hours, now=setting.now)
        found.append(Judged(clock, held, seen))
    return sorted(found, key=_urgency)


def row(one: Judged, setting: Setting) -> Row:
    """Write one row of the board."""
    clock, held, seen = one
    left_s = None if seen.left is None else seen.left // timedelta(seconds=1)
    standing = clock.state == Clock.State.RUNNING and clock.due_at
    return Row(
        genesys_id=clock.genesys_id,
        state=seen.state,
        word=WORDS[seen.state],
        due=_due(seen),
        due_suffix=" left" if not seen.ticks and (left_s or 0) >= 0 else "",
        due_at=clock.due_at if standing else None,
        due_at_text=setting.wall(clock.due_at) if standing and clock.due_at else write.NOTHING,
        why=_why(clock, seen, setting),
        queue_id=clock.queue_id,
        queue=named(clock.queue_id, setting.queues),
        channel=media_name(clock.media_type),
        media_type=clock.media_type,
        user_id=clock.user_id,
        agent=named(clock.user_id, setting.agents),
        activity=_activity(held, setting) if clock.user_id else "",
        away=_away(clock.user_id, setting),
        policy=clock.policy,
        clock=clock.kind,
        target_s=clock.target_s,
        elapsed_s=None if left_s is None else clock.target_s - left_s,
        stands_since=clock.since,
        escalated=setting.escalated.get(clock.conversation_id),
    )


def _due(seen: Judgement) -> Amount | None:
    if seen.left is None:
        return None
    seconds = seen.left // timedelta(seconds=1)
    return Amount(write.countdown(seen.left), seconds, -1 if seen.ticks else 0)


def _urgency(one: Judged) -> tuple[int, datetime, timedelta, str]:
    """Order by state; then the most overdue, the longest forgotten, the next due."""
    clock, _, seen = one
    left = seen.left if seen.left is not None else timedelta()
    at = clock.due_at if clock.due_at and clock.state == Clock.State.RUNNING else LAST
    if seen.state is State.BREACHED:
        at = FIRST
    elif seen.state is State.FORGOTTEN and clock.forgotten:
        at = clock.forgotten.since
    return ORDER.index(seen.state), at, left, clock.genesys_id


WAITING: Final[Mapping[str, tuple[str, str]]] = {
    Clock.Kind.FIRST_RESPONSE: ("customer waiting ", " h for the first answer"),
    Clock.Kind.NEXT_RESPONSE: ("customer waiting ", " h"),
    Clock.Kind.RESOLUTION: ("not resolved for ", " h"),
    Clock.Kind.FORGOTTEN: ("left alone for ", " h"),
}


def _why(clock: Standing, seen: Judgement, setting: Setting) -> Why:
    if seen.state is State.FORGOTTEN and clock.forgotten:
        left_alone = setting.now - clock.forgotten.since
        return Why(
            f"{setting.said(clock.forgotten.reason)}; left alone for ",
            Amount(write.hours_minutes(left_alone), left_alone // timedelta(seconds=1), 1),
            " h",
        )
    if clock.state == Clock.State.PAUSED:
        reason = setting.said(clock.reason)
        return Why(f"{reason} {setting.wall(clock.since)}{_lateness(seen)}")
    if seen.left is None:
        return Why(f"the opening hours of {clock.policy} cannot be read: see Admin, Calendars")
    before, after = WAITING[clock.kind]
    waited = timedelta(seconds=clock.target_s) - seen.left
    amount = Amount(
        write.hours_minutes(waited), waited // timedelta(seconds=1), 1 if seen.ticks else 0
    )
    return Why(before, amount, f"{after}{_hours_note(clock, seen, setting)}")


def _lateness(seen: Judgement) -> str:
    late = seen.left is not None and seen.left < timedelta()
    return f", {write.hours_minutes(-seen.left)} h late" if late and seen.left else ""


def _hours_note(clock: Standing, seen: Judgement, setting: Setting) -> str:
    """Say what the opening hours do to a running clock: stop it now, or before it is due."""
    hours = setting.hours[clock.hours]
    if not seen.open_now:
        opening = opens_at(hours, setting.now)
        opens = f"opens {setting.wall(opening)}" if opening else "they never open"
        return f"; {hours.closed_by(setting.now) or 'outside opening hours'}, {opens}"
    closing = closes_at(hours, setting.now)
    if closing and clock.due_at and setting.now < clock.due_at and closing < clock.due_at:
        return f"; clock stops {setting.wall(closing)}"
    return ""


def _activity(held: Held | None, setting: Setting) -> str:
    return f"{held.word} since {setting.wall(held.since)}" if held else "not connected"


def _away(user_id: str, setting: Setting) -> str:
    """Say that the agent cannot be expected to act, and since when: offline since 17:32."""
    away = setting.away.get(user_id)
    return presence.in_words(away, now=setting.now, zone=setting.zone) if away else ""
