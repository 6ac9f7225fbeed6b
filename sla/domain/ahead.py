"""Whether a forced end may come before its policy has even warned, told by an example."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sla.domain.enforcement import Rule, due_at
from sla.domain.fold import replay
from sla.domain.terms import Terms
from sla.domain.turns import Created

FRIDAY: Final = 4
QUARTER_TO_FIVE: Final = time(16, 45)
A_WEEK: Final = 7 * 24


def warning(rule: Rule, terms: Terms, zone: ZoneInfo, now: datetime) -> str:
    """Return an example of a conversation that is ended before its warning or breach; "": none is.

    A customer writes and an agent takes it at once: on the Friday after now at 16:45, else at some
    hour of the week after.
    """
    examples = (_ahead(rule, terms, zone, at) for at in _instants(zone, now))
    return next((told for told in examples if told), "")


def _ahead(rule: Rule, terms: Terms, zone: ZoneInfo, asked_at: datetime) -> str:
    ends_at = due_at(asked_at, rule)
    clock = replay([Created(at=asked_at)], terms).next_deadline()
    if ends_at is None or clock is None or clock.due_at is None or ends_at >= clock.due_at:
        return ""
    warns_at = clock.warns_at(asked_at)
    late = [("the warning", warns_at), ("the target", clock.due_at)]
    told = " and ".join(
        f"before {what} ({_shown(at, zone)})" for what, at in late if at and ends_at < at
    )
    return (
        f"A customer who writes {_shown(asked_at, zone)} would lose the agent "
        f"{_shown(ends_at, zone)}: {told}."
    )


def _instants(zone: ZoneInfo, now: datetime) -> Iterator[datetime]:
    local = now.astimezone(zone)
    friday = local.date() + timedelta(days=(FRIDAY - local.weekday()) % 7)
    first = datetime.combine(friday, QUARTER_TO_FIVE, tzinfo=zone).astimezone(UTC)
    yield from (first + timedelta(hours=hours) for hours in range(A_WEEK))


def _shown(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%a %d %b %H:%M")
