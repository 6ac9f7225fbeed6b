"""A round: all that one run has to ask, page by page, and where to go on when it is stopped.

Genesys's pages drift: records slide between them while they are read, pages repeat or are missing,
totalHits is about right. So conversations are counted by their id, the last page is read twice, and
a window whose count is short is read again until a reading brings nothing new.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from chrono import instants
from chrono.spans import Span
from integrations.errors import RefusedError
from integrations.genesys import asking, queries
from integrations.genesys.client import PAGE_SIZE, Client, Reply
from integrations.genesys.pages import Found, Page, page
from integrations.genesys.queries import Query
from integrations.genesys.reading import Read, taken
from integrations.genesys.refusals import is_pagination_limit
from integrations.watermarks import Run

logger = logging.getLogger(__name__)
T = TypeVar("T")

PATH: Final = "/api/v2/analytics/conversations/details/query"
MOST_RESULTS: Final = 100_000
SHORTEST_WINDOW: Final = queries.MINUTE
# A window whose count is short is read so often.
MOST_READINGS: Final = 3
# How far totalHits may be off before it tells that something is missing.
SLACK: Final = 10
SLACK_SHARE: Final = 0.01

Ask = Callable[[Span], Query]
Passed = Callable[[Found], bool]


class Step(NamedTuple):
    """One query of a round. passed tells that a conversation, and all after it, is beyond it."""

    name: str
    window: Span
    ask: Ask
    passed: Passed


class Place(NamedTuple):
    """The page that was taken last: the step's number, the (part of its) window, the page."""

    step: int
    start: datetime
    end: datetime
    page: int

    def lies_in_part_of(self, window: Span) -> bool:
        """Tell whether it is a page of a part of a window, which was too large."""
        inside = window.start <= self.start and self.end <= window.end
        return inside and (self.start, self.end) != (window.start, window.end)


class _Reading(NamedTuple):
    """One reading of a window: how many were new, and how many it was told to have."""

    read: Read
    fresh: int
    total: int
    cut_short: bool


def never(_: Found) -> bool:
    """Read to the last page."""
    return False


@dataclass(slots=True)
class Round:
    """What a run reads, from an instant to another; one that was stopped goes on as it was."""

    run: Run
    client: Client
    span: Span
    now: datetime
    place: Place | None = None
    _step: int = field(default=0, init=False)

    @classmethod
    def of(
        cls, run: Run, client: Client, *, since: datetime, now: datetime, anew: bool = False
    ) -> "Round":
        """Go on with the round that was stopped, else begin one; anew: begin one."""
        kept = {} if anew else run.place
        if not kept:
            run.place = {}
            return cls(run, client, Span(min(since, now), now), now)
        at = {name: instants.parse(kept[name]) for name in ("since", "until", "start", "end")}
        place = Place(kept["step"], at["start"], at["end"], kept["page"])
        return cls(run, client, Span(at["since"], at["until"]), now, place)

    def go(self, steps: Iterable[Step]) -> Iterator[tuple[Step, Read]]:
        """Read step after step; yield each that is done.

        A window that is refused keeps no other from being read; the first refusal is raised at the
        end. Raises TemporaryError at once: the next run goes on here.
        """
        refused: RefusedError | None = None
        for number, step in enumerate(steps):
            if self.place and number < self.place.step:
                continue
            self._step = number
            if number and not self.place:
                self._keep(step.window, 1)
            try:
                read = self._window(step, step.window)
            except RefusedError as error:
                refused = refused or error
            else:
                yield step, read
            self.place = None
        if self.run.place:
            self.run.keep({})
        if refused:
            raise refused

    def _window(self, step: Step, window: Span) -> Read:
        """Read a window; where the result is too large, each half of it."""
        if self.place and self.place.lies_in_part_of(window):
            return self._halves(step, window)
        try:
            return self._whole(step, window)
        except RefusedError as error:
            if not is_too_large(error, window):
                raise
        return self._halves(step, window)

    def _halves(self, step: Step, window: Span) -> Read:
        if step.ask is queries.started:
            step = step._replace(ask=narrowly)
        read = Read()
        for half in queries.halves(window):
            if self.place and half.end <= self.place.start:
                continue
            read += self._window(step, half)
            self.place = None
        return read

    def _whole(self, step: Step, window: Span) -> Read:
        """Read a window until its count is right, or another reading brings nothing new."""
        seen: set[str] = set()
        read = Read()
        first = max(self.place.page - 1, 1) if self.place else 1
        for _ in range(MOST_READINGS):
            done = self._reading(step, window, seen, first)
            read += done.read
            slack = max(SLACK, round(done.total * SLACK_SHARE))
            if done.cut_short or first > 1 or len(seen) >= done.total - slack or not done.fresh:
                break
            logger.info("genesys.pages_drifted", extra={"told": done.total, "found": len(seen)})
        return read

    def _reading(self, step: Step, window: Span, seen: set[str], first: int) -> _Reading:
        """Take page after page, the last one twice, up to one that lies wholly beyond the step."""
        read, number, total, before = Read(), first, 0, len(seen)
        last_seen = False
        while True:
            reply, told = answered(self.run, partial(self._page, step.ask(window), number))
            total = max(total, told.total or 0)
            if total > MOST_RESULTS and window.length > SHORTEST_WINDOW:
                raise _too_large(total)
            fresh = [one for one in told.found if one.genesys_id not in seen]
            seen.update(one.genesys_id for one in fresh if one.genesys_id)
            read += Read(1, taken([one.document for one in fresh], reply, self.now))
            if told.found and all(map(step.passed, told.found)):
                return _Reading(read, len(seen) - before, total, cut_short=True)
            if _is_last(told, number):
                if number == 1 or last_seen or not told.found:
                    return _Reading(read, len(seen) - before, total, cut_short=False)
                last_seen = True
            else:
                self._keep(window, number)
                last_seen, number = False, number + 1

    def _page(self, query: Query, number: int) -> tuple[Reply, Page]:
        paging = {"pageSize": PAGE_SIZE, "pageNumber": number}
        reply = self.client.ask(PATH, query | {"paging": paging})
        return reply, page(reply)

    def _keep(self, window: Span, number: int) -> None:
        place: dict[str, Any] = {"step": self._step, "page": number}
        bounds = {"since": self.span.start, "until": self.span.end}
        bounds |= {"start": window.start, "end": window.end}
        self.run.keep(place | {name: instants.isoformat(at) for name, at in bounds.items()})


def answered(run: Run, ask: Callable[[], T]) -> T:
    """Ask, again at once where what came was no answer; the run keeps its lease meanwhile."""
    return asking.answered(ask, before=run.go_on)


def narrowly(window: Span) -> Query:
    """Ask for what started in a window, and no others."""
    return queries.started(window, narrow=True)


def is_too_large(error: RefusedError, window: Span) -> bool:
    """Tell whether a smaller window may do: too many results, or too many days."""
    if window.length <= SHORTEST_WINDOW:
        return False
    return is_pagination_limit(error) or (
        error.status == 400 and window.length > queries.DAY  # noqa: PLR2004 - a bad request
    )


def _is_last(told: Page, number: int) -> bool:
    """Tell whether no page follows: this one is short, and there is no more to come."""
    if len(told.found) >= PAGE_SIZE:
        return False
    return not told.found or number * PAGE_SIZE >= (told.total or 0)


def _too_large(total: int) -> RefusedError:
    return RefusedError(
        f"{PATH}: {total} results, more than the {MOST_RESULTS} that may be paged through",
        code="pagination",
    )
