"""Alerts as rows: their state in words, what was told of them, and what comes next. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dashboards import board
from dashboards import format as write
from dashboards.board import Amount, Judged, Setting, State, Why
from dashboards.clocks import Standing, forgotten_of
from dashboards.escalations.query import LEVELS
from dashboards.escalations.reading import Around
from dashboards.names import named
from dashboards.timeline import media_name
from integrations.outbox.alerts import Telling
from sla.alerts import name_of
from sla.models import Alert, Clock, Notice, Timer

CSS: Final[Mapping[str, State]] = {
    Alert.Level.BREACHED: State.BREACHED,
    Alert.Level.FORGOTTEN: State.FORGOTTEN,
    Alert.Level.WARNED: State.DUE_SOON,
}
CLOCKS: Final[Mapping[str, str]] = {
    "first_response": "first answer",
    "next_response": "answer",
    "resolution": "resolution",
    "forgotten": "its agent",
}
# So long a notice may wait for the outbox before its silence means that nobody listens.
ORDERED_WITHIN: Final = timedelta(minutes=1)
SHOWN_AT_ONCE: Final = 2
DELIVERED: Final = "\N{CHECK MARK}"
FAILED: Final = "\N{BALLOT X}"
TAKEN_BACK: Final = "taken back: "  # reasons of timers may say so themselves


@dataclass(frozen=True, slots=True)
class Told:
    """One notice by one way. mark is a check mark, a cross, or "" while it is on its way."""

    time: str
    iso: str
    what: str
    where: str
    mark: str
    result: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One alert. Equal reprs look equal once their amounts have ticked."""

    pk: int
    genesys_id: str
    short_id: str
    css: str
    word: str
    clock: str
    due: Amount | None
    why: Why
    state: str
    stands: str
    note: str
    owner: str
    owner_id: int | None
    queue: str
    channel: str
    user_id: str
    agent: str
    activity: str
    away: str
    told: tuple[Told, ...]
    coming: str
    flagged: str
    failing: bool
    opens: str = ""  # when its hours open next: how long a snooze until then would be

    @property
    def told_shown(self) -> tuple[Told, ...]:
        """What is told of at once: what failed, and the last that was told."""
        last = self.told[-SHOWN_AT_ONCE:]
        return tuple(one for one in self.told if one.mark == FAILED or one in last)

    @property
    def told_folded(self) -> tuple[Told, ...]:
        return tuple(one for one in self.told if one not in self.told_shown)

    @property
    def is_closed(self) -> bool:
        return self.state == Alert.State.CLOSED

    @property
    def can_be_acknowledged(self) -> bool:
        return self.state in {Alert.State.OPEN, Alert.State.SNOOZED}

    @property
    def can_be_unacknowledged(self) -> bool:
        return self.state == Alert.State.ACKNOWLEDGED


def row(alert: Alert, around: Around, setting: Setting) -> Row:
    """Write one alert, with its clock where that still stands in the alert's round."""
    of, seen = alert.conversation, _judged(alert, around, setting)
    shown = board.row(seen, setting) if seen else None
    css = _css(alert, seen)
    return Row(
        pk=alert.pk,
        genesys_id=of.genesys_id,
        short_id=write.short_id(of.genesys_id),
        css=css,
        word=board.WORDS[css],
        clock=CLOCKS.get(alert.kind, alert.kind),
        due=shown.due if shown else None,
        why=shown.why if shown else Why(alert.reason or "its clock does not run any more"),
        state=alert.state,
        stands=_stands(alert, setting),
        note=_note(alert, setting),
        owner=name_of(alert.assigned_to) if alert.assigned_to else "",
        owner_id=alert.assigned_to_id,
        queue=named(of.queue_id, setting.queues),
        channel=media_name(of.media_type),
        user_id=of.user_id,
        agent=named(of.user_id, setting.agents),
        activity=shown.activity if shown else "",
        away=shown.away if shown else "",
        told=tuple(told(alert, around, setting)),
        coming=_coming(alert, around, setting),
        flagged=alert.flagged,
        failing=around.fails(alert),
        opens=_opens(alert, around, setting),
    )


def told(alert: Alert, around: Around, setting: Setting) -> Iterator[Told]:
    """Yield what was told of an alert, notice by notice and way by way."""
    for notice in around.notices.get(alert.pk, ()):
        ways = around.told(alert, notice)
        for way in ways:
            yield _by(way, notice, around, setting)
        if not ways:
            yield _unsent(notice, around, setting)


def urgency(alert: Alert) -> tuple[int, int, datetime, int]:
    """Order alerts: not acknowledged first, then by level; the oldest first."""
    states = (Alert.State.OPEN, Alert.State.ACKNOWLEDGED, Alert.State.SNOOZED, Alert.State.CLOSED)
    levels = list(LEVELS)
    return (
        states.index(Alert.State(alert.state)),
        levels.index(alert.level),
        alert.opened_at,
        alert.pk,
    )


def clock_of(alert: Alert, around: Around) -> Standing | None:
    """Return an alert's clock; None where it stands no more, or in another round."""
    clock = around.clocks.get((alert.conversation_id, alert.kind))
    if clock is None or clock.started_at != alert.round_at or clock.state == Clock.State.STOPPED:
        return None
    of_work = clock.kind == Clock.Kind.FORGOTTEN
    return clock._replace(forgotten=forgotten_of(clock)) if of_work else clock


def _judged(alert: Alert, around: Around, setting: Setting) -> Judged | None:
    clock = clock_of(alert, around)
    if clock is None or alert.state == Alert.State.CLOSED:
        return None
    hours, held = setting.hours.get(clock.hours), setting.held.get(clock.conversation_id)
    return Judged(clock, held, board.judge(clock, hours=hours, now=setting.now))


def _opens(alert: Alert, around: Around, setting: Setting) -> str:
    clock = clock_of(alert, around)
    hours = setting.hours.get((clock.calendar_id, None)) if clock else None
    at = hours.next_opening(setting.now) if hours else None
    return setting.wall(at) if at else ""


def _css(alert: Alert, seen: Judged | None) -> State:
    """Return the state of an alert; one that was warned of may be breached by now."""
    late = seen is not None and seen.seen.state is State.BREACHED
    return State.BREACHED if late and alert.level == Alert.Level.WARNED else CSS[alert.level]


def _stands(alert: Alert, setting: Setting) -> str:
    match alert.state:
        case Alert.State.ACKNOWLEDGED:
            return f"Acknowledged by {alert.acknowledged_by or 'somebody'}"
        case Alert.State.SNOOZED if alert.snoozed_until:
            return f"Snoozed until {setting.wall(alert.snoozed_until)}"
        case Alert.State.CLOSED:
            return "Closed"
        case _:
            return "Not acknowledged"


def _note(alert: Alert, setting: Setting) -> str:
    match alert.state:
        case Alert.State.ACKNOWLEDGED if alert.acknowledged_at:
            until = alert.acknowledged_until
            ends = f", until {setting.wall(until)} while breached" if until else ""
            return f"at {setting.wall(alert.acknowledged_at)}{ends}"
        case Alert.State.CLOSED if alert.closed_at:
            return f"at {setting.wall(alert.closed_at)}: {alert.reason or 'no reason given'}"
        case _:
            return f"since {setting.wall(alert.opened_at)}"


def _by(way: Telling, notice: Notice, around: Around, setting: Setting) -> Told:
    what = rung_word(notice.timer.rung)
    where = ", ".join([way.destination, *_audience(notice, around, setting)])
    if way.failing:
        status = f"{way.status}: " if way.status else ""
        again = f", tried again {setting.wall(way.next_try)}" if way.next_try else ""
        tries = write.plural(way.attempts, "try", "tries")
        result, detail = "failed", f"{status}{way.failing} ({tries}{again})"
        return Told(setting.wall(notice.at), _iso(notice.at), what, where, FAILED, result, detail)
    results = {"delivered": (DELIVERED, "delivered"), "shown": ("", "shadow mode, not sent")}
    mark, result = results.get(way.state, ("", "on its way"))
    return Told(setting.wall(way.at), _iso(way.at), what, where, mark, result, _marks(notice))


def _unsent(notice: Notice, around: Around, setting: Setting) -> Told:
    """Say of a notice without a delivery that it is on its way, or that nobody listens."""
    pk = notice.destination_id
    where = around.destinations.get(pk, f"destination {pk}, which is no more") if pk else ""
    where = ", ".join(part for part in (where, *_audience(notice, around, setting)) if part)
    at, what = setting.wall(notice.at), rung_word(notice.timer.rung)
    if notice.timer.state == Timer.State.WITHDRAWN:
        return Told(at, _iso(notice.at), what, where or "nobody", "", "not sent", _marks(notice))
    if setting.now - notice.at < ORDERED_WITHIN:
        return Told(at, _iso(notice.at), what, where or "everybody told of it", "", "on its way")
    detail = "no destination is told of it: see Admin, Destinations"
    return Told(at, _iso(notice.at), what, where or "nobody", FAILED, "failed", detail)


def _audience(notice: Notice, around: Around, setting: Setting) -> list[str]:
    """Return the names of those whom a notice names: user:7, agent:<Genesys user id>."""
    found = []
    for whom in notice.audience:
        kind, _, of = str(whom).partition(":")
        gone = f"{kind} {of}, who is no more"
        found.append(named(of, setting.agents) if kind == "agent" else around.people.get(of, gone))
    return found


def _marks(notice: Notice) -> str:
    """Say what is out of the ordinary with a notice."""
    fell_back = "nobody was to be reached, so the administrators" if notice.fell_back else ""
    unsure = "" if notice.verified else "not verified with Genesys Cloud"
    withdrawn = notice.timer.state == Timer.State.WITHDRAWN
    back = f"{TAKEN_BACK}{notice.timer.reason.removeprefix(TAKEN_BACK)}" if withdrawn else ""
    return "; ".join(part for part in (fell_back, unsure, back) if part)


def _coming(alert: Alert, around: Around, setting: Setting) -> str:
    """Say what is told next, and when; empty where nothing is."""
    step = around.steps.get((alert.conversation_id, alert.kind, alert.round_at))
    if step is None or alert.state == Alert.State.CLOSED:
        return ""
    where = around.destinations.get(step.destination_id, "") if step.destination_id else ""
    whom = ", ".join(part for part in (where, step.audience) if part) or rung_word(step.rung)
    if step.held:
        return f"{whom}: {step.reason or 'held back'}"
    return f"next {setting.wall(step.due_at)}: {whom}"


def rung_word(rung: str) -> str:
    """Return what a timer is: a warning, the breach, or a step of a ladder."""
    return {"warning": "warning", "breach": "breach"}.get(rung.partition(":")[0], "step")


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
