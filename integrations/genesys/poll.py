"""Conversations that started, ended or are still open, found by asking Genesys for them."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Final, NamedTuple

from django.conf import settings

from chrono.spans import Span
from integrations import watermarks
from integrations.errors import RefusedError
from integrations.genesys import queries
from integrations.genesys.client import PAGE_SIZE, Client, Reply
from integrations.genesys.ingest import Taken, take
from integrations.genesys.pages import Found, found
from integrations.genesys.queries import Query
from integrations.genesys.refusals import is_pagination_limit
from integrations.watermarks import Run, Told, quiet

logger = logging.getLogger(__name__)

POLL: Final = "genesys.poll"
FIND_OPEN: Final = "genesys.find_open"
PATH: Final = "/api/v2/analytics/conversations/details/query"

# Analytics is told of a conversation some time after it began, and our clock is not theirs.
OVERLAP: Final = timedelta(minutes=10)
# What ended lately mostly began lately; what began earlier is known, and read again by its id.
ENDED_WITHIN: Final = timedelta(days=1)
OPEN_WINDOW: Final = timedelta(days=7)
SHORTEST_WINDOW: Final = timedelta(minutes=1)

Ask = Callable[[Span], Query]
Passed = Callable[[Found], bool]


class Read(NamedTuple):
    """What a run read: requests made, and what came of the documents."""

    requests: int = 0
    taken: Taken = Taken()

    def __add__(self, other: object) -> "Read":
        if not isinstance(other, Read):
            return NotImplemented
        return Read(self.requests + other.requests, self.taken + other.taken)

    def __str__(self) -> str:
        done = self.taken.recorded
        refused = f", {len(self.taken.refused)} refused" if self.taken.refused else ""
        return (
            f"{self.requests} requests: {done.new} new, {done.changed} changed, "
            f"{done.unchanged} unchanged, {done.stale} older than known{refused}"
        )


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
        first = run.read_to is None
        start = min(since or since_last(run, now), now)
        read = Read()
        for window in queries.windows(Span(start, now)):
            part = _started(run, client, window, now=now)
            run.advance(window.end)
            tell(f"started {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M}: {part}")
            read += part
        if not first:
            read += _ended(run, client, Span(start, now), now=now)
        run.detail = str(read)
    return read


def find_open(*, client: Client, now: datetime, tell: Told = quiet) -> Read:
    """Read every conversation that Genesys has open, whenever in OPEN_DAYS it started.

    Finds what began before the first poll, and what was reopened after it had ended.
    Raises as poll does.
    """
    with watermarks.run(FIND_OPEN, clock=client.clock) as run:
        span = Span(queries.midnight(now - timedelta(days=settings.OPEN_DAYS)), now)
        read = Read()
        for window in queries.windows(span, length=OPEN_WINDOW):
            part = each_page(run, client, window, queries.still_open, _never, now=now)
            tell(f"open since {window.start:%Y-%m-%d} to {window.end:%Y-%m-%d}: {part}")
            read += part
        run.advance(now)
        run.detail = str(read)
    return read


def since_last(run: Run, now: datetime) -> datetime:
    """Return from when a run must look: where the last one got to, less an overlap."""
    if run.read_to is not None:
        return run.read_to - OVERLAP
    return now - timedelta(days=settings.LOOKBACK_DAYS)


def _started(run: Run, client: Client, window: Span, *, now: datetime) -> Read:
    def passed(one: Found) -> bool:
        return one.started_at is not None and one.started_at < window.start

    return each_page(run, client, window, queries.started, passed, now=now)


def _ended(run: Run, client: Client, span: Span, *, now: datetime) -> Read:
    def passed(one: Found) -> bool:
        return one.ended_at is not None and one.ended_at < span.start

    began = Span(queries.midnight(span.start - ENDED_WITHIN), span.end)
    return each_page(run, client, began, queries.ended, passed, now=now)


def _never(_: Found) -> bool:
    return False


def each_page(  # noqa: PLR0913 - a run's tools, and what it is to do
    run: Run, client: Client, window: Span, ask: Ask, passed: Passed, *, now: datetime
) -> Read:
    """Take page after page; where the result is too large, that of each half of the window.

    ask makes the query of a window; passed tells of one conversation that it, and so whatever
    follows it, is beyond what was asked for.
    """
    read = Read()
    seen: set[str] = set()
    try:
        for reply, page in _pages(run, client, ask(window), passed):
            fresh = [one.document for one in page if one.genesys_id not in seen]
            seen.update(one.genesys_id for one in page if one.genesys_id)
            read += Read(1, taken(fresh, reply, now))
    except RefusedError as error:
        if not _is_too_large(error, window):
            raise
        ask = _narrowly if ask is queries.started else ask
        for half in queries.halves(window):
            read += each_page(run, client, half, ask, passed, now=now)
    return read


def _pages(
    run: Run, client: Client, query: Query, passed: Passed
) -> Iterator[tuple[Reply, list[Found]]]:
    """Yield pages up to a short one, or one that lies wholly beyond what was asked for."""
    for number in count(1):
        run.go_on()
        reply = client.ask(PATH, query | {"paging": {"pageSize": PAGE_SIZE, "pageNumber": number}})
        page = found(reply)
        yield reply, page
        if len(page) < PAGE_SIZE or all(map(passed, page)):
            return


def _narrowly(window: Span) -> Query:
    return queries.started(window, narrow=True)


def _is_too_large(error: RefusedError, window: Span) -> bool:
    """Tell whether a smaller window may do: too many results, or too many days."""
    if window.length <= SHORTEST_WINDOW:
        return False
    return is_pagination_limit(error) or (
        error.status == 400 and window.length > queries.DAY  # noqa: PLR2004 - a bad request
    )


def taken(documents: list[bytes], reply: Reply, now: datetime) -> Taken:
    """Hand an answer's documents to the mirror; what it refuses is logged by its reason."""
    result = take(documents, observed_at=reply.sent_at, now=now)
    for refusal in result.refused:
        logger.warning("genesys.document_refused", extra={"reason": refusal.reason})
    return result
