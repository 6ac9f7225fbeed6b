"""Calls to destinations: carried by threads, and noted when they come back.

Threads do not speak to the database. What could not be noted, since the database was away, is noted
later, as long as the lease lasts.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from django.db import OperationalError, connection

from integrations.domain.delivery import Outcome, Parcel, Result
from integrations.outbox import outcomes
from integrations.outbox.claims import LEASE
from integrations.outbox.kinds import Kind, Letter
from integrations.outbox.outcomes import Tried

logger = logging.getLogger(__name__)

# Made as they are needed. A destination fills its own places only; more than that is not begun.
THREADS: Final = 128
# How long to wait before the database is asked again that was away.
AGAIN_AFTER_S: Final = 0.5


@dataclass(slots=True)
class Call:
    """Letters that one thread carries to one destination."""

    destination_id: int
    kind: Kind[Any]
    parcels: Sequence[Parcel]
    begun_at: datetime


@dataclass(slots=True)
class Calls:
    """What is under way, and what has come back and is not noted yet, by destination."""

    now: Callable[[], datetime]
    under_way: dict[Future[list[Outcome]], Call] = field(default_factory=dict)
    back: dict[int, tuple[Kind[Any], list[Tried]]] = field(default_factory=dict)
    tried: int = 0
    through: int = 0

    def __bool__(self) -> bool:
        return bool(self.under_way or self.back)

    @property
    def room(self) -> int:
        """How many more may be begun."""
        return THREADS - len(self.under_way)

    def began_before(self, then: datetime) -> bool:
        """Tell whether all that is under way began before an instant."""
        return all(call.begun_at <= then for call in self.under_way.values())

    def begin(
        self, destination_id: int, kind: Kind[Any], settings: Any, letters: Sequence[Letter]
    ) -> None:
        """Have letters carried, pace.batch to a call."""
        for start in range(0, len(letters), kind.pace.batch):
            some = letters[start : start + kind.pace.batch]
            call = Call(destination_id, kind, [one.parcel for one in some], self.now())
            self.under_way[_threads().submit(_carry, kind, settings, some)] = call

    def keep(self, destination_id: int, kind: Kind[Any], tried: Sequence[Tried]) -> None:
        """Keep what became of parcels until it is noted."""
        if tried:
            self.back.setdefault(destination_id, (kind, []))[1].extend(tried)

    def collect(self, timeout_s: float) -> None:
        """Keep what has come back; wait for it where nothing has."""
        if self.under_way:
            wait(self.under_way, timeout=timeout_s, return_when=FIRST_COMPLETED)
        for future, call in list(self.under_way.items()):
            if future.done():
                del self.under_way[future]
                told = zip(call.parcels, future.result(), strict=True)
                tried = [Tried(parcel, outcome, call.begun_at) for parcel, outcome in told]
                self.keep(call.destination_id, call.kind, tried)
            elif call.begun_at + LEASE < self.now():
                logger.error("outbox.never_came_back", extra={"kind": call.kind.name})
                del self.under_way[future]

    def note(self) -> list[int]:
        """Note what has come back, all of one destination at once; return of which ones.

        Raises OperationalError where the database is away; what is not noted is kept.
        """
        noted = []
        for destination_id, (kind, tried) in list(self.back.items()):
            try:
                self.through += outcomes.note(
                    destination_id=destination_id, kind=kind, tried=tried, now=self.now()
                )
            except OperationalError:
                connection.close_if_unusable_or_obsolete()
                raise
            except Exception:
                # Its lease runs out, and it is in doubt. Others must not come to that.
                logger.exception("outbox.not_noted", extra={"destination": destination_id})
            del self.back[destination_id]
            self.tried += len(tried)
            noted.append(destination_id)
        return noted

    def finish(self, timeout_s: float) -> list[int]:
        """Wait for a moment and note what has come back, as often as it takes until all is noted.

        A step of it: call it while anything is left. What is older than its lease is let go.
        """
        self.collect(timeout_s)
        self._let_go()
        try:
            return self.note()
        except OperationalError as error:
            logger.warning("outbox.noted_later", extra={"error": type(error).__name__})
            time.sleep(AGAIN_AFTER_S)  # noqa: TID251 - an answer is held in hand
            return []

    def _let_go(self) -> None:
        for destination_id, (kind, tried) in list(self.back.items()):
            left = [one for one in tried if one.begun_at + LEASE >= self.now()]
            self.back[destination_id] = (kind, left)
            if not left:
                del self.back[destination_id]


def _carry(kind: Kind[Any], settings: Any, letters: Sequence[Letter]) -> list[Outcome]:
    """Send letters, in a thread; whatever happens, there is an outcome for each."""
    began = time.monotonic()
    try:
        found = list(kind.send(settings, letters))
        if len(found) != len(letters):
            raise ValueError(f"{len(found)} outcomes of {len(letters)} letters")  # noqa: TRY301
    except BaseException as error:
        logger.exception("outbox.failed", extra={"kind": kind.name})
        reason = f"internal error ({type(error).__name__}): see the worker's log"
        found = [Outcome(Result.LOST, reason, blames_them=False)] * len(letters)
    took_ms = round((time.monotonic() - began) * 1000)
    return [one if one.duration_ms else one._replace(duration_ms=took_ms) for one in found]


@cache
def _threads() -> ThreadPoolExecutor:
    """Return the threads of this process: made by the first run after a fork."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="deliver")


def pause(seconds: float) -> None:
    """Let a moment pass: a destination's pace is waited for."""
    time.sleep(seconds)  # noqa: TID251 - less than a tenth of a second


def forward(started_at: datetime) -> Callable[[], datetime]:
    """Return a clock that goes on from an instant, whatever becomes of the machine's."""
    # Up to the next millisecond: instants in our own statements have no finer ones.
    start, began = (
        started_at + timedelta(microseconds=-started_at.microsecond % 1000),
        time.monotonic(),
    )
    return lambda: start + timedelta(milliseconds=round((time.monotonic() - began) * 1000))
