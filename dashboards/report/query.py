"""The filter of the SLA report, as its URL tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from chrono.spans import Span
from dashboards.agent_rows import window
from dashboards.days import chosen
from dashboards.zones import of_centre
from sla.models import Clock

# By what rows are grouped: how it is called, and the column.
GROUPS: Final[Mapping[str, tuple[str, str]]] = {
    "day": ("Day", "day"),
    "queue": ("Queue", "queue_id"),
    "agent": ("Agent", "user_id"),
    "policy": ("Policy", "policy_id"),
}
KINDS: Final[Mapping[str, str]] = {
    Clock.Kind.FIRST_RESPONSE: "First response",
    Clock.Kind.NEXT_RESPONSE: "Next response",
    Clock.Kind.RESOLUTION: "Resolution",
}
RESULTS: Final[Mapping[str, str]] = {"breached": "Breached", "met": "Met"}


@dataclass(frozen=True, slots=True)
class Query:
    """Empty means all. start and end are days of the centre, both in it."""

    start: date
    end: date
    by: str = "day"
    kind: str = ""
    queue: str = ""
    agent: str = ""
    policy: str = ""
    result: str = ""
    errors: tuple[str, ...] = ()

    @classmethod
    def of(cls, told: Mapping[str, str], *, today: date) -> "Query":
        """Read a query string; a day that is none is named in errors, and the default taken."""
        days = chosen(told, today=today)
        policy = told.get("policy", "")
        return cls(
            start=days.start,
            end=days.end,
            by=_one_of(told.get("by", ""), GROUPS) or "day",
            kind=_one_of(told.get("kind", ""), KINDS),
            queue=told.get("queue", ""),
            agent=told.get("agent", ""),
            policy=policy if policy.isascii() and policy.isdigit() and len(policy) < 19 else "",  # noqa: PLR2004 - of any key
            result=_one_of(told.get("result", ""), RESULTS),
            errors=days.errors,
        )

    @property
    def span(self) -> Span:
        """Return the instants that its days cover."""
        zone = of_centre()
        return Span(window(self.start, zone).start, window(self.end, zone).end)

    @property
    def columns(self) -> dict[str, Any]:
        """Return the chosen values by the column that they stand in."""
        values = {
            "kind": self.kind,
            "queue_id": self.queue,
            "user_id": self.agent,
            "policy_id": self.policy,
        }
        return {column: value for column, value in values.items() if value}

    @property
    def lists_waits(self) -> bool:
        """Whether the waits themselves are shown below: of one day, or one of something."""
        one_of = self.queue or self.agent or self.policy or self.result
        return bool(one_of) or self.start == self.end


def _one_of(value: str, known: Mapping[str, Any]) -> str:
    return value if value in known else ""
