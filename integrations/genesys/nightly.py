"""The last seven days once more, each night: Genesys corrects its data for days after the fact."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Max

from integrations import watermarks
from integrations.genesys import history
from integrations.genesys.client import Client
from integrations.genesys.history import OPEN, State, Work
from integrations.genesys.reading import Read
from integrations.models import HistoryDay
from integrations.watermarks import Told, quiet

NIGHTLY: Final = "genesys.nightly"
DAYS: Final = 7
# Nights that were missed are made up for so far back.
MOST_DAYS: Final = 31


def nightly(*, client: Client, now: datetime, tell: Told = quiet) -> Read:
    """Bring this night's reconciliation further; where all is done, do nothing.

    Beat sends it every minute: jobs take their time, and nobody waits for them. A day is read as
    soon as all its data is there. Raises RoadBusyError, TemporaryError, PermanentError.
    """
    with watermarks.run(NIGHTLY, clock=client.clock) as run:
        night = night_of(now)
        if not HistoryDay.objects.filter(road=NIGHTLY, wanted_for=night).exists():
            _plan(night, now)
        rows = HistoryDay.objects.filter(road=NIGHTLY, state__in=OPEN)
        work = Work(run, client, now, tell=tell)
        read = work.go_on(rows.values_list("day", flat=True))
        run.detail = _told(night, read)
    return read


def night_of(now: datetime) -> date:
    """Return the date on which the latest night's work began: at NIGHTLY_HOUR, local time."""
    local = now.astimezone(ZoneInfo(settings.TIME_ZONE))
    return local.date() - timedelta(days=local.hour < settings.NIGHTLY_HOUR)


def _plan(night: date, now: datetime) -> None:
    """Write down which days this night is to read: the last seven, and those that were missed."""
    rows = HistoryDay.objects.filter(road=NIGHTLY)
    for row in rows.exclude(state=State.DONE).order_by("day"):
        history.note_missing(row, now=now)
    first, oldest = night - timedelta(days=DAYS), night - timedelta(days=MOST_DAYS)
    last = rows.aggregate(last=Max("day"))["last"]
    if last:
        first = max(min(first, last + timedelta(days=1)), oldest)
    wanted = [first + timedelta(days=n) for n in range((night - first).days)]
    known = set(rows.filter(day__in=wanted).values_list("day", flat=True))
    HistoryDay.objects.bulk_create(
        [HistoryDay(road=NIGHTLY, day=day) for day in wanted if day not in known],
        ignore_conflicts=True,
    )
    history.wanted_anew(rows.filter(day__in=wanted).order_by("day"), night=night)
    missed = rows.filter(day__gte=oldest, day__lt=first).exclude(state=State.DONE)
    history.wanted_anew(missed.order_by("day"), night=night)


def _told(night: date, read: Read) -> str:
    rows = HistoryDay.objects.filter(road=NIGHTLY, wanted_for=night)
    done = rows.filter(state=State.DONE).count()
    return f"night of {night}: {done} of {rows.count()} days read; {read}"
