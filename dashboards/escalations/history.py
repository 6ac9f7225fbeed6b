"""The history of one escalation: what was done with it, what was told of it, what comes next."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from dashboards import format as write
from dashboards.choices import Choice
from dashboards.escalations import reading
from dashboards.escalations.page import Reader, setting_of
from dashboards.escalations.rows import Row, row, rung_word
from dashboards.timeline import mark_of
from sla.alerts import name_of
from sla.models import Alert, Timer


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done, or that was told."""

    at: datetime
    time: str
    who: str
    what: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """One timer of the wait: when it is due, what it is, and how it stands."""

    due_at: datetime
    time: str
    what: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    row: Row
    opened: str
    began: str
    entries: tuple[Entry, ...]
    plan: tuple[Planned, ...]
    people: tuple[Choice, ...]

    @property
    def mark(self) -> str:
        return mark_of(self.row, self.entries, self.plan)


def page(pk: int, reader: Reader) -> Page | None:
    """Read the history of an alert; None where there is none of that key."""
    alert = reading.one(pk)
    if alert is None:
        return None
    around = reading.around([alert])
    setting = setting_of([alert], around, reader)
    return Page(
        row=row(alert, around, setting),
        opened=write.dated(alert.opened_at, reader.zone),
        began=write.dated(alert.round_at, reader.zone),
        entries=tuple(_entries(alert, reader)),
        plan=tuple(_plan(alert, reader)),
        people=tuple(Choice(str(u.pk), name_of(u), chosen=False) for u in reading.assignable()),
    )


def _entries(alert: Alert, reader: Reader) -> Iterator[Entry]:
    for entry in alert.entries.order_by("at", "pk"):
        time = write.wall_to_the_second(entry.at, now=reader.now, zone=reader.zone)
        yield Entry(entry.at, time, entry.actor or "DCM", entry.action, entry.note)


def _plan(alert: Alert, reader: Reader) -> Iterator[Planned]:
    """Yield all timers of the alert's wait, in the order in which they are due."""
    timers = Timer.objects.filter(
        conversation=alert.conversation_id, kind=alert.kind, round_at=alert.round_at
    )
    for timer in timers.select_related("of_rung").order_by("due_at", "pk"):
        rung = timer.of_rung
        yield Planned(
            due_at=timer.due_at,
            time=write.wall(timer.due_at, now=reader.now, zone=reader.zone),
            what=rung.get_audience_display() if rung else rung_word(timer.rung),
            state=timer.get_state_display(),
            reason=timer.reason,
        )
