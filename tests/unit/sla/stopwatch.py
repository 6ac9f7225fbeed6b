"""SLA clocks by a stopwatch that ticks: slow, and of another making than the product's."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chrono.hours import Hours

TICK = timedelta(minutes=5)


@dataclass
class Stopwatch:
    """Ticks from event to event; every tick in business hours counts on the clocks that run."""

    hours: Hours
    targets: dict[str, timedelta]
    customer_pauses: bool
    elapsed: dict[str, timedelta] = field(default_factory=dict)
    reached: dict[str, datetime] = field(default_factory=dict)
    missed: set[str] = field(default_factory=set)
    begun: bool = False
    closed: bool = False
    first_answered: bool = False
    waiting: bool = False
    asked_anew: bool = False
    reasons: set[str] = field(default_factory=set)

    def runs(self, kind: str) -> bool:
        if not self.begun or self.closed or self.reasons:
            return False
        return {
            "first_response": not self.first_answered,
            "next_response": self.waiting,
            "resolution": self.waiting or not self.customer_pauses,
        }[kind]

    def tick(self, now: datetime) -> None:
        for kind, target in self.targets.items():
            if self.runs(kind) and self.hours.in_hours(now):
                self.elapsed[kind] += TICK
                if self.elapsed[kind] == target:
                    self.reached[kind] = now + TICK
                if self.elapsed[kind] > target:
                    self.missed.add(kind)

    def hear(self, event: dict[str, Any]) -> None:
        getattr(self, event["type"])(event.get("reason", ""))
        if self.asked_anew and not self.closed and self.waiting:
            self.asked_anew = False
            self.elapsed["next_response"] = timedelta()
            self.reached.pop("next_response", None)

    def created(self, _: str) -> None:
        self.begun = self.waiting = True
        self.elapsed = dict.fromkeys(self.targets, timedelta())

    def customer_message(self, _: str) -> None:
        self.waiting = True

    def agent_message(self, _: str) -> None:
        self.waiting, self.asked_anew, self.first_answered = False, True, True

    def first_response_recorded(self, _: str) -> None:
        self.first_answered = True

    def state_paused(self, reason: str) -> None:
        self.reasons.add(reason)

    def state_resumed(self, reason: str) -> None:
        self.reasons = self.reasons - {reason} if reason else set()

    def state_open(self, _: str) -> None:
        self.reasons, self.closed = set(), False

    def reopened(self, _: str) -> None:
        self.reasons, self.closed = set(), False

    def closed_(self, _: str) -> None:
        self.closed = True
