"""POST /api/v2/analytics/conversations/details/query."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from chrono.instants import parse, to_ms
from simulator.api import predicates
from simulator.api.errors import bad_request
from simulator.documents import conversation_detail
from simulator.world.engine import DAY
from simulator.world.records import Conversation

_MOST_RESULTS = 100_000
_MOST_PER_PAGE = 100
_LONGEST = timedelta(days=31)
_EXACT_UP_TO = 100  # from here on totalHits is an estimate

_ORDERS = {
    "conversationStart": lambda c: c.start,
    "conversationEnd": lambda c: c.end or c.start,
    "segmentStart": lambda c: max(s.start for _, _, s in predicates.segment_rows(c)),
    "segmentEnd": lambda c: max(s.end or s.start for _, _, s in predicates.segment_rows(c)),
}


def answer(body: Any, conversations: Iterable[Conversation]) -> dict[str, Any]:
    """Answer a query. `conversations` is absent where none was found.

    An interval selects by UTC day: what started on any day that it touches. Raises ApiError
    (400) where the query is malformed or pages too far.
    """
    if not isinstance(body, dict):
        raise bad_request("The query must be a JSON object")
    first, last = _days(*interval(body.get("interval")))
    size, number = paging(body.get("paging") or {})
    accepted = predicates.accept(body)
    found = [c for c in conversations if first <= c.start < last and accepted(c)]
    found = _ordered(found, body)
    page = found[(number - 1) * size : number * size]
    result: dict[str, Any] = {"totalHits": _estimate(len(found))}
    if page:
        result["conversations"] = [conversation_detail(c) for c in page]
    return result


def interval(text: Any) -> tuple[datetime, datetime]:
    """Read an interval. Raises ApiError (400) where it is none, or too long."""
    try:
        start, end = (parse(part) for part in str(text).split("/"))
    except ValueError as error:
        raise bad_request(
            f"interval {text!r} is not two ISO-8601 instants with a slash between"
        ) from error
    if end <= start:
        raise bad_request(f"interval {text!r} ends before it starts")
    if end - start > _LONGEST:
        raise bad_request(f"interval {text!r} is longer than {_LONGEST.days} days")
    return start, end


def _days(start: datetime, end: datetime) -> tuple[int, int]:
    """Return the first and the last instant (ms, last excluded) of the days an interval touches."""
    return day_of(start), day_of(end - timedelta(milliseconds=1)) + DAY


def day_of(at: datetime) -> int:
    """Return the start (ms) of the UTC day of an instant."""
    return to_ms(datetime(at.year, at.month, at.day, tzinfo=UTC))


def paging(told: Any) -> tuple[int, int]:
    """Read size and number of a page. Raises ApiError (400) where there can be no such page."""
    if not isinstance(told, dict):
        raise bad_request("paging must be an object")
    size, number = told.get("pageSize", 25), told.get("pageNumber", 1)
    if not (isinstance(size, int) and 1 <= size <= _MOST_PER_PAGE):
        raise bad_request(f"pageSize {size!r} must be from 1 to {_MOST_PER_PAGE}")
    if not (isinstance(number, int) and number >= 1):
        raise bad_request(f"pageNumber {number!r} must be 1 or more")
    if size * number > _MOST_RESULTS:
        raise bad_request(
            f"Pagination may not exceed {_MOST_RESULTS} results. "
            "Try a shorter interval, such as an hour at a time"
        )
    return size, number


def _ordered(found: list[Conversation], body: dict[str, Any]) -> list[Conversation]:
    order, by = body.get("order") or "asc", body.get("orderBy") or "conversationStart"
    if order == "unordered":
        return sorted(found, key=lambda c: c.id)
    if order not in {"asc", "desc"}:
        raise bad_request(f"order {order!r} must be asc, desc or unordered")
    if by not in _ORDERS:
        raise bad_request(f"orderBy {by!r} must be one of {', '.join(_ORDERS)}")
    return sorted(found, key=_ORDERS[by], reverse=order == "desc")


def _estimate(total: int) -> int:
    """Return a count as the platform tells it: exact while small, else near."""
    return total if total <= _EXACT_UP_TO else total - total % 10
