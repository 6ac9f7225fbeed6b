"""History, loaded day by day: what happened then is in the mirror, and nobody's news any more."""

from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import QuerySet, Sum

from integrations import watermarks
from integrations.genesys import history
from integrations.genesys.client import Client
from integrations.genesys.history import OPEN, State, Work
from integrations.models import HistoryDay
from integrations.watermarks import Told, quiet

BACKFILL: Final = "genesys.backfill"


class Progress(NamedTuple):
    """How far a range of days has come. waiting days have no data to be asked for yet."""

    days: int
    done: int
    failed: int
    waiting: int
    conversations: int

    @property
    def is_over(self) -> bool:
        """Nothing more can be done now."""
        return self.done + self.failed + self.waiting == self.days


def to_load(*, first: date, last: date, restart: bool = False) -> int:
    """Return for how many days plan would have jobs ordered."""
    done = 0 if restart else _rows(first, last).filter(state=State.DONE).count()
    return (last - first).days + 1 - done


def plan(*, first: date, last: date, restart: bool = False) -> Progress:
    """Write down which days to load; those that are loaded stay so, unless restart is asked for.

    Days that were given up are tried anew.
    """
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    HistoryDay.objects.bulk_create(
        [HistoryDay(road=BACKFILL, day=day) for day in days], ignore_conflicts=True
    )
    rows = _rows(first, last)
    anew = rows if restart else rows.filter(state=State.FAILED)
    history.wanted_anew(anew.order_by("day"))
    return progress(first=first, last=last)


def backfill(
    *, client: Client, first: date, last: date, now: datetime, tell: Told = quiet
) -> Progress:
    """Bring the planned days further; the row of each says where it stands.

    To be called until it is over, with a pause: jobs take their time. Nothing that comes of it is
    told to other systems. Raises RoadBusyError while another one is at it, TemporaryError where it
    is to be tried again, PermanentError where somebody must act.
    """
    with watermarks.run(BACKFILL, clock=client.clock) as run:
        work = Work(run, client, now, historic=True, tell=tell)
        days = _rows(first, last).filter(state__in=OPEN).values_list("day", flat=True)
        work.go_on(list(days))
        waiting = _rows(first, last).filter(state=State.WAITING, day__gte=work.available.date())
        found = progress(first=first, last=last)._replace(waiting=waiting.count())
        run.detail = f"{first} to {last}: {found.done} of {found.days} days loaded"
    return found


def progress(*, first: date, last: date) -> Progress:
    """Return how far the days have come."""
    rows = _rows(first, last)
    return Progress(
        days=rows.count(),
        done=rows.filter(state=State.DONE).count(),
        failed=rows.filter(state=State.FAILED).count(),
        waiting=0,
        conversations=rows.aggregate(sum=Sum("conversations"))["sum"] or 0,
    )


def _rows(first: date, last: date) -> QuerySet[HistoryDay]:
    return HistoryDay.objects.filter(road=BACKFILL, day__range=(first, last))
