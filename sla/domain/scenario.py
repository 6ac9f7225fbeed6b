"""Timelines written down as JSON, and how their clocks stand: what sla_replay reads and answers.

Terms change by what an event carries; what it leaves out stays as it was.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec

from chrono.hours import Hours
from chrono.instants import EPOCH, isoformat, parse
from sla.domain.clock import Clock
from sla.domain.fold import Standing, replay
from sla.domain.reading import Seconds, converted, instant, seconds, without_nulls
from sla.domain.steps import as_json, overrun
from sla.domain.terms import WAITS, OnChange, Reopening, Terms
from sla.domain.turns import (
    AgentWrote,
    Cause,
    Closed,
    Created,
    CustomerWrote,
    FirstResponseRecorded,
    PolicyDeactivated,
    Reopened,
    StateOpened,
    StatePaused,
    StateResumed,
    TermsChanged,
    Turn,
)

Percent = Annotated[float, msgspec.Meta(ge=0, le=1e6)]


class Policy(msgspec.Struct, frozen=True):
    """A policy as scenarios write it: seconds of business time, but for force_disconnect_wall_s.

    pause_while names what stops clocks: "state_paused" is any reason to wait, "agent_message" that
    the agent wrote last; another name is that of a reason.
    """

    first_response_s: Seconds | None = None
    next_response_s: Seconds | None = None
    resolution_s: Seconds | None = None
    warn_s: Seconds | None = None
    warn_pct: tuple[Percent, ...] = ()
    force_disconnect_wall_s: Seconds | None = None
    waiting_on_customer_pauses: bool = False
    pause_while: tuple[str, ...] = ("state_paused",)
    on_change: Literal["recompute", "keep"] = "recompute"
    reopening: Literal["continue", "restart"] = "continue"


class Calendar(msgspec.Struct, frozen=True):
    """Opening hours as scenarios write them; what is in them Hours.of reads."""

    timezone: Any = None
    hours: Any = None
    holidays: Any = ()
    overrides: Any = None
    breaks: Any = None


class Event(msgspec.Struct, frozen=True):
    """What every event of a scenario carries."""

    at: str
    type: str
    received_at: str | None = None
    reason: str | None = None


class Scenario(msgspec.Struct, frozen=True):
    """A timeline of events through a policy. as_of is now; absent, it is after the last event."""

    events: tuple[dict[str, Any], ...]
    policy: dict[str, Any] = msgspec.field(default_factory=dict)
    as_of: str | None = None


PLAIN: Final[dict[str, Callable[..., Turn]]] = {
    "created": Created,
    "customer_message": CustomerWrote,
    "agent_message": AgentWrote,
    "first_response_recorded": FirstResponseRecorded,
    "state_open": StateOpened,
    "closed": Closed,
    "reopened": Reopened,
    "policy_deactivated": PolicyDeactivated,
}
WITH_REASON: Final[dict[str, Callable[..., Turn]]] = {
    "state_paused": StatePaused,
    "state_resumed": StateResumed,
}
CHANGING: Final = {
    "policy_assigned": Cause.POLICY_ASSIGNED,
    "policy_changed": Cause.POLICY_CHANGED,
    "calendar_changed": Cause.CALENDAR_CHANGED,
    "priority_changed": Cause.PRIORITY_CHANGED,
}
TYPES: Final = (*PLAIN, *WITH_REASON, *CHANGING)
POLICY_FIELDS: Final = frozenset(Policy.__struct_fields__)
CALENDAR_FIELDS: Final = frozenset(Calendar.__struct_fields__)


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """Replay one scenario and say how its clocks stand.

    case has timezone, hours, holidays, overrides, breaks, policy, events and as_of; null is as good
    as left out. The answer has instants as ISO-8601 UTC text, business time in seconds, null where
    it does not apply.
    Raises ValueError, which says where the scenario cannot be read and what to write.
    """
    scenario = converted(without_nulls(case), Scenario, "")
    events = sorted(_events(scenario), key=lambda read: parse(read[0].at))
    terms, turns = _told(case, scenario.policy, events)
    latest = max((turn.known_at for turn in turns), default=EPOCH)
    now = instant(scenario.as_of, "as_of") if scenario.as_of else latest
    return _answered(replay((turn for turn in turns if turn.known_at <= now), terms), now)


def _events(scenario: Scenario) -> Iterable[tuple[Event, dict[str, Any], str]]:
    """Yield each event, the object that it stands in, and its place."""
    for number, written in enumerate(scenario.events):
        place = f"events[{number}]"
        event = converted(written, Event, place)
        if event.type not in TYPES:
            raise ValueError(f"{place}.type: {event.type!r} is none of {', '.join(TYPES)}")
        instant(event.at, f"{place}.at")
        yield event, written, place


def _told(
    case: dict[str, Any],
    policy: dict[str, Any],
    events: list[tuple[Event, dict[str, Any], str]],
) -> tuple[Terms | None, list[Turn]]:
    """Return the terms that hold from the beginning, and the turns."""
    written = {name: case[name] for name in CALENDAR_FIELDS & set(case)} | policy
    first: Terms | None = _terms(written, "policy")
    assigned = next((raw for event, raw, _ in events if event.type == "policy_assigned"), None)
    if assigned is not None and not POLICY_FIELDS & set(_carried(assigned)):
        first = None  # it is this policy that is assigned, and until then there is none
    turns: list[Turn] = []
    for event, raw, place in events:
        if event.type in CHANGING:
            written |= _carried(raw)
        turns.append(_turn(event, written, place))
    return first, turns


def _carried(raw: dict[str, Any]) -> dict[str, Any]:
    """Return what an event says of policy and calendar, at its top or in an object of its own."""
    inner = [raw[name] for name in ("policy", "calendar") if isinstance(raw.get(name), dict)]
    known = POLICY_FIELDS | CALENDAR_FIELDS
    return {name: part[name] for part in (raw, *inner) for name in known & set(part)}


def _turn(event: Event, written: dict[str, Any], place: str) -> Turn:
    at, late = parse(event.at), event.received_at
    received_at = instant(late, f"{place}.received_at") if late else None
    if event.type in PLAIN:
        return PLAIN[event.type](at=at, received_at=received_at)
    if event.type in WITH_REASON:
        return WITH_REASON[event.type](at=at, received_at=received_at, reason=event.reason or "")
    terms, cause = _terms(written, place), CHANGING[event.type]
    return TermsChanged(at=at, received_at=received_at, terms=terms, cause=cause)


def _terms(written: dict[str, Any], place: str) -> Terms:
    written = without_nulls(written)
    policy = converted(written, Policy, place)
    calendar = converted(written, Calendar, place)
    warns_after = _duration(policy.warn_s)
    return Terms(
        hours=Hours.of(**msgspec.structs.asdict(calendar)),
        first_response=_duration(policy.first_response_s),
        next_response=_duration(policy.next_response_s),
        resolution=_duration(policy.resolution_s),
        warnings=() if warns_after is None else (warns_after,),
        warn_percents=policy.warn_pct,
        force_disconnect_after=_duration(policy.force_disconnect_wall_s),
        waiting_on_customer_pauses=policy.waiting_on_customer_pauses
        or "agent_message" in policy.pause_while,
        pausing=None if "state_paused" in policy.pause_while else frozenset(policy.pause_while),
        on_change=OnChange(policy.on_change),
        reopening=Reopening(policy.reopening),
    )


def _duration(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _answered(standing: Standing, now: datetime) -> dict[str, Any]:
    deadline = standing.next_deadline()
    dues = {kind: clock.due_at for kind in WAITS if (clock := standing.clock(kind))}
    elapsed = {kind: clock.elapsed_at(now) for kind in WAITS if (clock := standing.clock(kind))}
    late = [overrun(clock, at) for clock in standing.clocks if (at := _overruns(clock, now))]
    return {
        **{f"{kind}_due": _instant(dues.get(kind)) for kind in WAITS},
        "next_deadline": _instant(deadline.due_at if deadline else None),
        "warn_at": _instant(deadline.warns_at(now) if deadline else None),
        "force_disconnect_at": _instant(standing.force_disconnect_at),
        "paused": standing.paused,
        **{f"{kind}_business_s": _seconds(elapsed.get(kind)) for kind in WAITS},
        "missed": [str(kind) for kind in standing.missed_by(now)],
        "steps": as_json((*standing.steps, *late)),
    }


def _overruns(clock: Clock, now: datetime) -> datetime | None:
    return clock.overruns_by(clock.elapsed_at(now))


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else seconds(duration)


def _instant(at: datetime | None) -> str | None:
    return None if at is None else isoformat(at)
