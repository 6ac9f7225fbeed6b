"""Orders to read what may have been missed: a WebSocket repeats nothing.

Listener and reader are different processes. The order stands in the row of the road RECONCILE,
where many of them are one: to read from the earliest instant on. Each moves that instant, so that
a reading which began before it does not take it back. The task is only woken.
"""

import logging
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from celery import current_app
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Least

from integrations.models import Watermark

logger = logging.getLogger(__name__)

RECONCILE: Final = "genesys.reconcile"
TASK: Final = "integrations.genesys.reconcile"
# Clocks differ, and an event is on its way for a while.
MARGIN: Final = timedelta(seconds=15)
# How far back to read where nobody knows what was heard last.
UNKNOWN: Final = timedelta(minutes=15)
EXPIRES_S: Final = 60
# By so much an order moves the instant where it asks for nothing that was not ordered already.
NOTCH: Final = timedelta(milliseconds=1)


class Missed(NamedTuple):
    """What may have been missed: everything since an instant; None where nobody knows it."""

    since: datetime | None
    reason: str
    now: datetime


def order(*, since: datetime | None, now: datetime, reason: str) -> datetime:
    """Order a reading of everything since an instant; return from when on it will read."""
    start = (since or now - UNKNOWN) - MARGIN
    with transaction.atomic():
        Watermark.objects.get_or_create(road=RECONCILE)
        Watermark.objects.filter(road=RECONCILE).update(
            ordered_from=Least(Coalesce(F("ordered_from") - NOTCH, start), start)
        )
    extra = {"since": start.isoformat(), "reason": reason}
    logger.info("notifications.reading_ordered", extra=extra)
    return start


def wake_reader() -> None:
    """Tell the broker that a reading is ordered. It may take long, and raise what it likes."""
    current_app.send_task(TASK, expires=EXPIRES_S, retry=False, ignore_result=True)


def ordered() -> datetime | None:
    """Return from when on a reading is ordered; None where none is."""
    rows = Watermark.objects.filter(road=RECONCILE)
    return rows.values_list("ordered_from", flat=True).first()


def done(*, since: datetime) -> bool:
    """Take an order back that was carried out; False where another came meanwhile: read again.

    since is what ordered() returned before the reading.
    """
    rows = Watermark.objects.filter(road=RECONCILE, ordered_from=since)
    return bool(rows.update(ordered_from=None))
