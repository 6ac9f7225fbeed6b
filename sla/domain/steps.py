"""The steps of a clock: what explains where it stands, as values and as JSON has them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from chrono.instants import isoformat, to_ms
from sla.domain.clock import Clock
from sla.domain.reading import seconds
from sla.domain.terms import Kind
from sla.domain.words import said

BREACHED: Final = "breached"
# After one of these it counts anew whether a clock overran its target.
_AFRESH: Final = frozenset({"started", "changed"})


class Step(NamedTuple):
    """What a clock did at an instant and why, and the business time it had measured by then.

    source names the event that made it do so, as Moment.source does; "" where none did.
    """

    kind: Kind
    at: datetime
    action: str  # started, paused, resumed, breached, stopped, changed, kept, ended
    reason: str
    elapsed: timedelta
    source: str = ""


def overrun(clock: Clock, at: datetime) -> Step:
    """Return the step that tells from when on more than the target is used up."""
    elapsed = max(clock.target, clock.elapsed_at(at)) if at >= clock.since else clock.target
    source = breach_source(clock.kind, clock.started_at)
    return Step(clock.kind, at, BREACHED, _used_up(clock.target), elapsed, source)


def breach_source(kind: str, started_at: datetime) -> str:
    """Return the source of a breach: the Common Event that tells of it, where one does."""
    return f"event sla.breached/{kind}@{to_ms(started_at)}"


# A step without its clock, as a list, and times as they are: a third of what objects of names and
# texts take to write, and two thirds of their size.
_Packed = tuple[datetime, str, str, timedelta, str]
_pack: Final = msgspec.json.Encoder().encode
_unpack: Final = msgspec.json.Decoder(list[_Packed]).decode


def packed(steps: Iterable[Step], kind: Kind) -> str:
    """Return the steps of one clock as a row holds them."""
    return _pack([step[1:] for step in steps if step.kind is kind]).decode()


def unpacked(text: str, kind: Kind) -> list[Step]:
    """Return the steps that packed has written. Raises msgspec.DecodeError for another text."""
    return [Step(kind, *rest) for rest in _unpack(text)]


def as_json(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """Return steps by their instants, as JSON has them.

    {clock, at, action, reason, business_s}, and source where there is one.
    """
    return [_written(step) for step in sorted(steps, key=lambda step: step.at)]


def _written(step: Step) -> dict[str, Any]:
    found = {
        "clock": str(step.kind),
        "at": isoformat(step.at),
        "action": step.action,
        "reason": step.reason,
        "business_s": seconds(step.elapsed),
    }
    if step.source:
        found["source"] = step.source
    return found


def with_breach(
    steps: list[Step],
    *,
    started_at: datetime,
    breaches_at: datetime | None,
    target_s: int,
    now: datetime,
) -> list[Step]:
    """Add to a running clock's stored steps that it is breached by now, where it is.

    Nothing is written when the instant passes: it is known before, and stands in breaches_at.
    """
    if breaches_at is None or now <= breaches_at or not steps or _tells_breach(steps):
        return steps
    kind, target = steps[0].kind, timedelta(seconds=target_s)
    source = breach_source(kind, started_at)
    step = Step(kind, breaches_at, BREACHED, _used_up(target), target, source)
    return [*steps, step]


def _tells_breach(steps: Iterable[Step]) -> bool:
    told = False
    for step in steps:
        told = step.action == BREACHED or (told and step.action not in _AFRESH)
    return told


def _used_up(target: timedelta) -> str:
    return f"more than {said(target)} are used up"
