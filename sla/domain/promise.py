"""A policy in a sentence, and what it means for a customer who writes on a Friday afternoon."""

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from chrono.always import ALWAYS
from sla.domain.fold import replay
from sla.domain.terms import WAITS, Kind, Terms
from sla.domain.turns import Created
from sla.domain.words import said

_NAMED: Final = {
    Kind.FIRST_RESPONSE: "a first response",
    Kind.NEXT_RESPONSE: "an answer to each message",
    Kind.RESOLUTION: "a resolution",
}
FRIDAY: Final = 4
QUARTER_TO_FIVE: Final = time(16, 45)


def sentence(terms: Terms) -> str:
    """Say in plain words what a policy promises, and when its clocks wait and warn."""
    targets = [
        f"{_NAMED[kind]} within {said(target)}"
        for kind in WAITS
        if (target := terms.target(kind)) is not None
    ]
    if not targets:
        return "It promises nothing."
    measured = "by the clock on the wall" if terms.hours is ALWAYS else "of business time"
    said_so = [f"A customer gets {_listed(targets)} {measured}."]
    warnings = [f"after {said(amount)}" for amount in terms.warnings]
    warnings += [f"at {percent:g} %" for percent in terms.warn_percents]
    if warnings:
        said_so.append(f"A warning comes {_listed(warnings)}.")
    if terms.waiting_on_customer_pauses:
        said_so.append("Clocks wait while the agent wrote last.")
    return " ".join(said_so)


def example(terms: Terms, zone: ZoneInfo, now: datetime) -> str:
    """Say when a customer who writes on the Friday after now, at 16:45 local time, is answered."""
    asked_at = _next_friday(now, zone)
    standing = replay([Created(at=asked_at)], terms)
    dues = [
        f"{_NAMED[clock.kind]} is due {_shown(clock.due_at, zone)}"
        for kind in WAITS
        if (clock := standing.clock(kind))
    ]
    first = standing.next_deadline()
    if first and (warns_at := first.warns_at(asked_at)):
        dues.append(f"the warning comes {_shown(warns_at, zone)}")
    return f"A customer writes {_shown(asked_at, zone)}: {_listed(dues)}." if dues else ""


def _next_friday(now: datetime, zone: ZoneInfo) -> datetime:
    local = now.astimezone(zone)
    day = local.date() + timedelta(days=(FRIDAY - local.weekday()) % 7)
    return datetime.combine(day, QUARTER_TO_FIVE, tzinfo=zone).astimezone(UTC)


def _shown(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%a %d %b %H:%M") if at else "never: it does not open"


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if parts[1:] else "".join(parts)
