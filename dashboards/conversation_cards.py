"""The cards beside a conversation: its SLA clocks, step by step, and its handle times."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dashboards import format as write
from dashboards.board import WORDS, State, judge
from dashboards.clocks import Standing, forgotten_of
from dashboards.conversation_chart import Names
from dashboards.conversation_log import CLOCK_NAMES, Setting, used
from dashboards.conversation_rows import Stored
from dashboards.conversation_sources import Link, Sources
from dashboards.names import named
from dashboards.opening import OpeningHours
from dashboards.timeline import media_name
from dashboards.work import LegRow
from handling.models import AgentHandling
from sla.models import Clock
from sla.selectors import HoursKey


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a clock. link leads to what the log tells of its cause."""

    anchor: str
    at: str
    what: str
    reason: str
    used: str
    link: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaCard:
    """One clock. used ticks with time and so is left out of its repr."""

    name: str
    state: str
    word: str
    used: str = field(repr=False)
    target: str
    reason: str
    policy: str
    calendar: str
    started: str
    due: str
    pauses: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandleCard:
    """What the conversation took of one agent."""

    user_id: str
    agent: str
    day: date
    rows: tuple[tuple[str, str, str], ...]  # label, value, explanation
    suffered: tuple[tuple[str, str, str], ...]  # time, conversation, its name
    caused: tuple[tuple[str, str, str], ...]
    open_now: bool


def sla_cards(
    stored: Stored, hours: Mapping[HoursKey, OpeningHours], setting: Setting, sources: Sources
) -> Iterator[SlaCard]:
    """Return a card for each clock."""
    for clock in stored.clocks:
        measured_by = hours.get((clock.calendar_id, clock.calendar_version))
        yield _sla_card(clock, measured_by, setting, sources)


def _sla_card(
    clock: Clock, hours: OpeningHours | None, setting: Setting, sources: Sources
) -> SlaCard:
    now, zone = setting.now, setting.zone
    state, word, elapsed = _state(clock, hours, now)
    running = clock.state == Clock.State.RUNNING and clock.due_at
    return SlaCard(
        name=CLOCK_NAMES[clock.kind],
        state=state,
        word=word,
        used=used(elapsed) if elapsed is not None else "?",
        target=used(timedelta(seconds=clock.target_s)),
        reason=_reason(clock, setting),
        policy=clock.policy.name,
        calendar=_calendar(clock, hours, now),
        started=write.wall(clock.started_at, now=now, zone=zone),
        due=write.wall(clock.due_at, now=now, zone=zone)
        if running and clock.due_at
        else write.NOTHING,
        pauses=sum(step.action == "paused" for step in clock.steps),
        steps=tuple(_steps(clock, setting, sources)),
    )


def _calendar(clock: Clock, hours: OpeningHours | None, now: datetime) -> str:
    """Name the hours of a clock; while it is open, with the emergency that closes them."""
    calendar = clock.calendar
    if calendar is None:
        return "round the clock"
    stands = hours.closed_by(now) if hours and clock.state != Clock.State.STOPPED else ""
    named = f"{calendar.name} ({calendar.timezone})"
    return f"{named}, {stands}" if stands else named


def _reason(clock: Clock, setting: Setting) -> str:
    """Say why a clock stands so, and since when; a reason that has instants says that itself."""
    said = setting.said(clock.reason)
    if said != clock.reason:
        return said
    return f"{said} {write.wall(clock.since, now=setting.now, zone=setting.zone)}".strip()


def _steps(clock: Clock, setting: Setting, sources: Sources) -> Iterator[Step]:
    for number, step in enumerate(clock.steps_by(setting.now)):
        yield Step(
            anchor=f"step-{clock.pk}-{number}",
            at=write.wall(step.at, now=setting.now, zone=setting.zone),
            what=step.action,
            reason=setting.said(step.reason),
            used=used(step.elapsed),
            link=sources.link(step.source, step.at),
        )


def _state(
    clock: Clock, hours: OpeningHours | None, now: datetime
) -> tuple[str, str, timedelta | None]:
    """Return the chip of a clock and the business time used up by now."""
    stored = timedelta(milliseconds=clock.elapsed_ms)
    if clock.state == Clock.State.STOPPED:
        late = clock.breached
        return (State.BREACHED, "Missed", stored) if late else (State.ON_TRACK, "Met", stored)
    seen = judge(_standing(clock), hours=hours, now=now)
    target = timedelta(seconds=clock.target_s)
    return seen.state, WORDS[seen.state], None if seen.left is None else target - seen.left


def _standing(clock: Clock) -> Standing:
    standing = Standing(
        conversation_id=clock.conversation_id,
        genesys_id="",
        media_type="",
        queue_id="",
        user_id="",
        kind=clock.kind,
        state=clock.state,
        reason=clock.reason,
        since=clock.since,
        elapsed_ms=clock.elapsed_ms,
        target_s=clock.target_s,
        warn_at=clock.warn_at,
        due_at=clock.due_at,
        breaches_at=clock.breaches_at,
        policy=clock.policy.name,
        calendar_id=clock.calendar_id,
        calendar_version=clock.calendar_version,
        started_at=clock.started_at,
    )
    if clock.kind != Clock.Kind.FORGOTTEN:
        return standing
    return standing._replace(forgotten=forgotten_of(standing))


def handle_cards(stored: Stored, known: Names, *, zone: ZoneInfo) -> Iterator[HandleCard]:
    """Return a card for each agent who handled the conversation."""
    for handling in stored.handlings:
        yield HandleCard(
            user_id=handling.user_id,
            agent=named(handling.user_id, known.agents),
            day=handling.started_at.astimezone(zone).date(),
            rows=tuple(_rows(handling)),
            suffered=tuple(
                (
                    _when(leg, zone),
                    leg.cause_id,
                    f"{media_name(leg.cause_media)} {leg.cause_id[:8]}",
                )
                for leg in stored.suffered
                if leg.user_id == handling.user_id
            ),
            caused=tuple(
                (_when(leg, zone), leg.held_id, f"{media_name(leg.held_media)} {leg.held_id[:8]}")
                for leg in stored.caused
                if leg.user_id == handling.user_id
            ),
            open_now=handling.ended_at is None,
        )


def _rows(handling: AgentHandling) -> Iterator[tuple[str, str, str]]:
    """Tell the parts of the handle time, each with what it is."""
    raw, adjusted = (write.seconds_of(ms) for ms in (handling.gross_ms, handling.adjusted_ms))
    yield "Raw", write.handle_time(raw), "live + hold + after-call work"
    yield "Adjusted", write.handle_time(adjusted), "raw \N{MINUS SIGN} holds that other work caused"
    yield "Removed", write.handle_time(raw - adjusted), ""
    yield "Live", _time(handling.live_ms), ""
    yield "After-call work", _time(handling.acw_ms), ""
    switched = f"{_time(handling.switched_ms)} of it beside equal or lesser work"
    yield "Other hold", _time(handling.other_hold_ms), switched if handling.switched_ms else ""
    if handling.parked_ms:
        yield "Parked", _time(handling.parked_ms), "never in handle time"
    if handling.resumption_lag_ms is not None:
        yield (
            "Resumption lag",
            _time(handling.resumption_lag_ms),
            "hold after the last interruption",
        )
    if handling.genesys_handle_ms is not None:
        apart = handling.gross_ms - handling.genesys_handle_ms
        note = "agrees with raw" if not apart else f"raw is {abs(apart)} ms {_than(apart)}"
        yield "Genesys tHandle", _time(handling.genesys_handle_ms), note
    if handling.flags:
        yield "Damaged segments", str(handling.flags), "left out"


def _than(apart: int) -> str:
    return "more" if apart > 0 else "less"


def _time(milliseconds: int) -> str:
    return write.handle_time(write.seconds_of(milliseconds))


def _when(leg: LegRow, zone: ZoneInfo) -> str:
    took = _time((leg.ended_at - leg.started_at) // timedelta(milliseconds=1))
    end = "now" if leg.provisional else write.to_the_second(leg.ended_at, zone)
    return f"{write.to_the_second(leg.started_at, zone)}\N{EN DASH}{end}, {took}"
