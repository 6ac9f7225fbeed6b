"""What people do with alerts: each step is one entry of the alert's history.

Services take primary keys and return how many alerts changed. An alert that stands so already is
left as it is, so to do it twice is to do it once.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction

from sla.models import Alert, AlertEntry, Clock
from sla.openings import next_openings

State = Alert.State
STANDING: Final = (State.OPEN, State.ACKNOWLEDGED, State.SNOOZED)
# Of alerts whose policy has no ladder, which would say otherwise.
ACKNOWLEDGED_FOR: Final = timedelta(hours=1)
_NOBODY_HAS_IT: Final[Mapping[str, Any]] = {
    "acknowledged_at": None,
    "acknowledged_by": "",
    "acknowledged_until": None,
}


class Action(StrEnum):
    """What an entry of an alert's history says."""

    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    EXPIRED = "acknowledgement ran out"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    SNOOZED = "snoozed"
    WOKE = "woke"
    NOTED = "noted"
    CLOSED = "closed"
    FORCED = "forced"


class Deed(NamedTuple):
    """Who does something, when, and what they say about it. by is "" where DCM does it itself."""

    by: str
    at: datetime
    note: str = ""


@transaction.atomic
def acknowledge(*, alerts: Collection[int], deed: Deed) -> int:
    """Say that somebody looks after alerts; whoever says so first is the one.

    Ladders wait meanwhile: while a breach lasts no longer than the ladder allows, else for ever.
    """
    rows = held(alerts, State.OPEN, State.SNOOZED)
    lasting = _acknowledged_for(rows)
    by_length: dict[timedelta, list[Alert]] = defaultdict(list)
    for row in rows:
        by_length[lasting[row.pk]].append(row)
    for length, same in by_length.items():
        values = {
            "state": State.ACKNOWLEDGED,
            "snoozed_until": None,
            "acknowledged_at": deed.at,
            "acknowledged_by": deed.by,
            "acknowledged_until": deed.at + length if length else None,
        }
        put_down(same, Action.ACKNOWLEDGED, deed, values)
    return len(rows)


@transaction.atomic
def unacknowledge(*, alerts: Collection[int], deed: Deed) -> int:
    """Say that nobody looks after alerts after all: their ladders go on."""
    values = {"state": State.OPEN, **_NOBODY_HAS_IT}
    return put_down(held(alerts, State.ACKNOWLEDGED), Action.UNACKNOWLEDGED, deed, values)


@transaction.atomic
def assign(*, alerts: Collection[int], to: User | None, deed: Deed) -> int:
    """Make alerts somebody's; None: nobody's."""
    rows = [row for row in held(alerts, *STANDING) if row.assigned_to_id != (to.pk if to else None)]
    action = Action.ASSIGNED if to else Action.UNASSIGNED
    said = ": ".join(part for part in (f"to {name_of(to)}" if to else "", deed.note) if part)
    return put_down(rows, action, deed._replace(note=said), {"assigned_to": to})


@transaction.atomic
def snooze(*, alerts: Collection[int], until: datetime, deed: Deed) -> int:
    """Lay alerts aside until an instant. Raises ValueError where that is not later than now."""
    if until <= deed.at:
        raise ValueError(f"a snooze ends later than it begins: {until} is not after {deed.at}")
    return _snooze(alerts, deed, lambda rows: {row.pk: until for row in rows})


@transaction.atomic
def snooze_until_opening(*, alerts: Collection[int], deed: Deed) -> int:
    """Lay alerts aside until their opening hours open next; those that never do are left."""
    return _snooze(alerts, deed, lambda rows: next_openings(rows, after=deed.at))


@transaction.atomic
def note(*, alerts: Collection[int], deed: Deed) -> int:
    """Write something down in the history of alerts, closed ones too."""
    return put_down(held(alerts, *State.values), Action.NOTED, deed, {}) if deed.note else 0


@transaction.atomic
def close(*, alerts: Collection[int], deed: Deed) -> int:
    """Be done with alerts. The reason shown is the note."""
    values = {"closed_at": deed.at, "reason": deed.note[:300], "snoozed_until": None}
    rows = held(alerts, *STANDING)
    return put_down(rows, Action.CLOSED, deed, {"state": State.CLOSED, **values})


def held(alerts: Collection[int], *states: str) -> list[Alert]:
    """Return the alerts that are in some states, held until the transaction ends."""
    rows = Alert.objects.select_for_update().filter(pk__in=alerts, state__in=states)
    return list(rows.order_by("pk"))


def put_down(rows: Sequence[Alert], action: Action, deed: Deed, values: Mapping[str, Any]) -> int:
    """Change alerts that are held, and write down who did it."""
    if values:
        Alert.objects.filter(pk__in=[row.pk for row in rows]).update(**values)
    AlertEntry.objects.bulk_create(
        AlertEntry(alert=row, at=deed.at, actor=deed.by, action=action, note=deed.note)
        for row in rows
    )
    return len(rows)


def reopened() -> Mapping[str, Any]:
    """Return the values of an alert that nobody looks after any more."""
    return {"state": State.OPEN, "snoozed_until": None, **_NOBODY_HAS_IT}


def name_of(user: User) -> str:
    """Return how a user is called in the history."""
    return user.get_full_name() or user.get_username()


def _snooze(
    alerts: Collection[int],
    deed: Deed,
    ends: Callable[[Sequence[Alert]], Mapping[int, datetime]],
) -> int:
    rows = held(alerts, *STANDING)
    until = ends(rows)
    moved = [row for row in rows if until.get(row.pk, row.snoozed_until) != row.snoozed_until]
    by_end: dict[datetime, list[Alert]] = defaultdict(list)
    for row in moved:
        by_end[until[row.pk]].append(row)
    for end, same in by_end.items():
        values = {**reopened(), "state": State.SNOOZED, "snoozed_until": end}
        put_down(same, Action.SNOOZED, deed, values)
    return len(moved)


def _acknowledged_for(rows: Sequence[Alert]) -> dict[int, timedelta]:
    """Return how long an acknowledgement of each alert counts; zero: for ever."""
    clocks = Clock.objects.filter(conversation__in={row.conversation_id for row in rows})
    columns = ("conversation_id", "kind", "policy__ladder__acknowledged_for_s")
    said = {(of, kind): seconds for of, kind, seconds in clocks.values_list(*columns)}
    lasting = {}
    for row in rows:
        seconds = said.get((row.conversation_id, row.kind))
        lasting[row.pk] = ACKNOWLEDGED_FOR if seconds is None else timedelta(seconds=seconds)
    return lasting
