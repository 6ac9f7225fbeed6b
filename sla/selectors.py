"""Reading what clocks are measured by: opening hours, and what policies promise."""

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from chrono.business import BusinessTime
from chrono.emergencies import Emergency, Overlaid
from chrono.hours import Hours
from chrono.schedules import ScheduleHours, Written
from sla.domain import amounts
from sla.domain.terms import NOWHERE, OnChange, PromisedBy, Reopening, Terms
from sla.domain.turns import ON_HOLD, PARKED
from sla.models import BY_HAND, TARGETS, Calendar, Override, Policy, Schedule

Read = dict[str, Any]
# A calendar (None: round the clock), and an earlier version of it (None: as it is now).
HoursKey = tuple[int | None, int | None]

PROMISED: Final = (
    *("calendar_id", "time_unit", *TARGETS, "warnings", "waiting_on_customer_pauses"),
    *("parking_pauses", "holding_pauses", "on_change", "reopening", "forgotten_s", "away_s"),
)


def hours_of(calendar: Calendar) -> BusinessTime:
    """Return a calendar's opening hours. Raises HoursError where they cannot be read."""
    emergencies = emergencies_of([calendar]).get(calendar.pk, ())
    return hours_as_read(read_hours(calendar, schedules_of([calendar])), emergencies)


def read_hours(calendar: Calendar, schedules: Mapping[str, Schedule]) -> Read:
    """Return a calendar's hours as they are written, by hand or in the schedules of its group.

    That is all they are made of, and what versions keep: JSON.
    """
    if not calendar.genesys_id:
        return {name: getattr(calendar, name) for name in BY_HAND}
    closing = (*calendar.closed_schedules, *calendar.holiday_schedules)
    return {
        "timezone": calendar.timezone,
        "opening": _texts(calendar.open_schedules, schedules),
        "closing": _texts(closing, schedules),
    }


def schedules_of(calendars: Iterable[Calendar]) -> dict[str, Schedule]:
    """Return the active schedules that schedule groups name, by Genesys id: one query at most."""
    groups = [calendar for calendar in calendars if calendar.genesys_id]
    ids = {
        genesys_id
        for group in groups
        for named in (group.open_schedules, group.closed_schedules, group.holiday_schedules)
        for genesys_id in named
    }
    if not ids:
        return {}
    found = Schedule.objects.filter(genesys_id__in=ids)
    return {row.genesys_id: row for row in found if row.state in {"", "active"}}


def emergencies_of(calendars: Iterable[Calendar]) -> dict[int, tuple[Emergency, ...]]:
    """Return the emergencies of calendars by primary key: one query. One not saved has none."""
    found: dict[int, tuple[Emergency, ...]] = {}
    pks = [pk for pk in (calendar.pk for calendar in calendars) if pk]
    rows = Override.objects.filter(calendar__in=pks).order_by("starts_at", "pk")
    for row in rows:
        emergency = Emergency(row.opens, row.starts_at, row.ends_at, row.reason)
        found[row.calendar_id] = (*found.get(row.calendar_id, ()), emergency)
    return found


def hours_as_read(read: Read, emergencies: tuple[Emergency, ...] = ()) -> BusinessTime:
    """Return the hours of a calendar as they are, or were once, read; emergencies hold always.

    Raises HoursError where they cannot be read.
    """
    return _overlaid(json.dumps(read, sort_keys=True), emergencies)


def terms_of(policy: Policy, hours: BusinessTime, promised_by: PromisedBy = NOWHERE) -> Terms:
    """Return what a policy promises within opening hours; promised_by tells the versions of both.

    Raises ValueError where its warnings cannot be read.
    """
    warnings, warn_percents = amounts.warnings(policy.warnings)
    return Terms(
        hours=hours,
        first_response=_seconds(policy.first_response_s),
        next_response=_seconds(policy.next_response_s),
        resolution=_seconds(policy.resolution_s),
        warnings=warnings,
        warn_percents=warn_percents,
        waiting_on_customer_pauses=policy.waiting_on_customer_pauses,
        pausing=_pausing(policy),
        on_change=OnChange(policy.on_change),
        reopening=Reopening(policy.reopening),
        forgotten=_seconds(policy.forgotten_s),
        away=_seconds(policy.away_s),
        promised_by=promised_by,
    )


def written_terms(policy: Policy) -> dict[str, Any]:
    """Return what a policy promises as its versions keep it: JSON by its field names."""
    return {name: getattr(policy, name) for name in PROMISED}


def as_written(policy: Policy, terms: Mapping[str, Any]) -> Policy:
    """Return a policy as one of its versions has it; what that does not tell is as it is new."""
    known = {name: terms[name] for name in PROMISED if name in terms}
    return Policy(pk=policy.pk, name=policy.name, told_from=policy.told_from, **known)


def _pausing(policy: Policy) -> frozenset[str]:
    named = {PARKED: policy.parking_pauses, ON_HOLD: policy.holding_pauses}
    return frozenset(reason for reason, pauses in named.items() if pauses)


def _texts(genesys_ids: Iterable[str], schedules: Mapping[str, Schedule]) -> list[list[str]]:
    rows = (schedules[genesys_id] for genesys_id in genesys_ids if genesys_id in schedules)
    return [[str(row), row.starts, row.ends, row.rrule] for row in rows]


@lru_cache(maxsize=256)
def _overlaid(written: str, emergencies: tuple[Emergency, ...]) -> BusinessTime:
    return Overlaid(_built(written), emergencies) if emergencies else _built(written)


# A table of intervals takes milliseconds to build and serves every conversation: keep it.
@lru_cache(maxsize=256)
def _built(written: str) -> BusinessTime:
    read = json.loads(written)
    if "opening" not in read:
        return Hours.of(**read)
    opening, closing = (tuple(Written(*texts) for texts in read[n]) for n in ("opening", "closing"))
    return ScheduleHours.of(timezone=read["timezone"], opening=opening, closing=closing)


def _seconds(amount: int | None) -> timedelta | None:
    return None if amount is None else timedelta(seconds=amount)
