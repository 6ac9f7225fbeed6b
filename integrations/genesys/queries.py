"""What to ask of POST /api/v2/analytics/conversations/details/query.

An interval selects by the UTC day on which a conversation started, not by the instant; some
releases of the API also want activity within the interval. A conversation that started in a
window is in the answer under either reading, so that is all that is relied on. Newest first: what
arrives while pages are read pushes records to later pages, where they are seen twice, not missed;
and reading can stop at the first page that lies wholly before the window.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from chrono import instants
from chrono.spans import Span

MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
# The end of an interval must not touch the day that follows.
BEFORE_MIDNIGHT: Final = timedelta(milliseconds=1)

Query = dict[str, Any]


def started(window: Span, *, narrow: bool = False) -> Query:
    """Conversations that started in a window; narrow: and no others, should they be too many."""
    predicate = _within("conversationStart", window)
    return _query(window, "conversationStart", [predicate] if narrow else [])


def ended(window: Span) -> Query:
    """Conversations that have ended, last ended first, of those that started in a window."""
    return _query(window, "conversationEnd", [_predicate("conversationEnd", "exists")])


def still_open(window: Span) -> Query:
    """Conversations that have not ended, of those that started in a window."""
    return _query(window, "conversationStart", [_predicate("conversationEnd", "notExists")])


def surveyed(window: Span, *, told: Span) -> Query:
    """Conversations of a window with a survey that something happened to in the told span."""
    return _told_of(window, "surveyFilters", told, "eventTime", "surveyCompletedDate")


def evaluated(window: Span, *, told: Span) -> Query:
    """Conversations of a window with an evaluation that something happened to in the told span."""
    return _told_of(window, "evaluationFilters", told, "eventTime")


def windows(span: Span, *, length: timedelta = DAY) -> Iterator[Span]:
    """Cut a span at UTC midnights into windows of so many whole days."""
    start = span.start
    while start < span.end:
        end = min(midnight(start) + length, span.end)
        yield Span(start, end)
        start = end


def halves(window: Span) -> tuple[Span, Span]:
    """Cut a window in two: at a midnight where it spans several days."""
    middle = window.start + window.length / 2
    if window.length > DAY and midnight(middle) > window.start:
        middle = midnight(middle)
    middle = middle.replace(microsecond=middle.microsecond // 1000 * 1000)
    return Span(window.start, middle), Span(middle, window.end)


def interval(span: Span) -> str:
    """Write a span as Genesys does."""
    return f"{instants.isoformat(span.start)}/{instants.isoformat(span.end)}"


def midnight(at: datetime) -> datetime:
    """Return the start of the UTC day of an instant."""
    return datetime.combine(at.date(), time(), UTC)


def _query(window: Span, order_by: str, predicates: list[Query]) -> Query:
    query: Query = {"interval": _interval(window), "order": "desc", "orderBy": order_by}
    if predicates:
        query["conversationFilters"] = [{"type": "and", "predicates": predicates}]
    return query


def _predicate(dimension: str, operator: str, **right: str) -> Query:
    return {"type": "dimension", "dimension": dimension, "operator": operator, **right}


def _told_of(window: Span, filters: str, told: Span, *dimensions: str) -> Query:
    predicates = [_within(dimension, told) for dimension in dimensions]
    query = _query(window, "conversationStart", [])
    return query | {filters: [{"type": "or", "predicates": predicates}]}


def _within(dimension: str, told: Span) -> Query:
    return _predicate(dimension, "matches", value=interval(told))


def _interval(window: Span) -> str:
    return interval(Span(window.start, max(window.end - BEFORE_MIDNIGHT, window.start)))
