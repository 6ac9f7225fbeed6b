"""Emergencies: opening hours that do not hold for a time, declared and ended by hand."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from sla import recomputing
from sla.models import Calendar, Clock, Override


def in_force(*, calendar_id: int, now: datetime) -> QuerySet[Override]:
    """Return the emergencies of a calendar that hold at an instant, the latest first."""
    lasting = Q(ends_at__isnull=True) | Q(ends_at__gt=now)
    rows = Override.objects.filter(lasting, calendar=calendar_id, starts_at__lte=now)
    return rows.select_related("made_by").order_by("-starts_at", "-pk")


def clocks_of(calendar_id: int) -> QuerySet[Clock]:
    """Return the clocks that an emergency of a calendar concerns: those that are not over."""
    standing = (Clock.State.RUNNING, Clock.State.PAUSED)
    return Clock.objects.filter(calendar=calendar_id, state__in=standing)


@transaction.atomic
def declare(*, emergency: Override, now: datetime) -> Override:
    """Have a calendar open or closed from now on, until its end where it has one.

    emergency is not saved yet, and without a start. What was declared before ends. Saying the same
    again changes nothing. Raises ValueError where it would end before it begins.
    """
    if emergency.ends_at and emergency.ends_at <= now:
        raise ValueError(f"an emergency ends later than now: {emergency.ends_at} is over")
    # Held, so that of two who declare at once one comes after the other.
    Calendar.objects.select_for_update().get(pk=emergency.calendar_id)
    standing = in_force(calendar_id=emergency.calendar_id, now=now).first()
    if standing and _said(standing) == _said(emergency):
        return standing
    _end(emergency.calendar_id, now)
    emergency.starts_at = now
    Override.objects.bulk_create([emergency])
    recomputing.order(cause=f"emergency declared: {emergency.calendar}", now=now)
    return emergency


@transaction.atomic
def end(*, calendar_id: int, now: datetime) -> int:
    """Have a calendar's own hours hold again; return how many emergencies ended."""
    calendar = Calendar.objects.select_for_update().get(pk=calendar_id)
    ended = _end(calendar_id, now)
    if ended:
        recomputing.order(cause=f"emergency ended: {calendar}", now=now)
    return ended


def _end(calendar_id: int, now: datetime) -> int:
    standing = in_force(calendar_id=calendar_id, now=now)
    begun_now = standing.filter(starts_at=now).delete()[0]
    return begun_now + standing.update(ends_at=now)


def _said(one: Override) -> tuple[bool, datetime | None, str]:
    return one.opens, one.ends_at, one.reason
