"""Questions about business time written down as JSON, and their answers."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import msgspec

from chrono.hours import Hours
from chrono.instants import isoformat_exactly, parse_exactly
from sla.domain.reading import converted, instant, seconds

# 10^12 s are 31,700 years: more is never reached, whatever it is.
MOST: Final = 1e12
ZERO: Final = timedelta()


class At(msgspec.Struct, frozen=True):
    """An instant to ask about."""

    at: str


class Period(msgspec.Struct, frozen=True):
    """Two instants; the second may come first."""

    from_: str = msgspec.field(name="from")
    to: str


class Amount(msgspec.Struct, frozen=True):
    """So much business time from an instant on; the other way where it is negative."""

    from_: str = msgspec.field(name="from")
    seconds: Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)]


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """Answer one question: {"result": true or false, seconds, an instant, or null for never}.

    case has timezone, hours, holidays, overrides, breaks; op, which is in_hours (args.at), within
    (args.from, args.to), after or before (args.from, args.seconds).
    Raises ValueError, which says where the question cannot be read and what to write.
    """
    op = case.get("op")
    if op not in OPERATIONS:
        raise ValueError(f"op: {op!r} is none of {', '.join(OPERATIONS)}")
    hours = Hours.of(
        timezone=case.get("timezone"),
        hours=case.get("hours"),
        holidays=case.get("holidays"),
        overrides=case.get("overrides"),
        breaks=case.get("breaks"),
    )
    return {"result": OPERATIONS[op](hours, case.get("args"))}


def _in_hours(hours: Hours, args: Any) -> bool:
    return hours.in_hours(_instant(converted(args, At, "args").at, "args.at"))


def _within(hours: Hours, args: Any) -> float:
    period = converted(args, Period, "args")
    return seconds(
        hours.within(_instant(period.from_, "args.from"), _instant(period.to, "args.to"))
    )


def _after(hours: Hours, args: Any) -> str | None:
    start, amount = _start_and_amount(args)
    return _text(hours.after(start, amount) if amount >= ZERO else hours.before(start, -amount))


def _before(hours: Hours, args: Any) -> str | None:
    start, amount = _start_and_amount(args)
    return _text(hours.before(start, amount) if amount >= ZERO else hours.after(start, -amount))


OPERATIONS: Final[dict[str, Callable[[Hours, Any], object]]] = {
    "in_hours": _in_hours,
    "within": _within,
    "after": _after,
    "before": _before,
}


def _start_and_amount(args: Any) -> tuple[datetime, timedelta]:
    asked = converted(args, Amount, "args")
    amount = timedelta(seconds=min(max(asked.seconds, -MOST), MOST))
    return _instant(asked.from_, "args.from"), amount


def _instant(written: str, place: str) -> datetime:
    return instant(written, place, parse_exactly)


def _text(at: datetime | None) -> str | None:
    return None if at is None else isoformat_exactly(at)
