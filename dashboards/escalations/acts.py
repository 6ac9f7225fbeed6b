"""What a reader does on the escalations page, as its forms tell it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from dashboards import format as write
from dashboards.escalations.reading import assignable
from dashboards.numbers import is_number
from sla import alerts
from sla.alerts import Deed, name_of
from sla.models import Alert

LONGEST_NOTE: Final = 1_000
MOST: Final = 500
SNOOZES: Final = (15, 30, 60)  # minutes
OPENING: Final = "opening"


class ActError(Exception):
    """Why a form cannot be done, in words for its reader."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be done with which alerts. of is what the act needs: minutes, a person."""

    name: str
    of: str
    alerts: tuple[int, ...]
    note: str

    @classmethod
    def read(cls, told: Mapping[str, str], chosen: list[str]) -> "Act":
        """Read a form: do is a name, or a name and what it needs (snooze:15).

        Raises ActError where it says nothing that can be done.
        """
        name, _, of = told.get("do", "").partition(":")
        if name not in ACTS:
            raise ActError("Nothing was done: choose what to do.")
        pks = tuple(int(pk) for pk in chosen if is_number(pk))[:MOST]
        if not pks:
            raise ActError("Nothing was done: tick the escalations that are meant.")
        note = told.get("note", "").strip()[:LONGEST_NOTE]
        return cls(name, of or told.get("to", ""), pks, note)


def perform(act: Act, *, user: User, now: datetime, zone: ZoneInfo) -> str:
    """Do it, and return in words what was done, with times in the reader's zone.

    Raises ActError where it cannot be.
    """
    done, words = ACTS[act.name](act, Deed(name_of(user), now, act.note))
    left = len(set(act.alerts)) - done
    if not done:
        return f"Nothing changed: {WHY_NOT[act.name]}."
    if act.of == OPENING:
        words += _until(act, now, zone)
    rest = f" {write.count(left)} stood so already, or could not be." if left else ""
    return f"{words}: {write.plural(done, 'escalation')}.{rest}"


def _acknowledge(act: Act, deed: Deed) -> tuple[int, str]:
    return alerts.acknowledge(alerts=act.alerts, deed=deed), "Acknowledged"


def _unacknowledge(act: Act, deed: Deed) -> tuple[int, str]:
    return alerts.unacknowledge(alerts=act.alerts, deed=deed), "No longer acknowledged"


def _assign(act: Act, deed: Deed) -> tuple[int, str]:
    to = None
    if act.of:
        to = next((one for one in assignable() if str(one.pk) == act.of), None)
        if to is None:
            raise ActError("Nothing was done: that person may not look after escalations.")
    words = f"Assigned to {name_of(to)}" if to else "Assigned to nobody"
    return alerts.assign(alerts=act.alerts, to=to, deed=deed), words


def _snooze(act: Act, deed: Deed) -> tuple[int, str]:
    if act.of == OPENING:
        return alerts.snooze_until_opening(alerts=act.alerts, deed=deed), "Snoozed until opening"
    if act.of not in map(str, SNOOZES):
        raise ActError("Nothing was done: choose for how long to snooze.")
    until = deed.at + timedelta(minutes=int(act.of))
    return alerts.snooze(alerts=act.alerts, until=until, deed=deed), f"Snoozed for {act.of} min"


def _until(act: Act, now: datetime, zone: ZoneInfo) -> str:
    """Say when alerts that were snoozed wake: the first and the last where hours differ."""
    rows = Alert.objects.filter(pk__in=act.alerts, state=Alert.State.SNOOZED)
    ends = sorted({at for at in rows.values_list("snoozed_until", flat=True) if at})
    told = [write.wall(at, now=now, zone=zone) for at in dict.fromkeys((*ends[:1], *ends[-1:]))]
    return f", {' to '.join(told)}" if told else ""


def _note(act: Act, deed: Deed) -> tuple[int, str]:
    if not act.note:
        raise ActError("Nothing was done: write the note.")
    return alerts.note(alerts=act.alerts, deed=deed), "Noted"


def _close(act: Act, deed: Deed) -> tuple[int, str]:
    return alerts.close(alerts=act.alerts, deed=deed), "Closed"


ACTS: Final[Mapping[str, Callable[[Act, Deed], tuple[int, str]]]] = {
    "acknowledge": _acknowledge,
    "unacknowledge": _unacknowledge,
    "assign": _assign,
    "snooze": _snooze,
    "note": _note,
    "close": _close,
}
WHY_NOT: Final[Mapping[str, str]] = {
    "acknowledge": "somebody has acknowledged it already, or it is closed",
    "unacknowledge": "it is not acknowledged",
    "assign": "it is theirs already, or it is closed",
    "snooze": "it is closed, or its opening hours do not open again",
    "note": "it is no more",
    "close": "it is closed already",
}
