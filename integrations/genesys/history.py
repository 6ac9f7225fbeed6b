"""Days read by asynchronous jobs, step by step: each step's outcome stands in the day's row.

A job takes minutes, and nobody waits for it: one run submits, a later one looks, another reads. So
a worker that dies, or a job that expires, costs no more than that step.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from chrono.spans import Span
from integrations import gaps
from integrations.errors import (
    MalformedAnswerError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    TemporaryError,
)
from integrations.genesys import jobs
from integrations.genesys.asking import TRIES
from integrations.genesys.client import Client
from integrations.genesys.queries import DAY
from integrations.genesys.reading import Read, taken_as_of
from integrations.genesys.rounds import answered
from integrations.models import HistoryDay
from integrations.watermarks import Run, Told, quiet

logger = logging.getLogger(__name__)

State = HistoryDay.State
OPEN: Final = (State.WAITING, State.SUBMITTED, State.READING)
MOST_JOBS: Final = 3
MOST_ATTEMPTS: Final = 5
# A job that is still under way then has been forgotten by Genesys.
LONGEST_JOB: Final = timedelta(hours=6)
BACKOFF: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))


@dataclass(slots=True)
class Work:
    """What brings the days of one road further, within one run."""

    run: Run
    client: Client
    now: datetime
    historic: bool = False
    tell: Told = quiet
    read: Read = field(default_factory=Read)
    _available: datetime | None = field(default=None, init=False)

    def go_on(self, days: Iterable[date]) -> Read:
        """Bring each of these days one step further or to its end, the latest first.

        Raises RateLimitedError at once, another TemporaryError once each day had its turn: the next
        run goes on from there.
        """
        rows = HistoryDay.objects.filter(road=self.run.road, day__in=list(days), state__in=OPEN)
        failed: TemporaryError | None = None
        for row in sorted(rows, key=_urgency):
            if row.due_at and row.due_at > self.now:
                continue
            try:
                self._further(row)
            except (NotFoundError, RefusedError, MalformedAnswerError) as error:
                self._again(row, str(error))
            except RateLimitedError:
                raise
            except TemporaryError as error:
                failed = failed or error
        if failed:
            raise failed
        return self.read

    @property
    def available(self) -> datetime:
        """The instant up to which data is there; asked once a run."""
        if self._available is None:
            self._available = answered(self.run, lambda: jobs.available(self.client))
        return self._available

    def _further(self, row: HistoryDay) -> None:
        if row.state == State.WAITING:
            self._submit(row)
        if row.state == State.SUBMITTED:
            self._look(row)
        if row.state == State.READING:
            self._read(row)

    def _submit(self, row: HistoryDay) -> None:
        span = span_of(row.day)
        if span.end > self.available:
            _write(row, reason="its data is not there yet")
            return
        busy = HistoryDay.objects.filter(road=row.road, state__in=OPEN[1:]).count()
        if busy >= MOST_JOBS:
            return
        self.run.go_on()
        job_id = jobs.submit(self.client, span)
        _write(
            row,
            state=State.SUBMITTED,
            job_id=job_id,
            cursor="",
            submitted_at=self.now,
            available_at=self.available,
            conversations=0,
        )

    def _look(self, row: HistoryDay) -> None:
        told = answered(self.run, lambda: jobs.state(self.client, row.job_id))
        if told == jobs.FULFILLED:
            _write(row, state=State.READING)
        elif told not in jobs.UNDER_WAY:
            self._again(row, f"the job came out as {told}")
        elif row.submitted_at and self.now - row.submitted_at > LONGEST_JOB:
            self._again(row, f"the job is {told} since {row.submitted_at:%Y-%m-%d %H:%M} UTC")

    def _read(self, row: HistoryDay) -> None:
        """Take page after page; the row knows the next one as soon as one is in the mirror."""
        as_of = row.available_at or self.available
        named = _Cursors(row.cursor)
        while True:
            before = row.cursor
            page = self._page(row)
            if before and not row.cursor:
                named.begin_anew()
            named.note(page.cursor)
            taken = taken_as_of(as_of, page.documents, now=self.now, historic=self.historic)
            self.read += Read(1, taken)
            count = row.conversations + len(page.documents)
            _write(row, cursor=page.cursor, conversations=count)
            self.tell(f"{row.day}: {count:,} conversations")
            if not page.cursor:
                break
        _write(row, state=State.DONE, done_at=self.now, attempts=0, reason="", job_id="")
        gaps.fill_one(road=row.road, start=span_of(row.day).start, now=self.now)

    def _page(self, row: HistoryDay) -> jobs.Page:
        """Read the next page; a cursor that is not taken any more means to begin anew."""
        try:
            return answered(self.run, lambda: jobs.results(self.client, row.job_id, row.cursor))
        except RefusedError:
            if not row.cursor:
                raise
        _write(row, cursor="", conversations=0)
        return answered(self.run, lambda: jobs.results(self.client, row.job_id, ""))

    def _again(self, row: HistoryDay, reason: str) -> None:
        """Order another job in a while; after too many the day is a gap until the next night."""
        attempts = row.attempts + 1
        told = {"day": row.day.isoformat(), "road": row.road, "reason": reason}
        logger.warning("genesys.job_failed", extra=told)
        if attempts >= MOST_ATTEMPTS:
            _write(row, state=State.FAILED, attempts=attempts, reason=reason, job_id="", cursor="")
            note_missing(row, now=self.now)
            return
        wait = BACKOFF[min(attempts, len(BACKOFF)) - 1]
        _write(
            row,
            state=State.WAITING,
            attempts=attempts,
            reason=reason,
            job_id="",
            cursor="",
            due_at=self.now + wait,
        )


class _Cursors:
    """The cursors of a result: it must come to an end, so none may come twice."""

    def __init__(self, first: str) -> None:
        self._named = {first}
        self._left = TRIES

    def begin_anew(self) -> None:
        """Forget what was named; raises MalformedAnswerError once that has been tried enough."""
        self._left -= 1
        if not self._left:
            raise MalformedAnswerError("the job's result does not take its own cursors")
        self._named = set()

    def note(self, cursor: str) -> None:
        """Raise MalformedAnswerError where a cursor comes once more: the result has no end."""
        if cursor and cursor in self._named:
            raise MalformedAnswerError("the job's result names a cursor for the second time")
        self._named.add(cursor)


def _urgency(row: HistoryDay) -> tuple[int, int]:
    """Put what is begun before what is not, and late days before early ones."""
    return -OPEN.index(State(row.state)), -row.day.toordinal()


def span_of(day: date) -> Span:
    """Return a UTC day."""
    start = datetime.combine(day, time(), UTC)
    return Span(start, start + DAY)


def note_missing(row: HistoryDay, *, now: datetime) -> None:
    """Notice that a day could not be read."""
    span = span_of(row.day)
    reason = row.reason or "its job did not come to an end"
    gaps.notice(road=row.road, start=span.start, end=span.end, now=now, reason=reason)


def wanted_anew(rows: Iterable[HistoryDay], *, night: date | None = None) -> None:
    """Have days read from the beginning."""
    for row in rows:
        _write(
            row,
            state=State.WAITING,
            wanted_for=night,
            job_id="",
            cursor="",
            attempts=0,
            due_at=None,
            done_at=None,
            conversations=0,
            reason="",
        )


def _write(row: HistoryDay, **columns: object) -> None:
    if all(getattr(row, name) == value for name, value in columns.items()):
        return
    for name, value in columns.items():
        setattr(row, name, value)
    row.save(update_fields=list(columns))
