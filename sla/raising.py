"""Alerts as timers make them: one for each wait, opened, raised, or closed where it was none."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from conversations import bulk
from sla.models import Alert, AlertEntry, Timer
from sla.telling import Telling, Wait, level_of

LONGEST: Final = 300
OPENED, RAISED, REOPENED = "opened", "raised", "reopened"
WITHDRAWN, CLOSED = "withdrawn", "closed"
WARNED: Final = Alert.Level.WARNED
_NEW: Final = (
    *("id", "conversation_id", "kind", "round_at", "level", "state", "opened_at"),
    *("acknowledged_by", "reason", "flagged"),
)
_ENTRY: Final = ("alert_id", "at", "actor", "action", "note")
_CHANGED: Final = ("level", "state", "closed_at", "reason", "flagged")


class Done(NamedTuple):
    """What was done with an alert, for its history."""

    alert_id: int
    action: str
    note: str


def raised(tellings: Sequence[Telling], *, now: datetime) -> dict[Wait, int]:
    """Have an alert for each wait that is told of, as bad as it is; return them by primary key.

    One that somebody has closed is opened again where the wait has got worse since. The caller
    holds the conversations; alerts that are there are held too, since people change them.
    """
    by_wait: dict[Wait, list[Telling]] = defaultdict(list)
    for one in tellings:
        by_wait[one.due.wait].append(one)
    rows = _held({pk for pk, _, _ in by_wait})
    known = {wait_of(row): row for row in rows if wait_of(row) in by_wait}
    before = {row.pk: (row.level, row.flagged) for row in known.values()}
    done = [step for wait, row in known.items() for step in _raise(row, by_wait[wait])]
    changed = [row for row in known.values() if before[row.pk] != (row.level, row.flagged)]
    _write(changed, done, now)
    new = {wait: some for wait, some in by_wait.items() if wait not in known}
    return {wait: row.pk for wait, row in known.items()} | _open(new, now)


def lower(back: Mapping[Wait, str], *, now: datetime) -> None:
    """Take back what alerts were opened or raised for, by their waits, each with the reason.

    An alert whose wait has another timer that stands is as bad as that one; else it is closed.
    """
    pks = {pk for pk, _, _ in back}
    fired = Timer.objects.filter(bulk.Among("conversation_id", pks), state=Timer.State.FIRED)
    standing: dict[Wait, list[str]] = defaultdict(list)
    for timer in fired.select_related("of_rung"):
        standing[wait_of(timer)].append(level_of(timer.rung, timer.kind, timer.of_rung))
    rows = [row for row in _held(pks) if row.state != Alert.State.CLOSED and wait_of(row) in back]
    done = []
    for row in rows:
        why = back[wait_of(row)]
        done.append(Done(row.pk, WITHDRAWN, why))
        if levels := standing[wait_of(row)]:
            row.level = next((level for level in levels if level != WARNED), WARNED)
        else:
            row.state, row.closed_at, row.reason = Alert.State.CLOSED, now, why[:LONGEST]
            done.append(Done(row.pk, CLOSED, why))
    _write(rows, done, now)


def wait_of(row: Alert | Timer) -> Wait:
    """Return what tells the wait of an alert or timer from all others."""
    return row.conversation_id, row.kind, row.round_at


def _held(conversation_ids: Collection[int]) -> list[Alert]:
    rows = Alert.objects.select_for_update().filter(bulk.Among("conversation_id", conversation_ids))
    return list(rows.order_by("pk"))


def _raise(alert: Alert, some: Sequence[Telling]) -> Iterable[Done]:
    """Make an alert as bad as what is told of it, and yield what that did."""
    alert.flagged = _flag(some) or alert.flagged
    worst = _worst(some)
    if alert.level != WARNED or worst == WARNED:
        return
    alert.level = worst
    yield Done(alert.pk, RAISED, worst.label)
    if alert.state == Alert.State.CLOSED:
        alert.state, alert.closed_at, alert.reason = Alert.State.OPEN, None, ""
        yield Done(alert.pk, REOPENED, worst.label)


def _worst(some: Iterable[Telling]) -> Alert.Level:
    levels = [level_of(one.due.rung, one.due.kind, one.rung) for one in some]
    return next((level for level in levels if level != WARNED), WARNED)


def _flag(some: Iterable[Telling]) -> str:
    return next((one.audience.wrong[:LONGEST] for one in some if one.audience.wrong), "")


def _open(new: Mapping[Wait, Sequence[Telling]], now: datetime) -> dict[Wait, int]:
    """Open alerts for waits that have none; return them by primary key."""
    pks = dict(zip(new, bulk.new_ids(Alert, len(new)), strict=True)) if new else {}
    levels = {wait: _worst(some) for wait, some in new.items()}
    rows = (
        (pks[wait], *wait, levels[wait].value, Alert.State.OPEN.value, now, "", "", _flag(some))
        for wait, some in new.items()
    )
    bulk.insert(Alert, _NEW, rows)
    _note([Done(pks[wait], OPENED, levels[wait].label) for wait in new], now)
    return pks


def _write(rows: Sequence[Alert], done: Sequence[Done], now: datetime) -> None:
    """Write alerts as they are now, and what was done with them."""
    bulk.update(
        Alert, _CHANGED, ((*(getattr(row, name) for name in _CHANGED), row.pk) for row in rows)
    )
    _note(done, now)


def _note(done: Iterable[Done], now: datetime) -> None:
    bulk.insert(AlertEntry, _ENTRY, ((one.alert_id, now, "", one.action, one.note) for one in done))
