"""Writing the schedules and schedule groups that Genesys has."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q

from conversations import listings
from conversations.listings import Written
from sla import recomputing, versions
from sla.models import Calendar, Schedule


class ScheduleFact(NamedTuple):
    """A schedule. starts and ends are local, without a zone: 2026-01-05T09:00:00.000."""

    genesys_id: str
    name: str
    state: str
    starts: str
    ends: str
    rrule: str = ""


class GroupFact(NamedTuple):
    """A schedule group: an IANA zone, and the ids of its schedules."""

    genesys_id: str
    name: str
    timezone: str
    open_schedules: tuple[str, ...] = ()
    closed_schedules: tuple[str, ...] = ()
    holiday_schedules: tuple[str, ...] = ()


@transaction.atomic
def write_schedules(*, schedules: Iterable[ScheduleFact], now: datetime) -> Written:
    """Write the organisation's schedules; one that is gone has the state deleted.

    Where anything differs, the clocks of open conversations are ordered to be computed anew.
    """
    rows = {schedule.genesys_id: _columns(schedule) for schedule in schedules}
    return _heard(
        listings.write(Schedule, rows=rows, vanished={"state": "deleted"}), "schedules", now
    )


@transaction.atomic
def write_groups(*, groups: Iterable[GroupFact], now: datetime) -> Written:
    """Write the organisation's schedule groups as calendars; one that is gone stays as it was.

    Policies may rest on it, and closing all their hours at once would stop every clock. Where
    anything differs, the clocks of open conversations are ordered to be computed anew.
    """
    rows = {group.genesys_id: _columns(group) for group in groups}
    return _heard(
        listings.write(Calendar, rows=rows, scope=~Q(genesys_id="")), "schedule groups", now
    )


def _heard(written: Written, what: str, now: datetime) -> Written:
    if any(written):
        groups = Calendar.objects.exclude(genesys_id="")
        versions.note_calendars(calendars=groups, now=now)
        recomputing.order(cause=f"Genesys's {what} changed", now=now)
    return written


def _columns(fact: ScheduleFact | GroupFact) -> listings.Columns:
    columns = fact._asdict()
    del columns["genesys_id"]
    return {name: list(v) if isinstance(v, tuple) else v for name, v in columns.items()}
