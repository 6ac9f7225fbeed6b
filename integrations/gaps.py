"""What a road has missed: noticed once, told once, filled by the run that reads it after all.

A road goes on from its watermark, so a time in which it did not run is read by its next success;
until then, and afterwards too, the row says what was missing, and why.
"""

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Coalesce, Greatest

from integrations.models import Gap, Watermark

logger = logging.getLogger(__name__)

DAY: Final = timedelta(days=1)
# A road is late once so many of its cycles have gone by, and at least so long.
LATE_CYCLES: Final = 3
LATE_AT_LEAST: Final = timedelta(minutes=3)
# Roads that read only what was ordered: when they last did so tells nothing.
UNPACED: Final = frozenset({"genesys.reconcile"})
NOTHING_RAN: Final = "no run in all this time: the worker or beat was down"


def pace(road: str) -> timedelta | None:
    """Return how often beat sends a road's task; None where none is expected to read each time."""
    if road in UNPACED:
        return None
    app, _, name = road.rpartition(".")
    tasks = (f"integrations.{app}.{name}", f"integrations.{app}.read_{name}")
    paces = schedule()
    return next((paces[task] for task in tasks if task in paces), None)


def schedule() -> dict[str, timedelta]:
    """Return how often beat sends each task."""
    entries = settings.CELERY_BEAT_SCHEDULE.values()
    return {entry["task"]: _length(entry["schedule"]) for entry in entries}


def patience(road: str) -> timedelta | None:
    """Return how long a road may go without getting on before it is late."""
    every = pace(road)
    return None if every is None else allowance(every)


def allowance(every: timedelta) -> timedelta:
    """Return how long what runs so often may fail to run before it is late."""
    return max(LATE_CYCLES * every, LATE_AT_LEAST)


def watch(*, now: datetime) -> int:
    """Notice which roads have not got on for too long; return how many gaps are new."""
    return sum(
        look(row, now=now, began=row.started_at) for row in Watermark.objects.order_by("road")
    )


def look(row: Watermark, *, now: datetime, began: datetime | None = None) -> bool:
    """Notice a gap where a road has not got on for too long. Doing it twice is doing it once.

    began is when its last run did: one that failed, or left its requests to others, says why.
    """
    allowed = patience(row.road)
    if allowed is None or row.read_to is None or now - row.read_to <= allowed:
        return False
    if Gap.objects.filter(road=row.road, end=None, filled_at=None).exists():
        return False
    ran = row.failing_since or (began is not None and now - began <= allowed)
    reason = row.detail if ran else NOTHING_RAN
    return notice(road=row.road, start=row.read_to, now=now, reason=reason)


def notice(
    *, road: str, start: datetime, now: datetime, reason: str, end: datetime | None = None
) -> bool:
    """Write a gap down and log it; False where it is known already."""
    _, new = Gap.objects.get_or_create(
        road=road,
        start=start,
        filled_at=None,
        defaults={"end": end, "noticed_at": now, "reason": reason},
    )
    if new:
        told: dict[str, Any] = {"road": road, "since": start.isoformat(), "reason": reason}
        logger.warning("road.gap", extra=told)
    return new


def fill(*, road: str, up_to: datetime, now: datetime) -> int:
    """Note that a road has now read all up to an instant; return how many gaps that fills."""
    growing = Q(end__isnull=True, start__lte=up_to)
    rows = Gap.objects.filter(growing | Q(end__lte=up_to), road=road, filled_at=None)
    return _filled(rows, road, up_to, now)


def fill_one(*, road: str, start: datetime, now: datetime) -> int:
    """Note that what a gap named by its start lacked is read."""
    rows = Gap.objects.filter(road=road, start=start, filled_at=None)
    return _filled(rows, road, start, now)


def _filled(rows: Any, road: str, up_to: datetime, now: datetime) -> int:
    ends = Greatest(Coalesce("end", up_to), "start")
    count: int = rows.update(filled_at=now, end=ends)
    if count:
        logger.info("road.gap_filled", extra={"road": road, "up_to": up_to.isoformat()})
    return count


def _length(told: Any) -> timedelta:
    """Return the length of a schedule's cycle; one by the hour of the day means once a day."""
    if isinstance(told, timedelta):
        return told
    return timedelta(seconds=told) if isinstance(told, int | float) else DAY
