"""Conversations that started, ended or are still open, found by asking Genesys for them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from chrono import instants
from chrono.spans import Span
from integrations import watermarks
from integrations.genesys import queries
from integrations.genesys.client import Client
from integrations.genesys.reading import Read
from integrations.genesys.rounds import Passed, Round, Step, never
from integrations.watermarks import Run, Told, quiet

POLL: Final = "genesys.poll"
FIND_OPEN: Final = "genesys.find_open"
LAST_DAY: Final = "genesys.last_day"

# Analytics is told of a conversation some time after it began, and our clock is not theirs.
OVERLAP: Final = timedelta(minutes=10)
# What ended lately mostly began lately; what began earlier is known, and read again by its id.
ENDED_WITHIN: Final = timedelta(days=1)
OPEN_WINDOW: Final = timedelta(days=7)
LAST_DAY_LENGTH: Final = timedelta(hours=26)


def poll(
    *, client: Client, now: datetime, since: datetime | None = None, tell: Told = quiet
) -> Read:
    """Read the conversations that started, and those that ended, since the last run.

    Goes on from the watermark less an overlap, or from since; the first run looks back
    LOOKBACK_DAYS. The watermark moves with each window, so what stops a run loses no window.
    tell is called with a line on each window. Raises RoadBusyError while another run is going on,
    TemporaryError where it is to be tried again, PermanentError where somebody must act.
    """
    with watermarks.run(POLL, clock=client.clock) as run:
        first = run.succeeded_at is None
        start = since or since_last(run, now)
        round_ = Round.of(run, client, since=start, now=now, anew=since is not None)
        steps = [*_started(round_.span), *([] if first else [_ended(round_.span)])]
        read = _go(round_, steps, tell)
        run.advance(round_.span.end)
        run.detail = str(read)
    return read


def find_open(*, client: Client, now: datetime, tell: Told = quiet) -> Read:
    """Read every conversation that Genesys has open, whenever in OPEN_DAYS it started.

    Finds what began before the first poll, and what was reopened after it had ended.
    Raises as poll does.
    """
    with watermarks.run(FIND_OPEN, clock=client.clock) as run:
        since = queries.midnight(now - timedelta(days=settings.OPEN_DAYS))
        round_ = Round.of(run, client, since=since, now=now)
        windows = queries.windows(round_.span, length=OPEN_WINDOW)
        steps = [Step("open since", window, queries.still_open, never) for window in windows]
        read = _go(round_, steps, tell)
        run.advance(round_.span.end)
        run.detail = str(read)
    return read


def last_day(*, client: Client, now: datetime, tell: Told = quiet) -> Read:
    """Read all that started or ended in the last 26 hours once more, or since the last such run.

    Catches what polling came too early for: what analytics told late, or changed after the end; and
    what began days ago, was reopened and ended between two looks. Raises as poll does.
    """
    with watermarks.run(LAST_DAY, clock=client.clock) as run:
        since = min(now - LAST_DAY_LENGTH, since_last(run, now) if run.read_to else now)
        round_ = Round.of(run, client, since=since, now=now)
        read = _go(round_, [*_started(round_.span), *_ended_of_old(round_.span)], tell)
        run.advance(round_.span.end)
        run.detail = str(read)
    return read


def read_since(
    run: Run, client: Client, *, since: datetime, now: datetime, tell: Told = quiet
) -> Read:
    """Read what started or ended since an instant, within the run of another road."""
    stopped = run.place.get("since")
    anew = stopped is None or instants.parse(stopped) > since
    round_ = Round.of(run, client, since=since, now=now, anew=anew)
    return _go(round_, [*_started(round_.span), _ended(round_.span)], tell)


def since_last(run: Run, now: datetime) -> datetime:
    """Return from when a run must look: where the last one got to, less an overlap."""
    if run.read_to is not None:
        return run.read_to - OVERLAP
    return now - timedelta(days=settings.LOOKBACK_DAYS)


def _go(round_: Round, steps: list[Step], tell: Told) -> Read:
    """Read all steps; polling's watermark moves with each window of what started."""
    read = Read()
    for step, part in round_.go(steps):
        if round_.run.road == POLL and step.name == "started":
            round_.run.advance(step.window.end)
        start, end = step.window.start, step.window.end
        tell(f"{step.name} {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}: {part}")
        read += part
    return read


def _started(span: Span) -> Iterator[Step]:
    for window in queries.windows(span):
        yield Step("started", window, queries.started, _started_before(window.start))


def _ended(span: Span) -> Step:
    """Return the question for what ended in a span, of what began shortly before it."""
    began = Span(queries.midnight(span.start - ENDED_WITHIN), span.start)
    return Step("ended", began, queries.ended, _ended_before(span.start))


def _ended_of_old(span: Span) -> Iterator[Step]:
    """Yield the questions for what ended in a span, of what began before it."""
    oldest = queries.midnight(span.start - timedelta(days=settings.OPEN_DAYS))
    for window in queries.windows(Span(oldest, span.start), length=OPEN_WINDOW):
        yield Step("ended", window, queries.ended, _ended_before(span.start))


def _started_before(at: datetime) -> Passed:
    return lambda one: one.started_at is not None and one.started_at < at


def _ended_before(at: datetime) -> Passed:
    return lambda one: one.ended_at is not None and one.ended_at < at
