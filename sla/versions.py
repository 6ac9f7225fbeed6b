"""Versions: what policies promised and what calendars said, from when on. Added, never changed."""

import logging
from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Max, Q

from chrono.errors import HoursError
from sla.models import Calendar, CalendarVersion, Policy, PolicyVersion
from sla.selectors import hours_as_read, read_hours, schedules_of, written_terms

logger = logging.getLogger(__name__)


@transaction.atomic
def note_policy(*, policy: Policy, now: datetime) -> PolicyVersion | None:
    """Add a version of a policy if it promises other than its latest one says; return it."""
    Policy.objects.select_for_update(no_key=True).get(pk=policy.pk)
    latest = policy.versions.order_by("number").last()
    terms = written_terms(policy)
    if latest and latest.terms == terms:
        return None
    return PolicyVersion.objects.create(
        policy=policy,
        number=latest.number + 1 if latest else 1,
        valid_from=max(now, latest.valid_from) if latest else now,
        terms=terms,
    )


def tell_from_now(*, policies: Iterable[int], now: datetime) -> int:
    """Have what policies (by primary key) find late already alert nobody; return of how many.

    For changes that are in no version: of what they cover, of whose hours, of whom they tell.
    """
    return Policy.objects.filter(pk__in=policies).update(told_from=now)


@transaction.atomic
def note_calendars(*, calendars: Iterable[Calendar], now: datetime) -> int:
    """Add a version of each calendar whose hours differ from its latest; return of how many.

    Hours that cannot be read promise nothing: they get no version, and clocks stand still.
    """
    pks = sorted(calendar.pk for calendar in calendars)
    rows = Calendar.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
    held = list(rows)
    schedules = schedules_of(held)
    latest = _latest(pks)
    added = []
    for calendar in held:
        hours, known = read_hours(calendar, schedules), latest.get(calendar.pk)
        if known and known.hours == hours:
            continue
        try:
            hours_as_read(hours)
        except HoursError as error:
            details = {"calendar": calendar.pk, "reason": str(error)}
            logger.warning("sla.hours_without_version", extra=details)
            continue
        added.append(
            CalendarVersion(
                calendar=calendar,
                number=known.number + 1 if known else 1,
                valid_from=max(now, known.valid_from) if known else now,
                hours=hours,
            )
        )
    CalendarVersion.objects.bulk_create(added)
    return len(added)


def _latest(pks: Iterable[int]) -> dict[int, CalendarVersion]:
    """Return the latest version of calendars by the calendars' primary keys."""
    rows = CalendarVersion.objects.filter(calendar__in=pks)
    numbers = dict(rows.values_list("calendar").annotate(Max("number")))
    named = (Q(calendar=pk, number=number) for pk, number in numbers.items())
    found = rows.filter(reduce(or_, named)) if numbers else ()
    return {version.calendar_id: version for version in found}
