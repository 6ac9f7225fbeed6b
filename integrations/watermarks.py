"""One run of a road at a time: a lease in the road's row, taken by compare-and-set.

A run that dies leaves its lease behind; it counts for nothing once it is past. Whoever has lost
the lease can no longer move the watermark.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from integrations import gaps
from integrations.errors import BudgetSpentError, RoadBusyError, in_words
from integrations.models import Watermark

Told = Callable[[str], None]

LEASE: Final = timedelta(minutes=3)
LONGEST_DETAIL: Final = 1000


def quiet(_: str) -> None:
    """Tell nobody how far a run is: its row says how it went."""


@dataclass(slots=True)
class Run:
    """A run that holds the lease of its road. read_to is where the last one got to.

    place is where one that stopped in the middle wants to go on; a success forgets it.
    """

    road: str
    clock: Callable[[], datetime]
    read_to: datetime | None
    leased_until: datetime
    detail: str = ""
    place: dict[str, Any] = field(default_factory=dict)
    succeeded_at: datetime | None = None

    def go_on(self) -> None:
        """Keep the lease; call it between requests.

        Raises RoadBusyError where another run has taken it meanwhile.
        """
        now = self.clock()
        if self.leased_until - now < LEASE / 2:
            self._write(leased_until=now + LEASE)
            self.leased_until = now + LEASE

    def advance(self, to: datetime) -> None:
        """Move the watermark forward; never back."""
        if self.read_to is None or to > self.read_to:
            self._write(read_to=to)
            self.read_to = to

    def keep(self, place: dict[str, Any]) -> None:
        """Remember where to go on, should this run be stopped."""
        self._write(place=place)
        self.place = place

    def _write(self, **columns: object) -> None:
        mine = Watermark.objects.filter(road=self.road, leased_until=self.leased_until)
        if not mine.update(**columns):
            raise RoadBusyError(f"{self.road}: the lease was lost to another run")


@contextmanager
def run(road: str, *, clock: Callable[[], datetime]) -> Iterator[Run]:
    """Take the lease of a road for one run, and write down how it went.

    What the road has missed until now is noticed as the run begins, and filled as it succeeds.
    Raises RoadBusyError where another run holds it.
    """
    held = _claim(road, clock)
    try:
        yield held
    except BudgetSpentError as error:
        # Nothing failed: the next run goes on from where this one stopped.
        _release(held, detail=str(error)[:LONGEST_DETAIL])
        raise
    except Exception as error:
        _failed(held, error)
        raise
    except BaseException:
        _release(held)
        raise
    _succeeded(held)


def _claim(road: str, clock: Callable[[], datetime]) -> Run:
    now = clock()
    row, _ = Watermark.objects.get_or_create(road=road)
    began, until = row.started_at, now + LEASE
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    if not Watermark.objects.filter(free, pk=row.pk).update(leased_until=until, started_at=now):
        raise RoadBusyError(f"{road}: another run is under way")
    row.refresh_from_db()
    gaps.look(row, now=now, began=began)
    return Run(road, clock, row.read_to, until, place=row.place, succeeded_at=row.succeeded_at)


def _release(held: Run, **columns: object) -> None:
    """Give the lease back, if it is still ours."""
    mine = Watermark.objects.filter(road=held.road, leased_until=held.leased_until)
    mine.update(leased_until=None, **columns)


def _succeeded(held: Run) -> None:
    now = held.clock()
    _release(held, succeeded_at=now, failing_since=None, detail=held.detail, place={})
    if held.read_to:
        gaps.fill(road=held.road, up_to=held.read_to, now=now)


def _failed(held: Run, error: Exception) -> None:
    since = Coalesce(F("failing_since"), held.clock())
    _release(held, detail=in_words(error)[:LONGEST_DETAIL], failing_since=since)


def note(road: str, *, at: datetime, detail: str, failed: bool = False) -> None:
    """Write down how a road does that takes no lease, since many may read at once."""
    row, _ = Watermark.objects.get_or_create(road=road)
    Watermark.objects.filter(pk=row.pk).update(
        detail=detail[:LONGEST_DETAIL],
        **(
            {"failing_since": Coalesce(F("failing_since"), at)}
            if failed
            else {"failing_since": None, "succeeded_at": at, "read_to": at}
        ),
    )
