"""A simulated day with faults on every road, and what it must come to."""

import os
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final

import requests

from integrations import services
from integrations.errors import IntegrationError
from integrations.genesys import (
    correspondence,
    feedback,
    history,
    nightly,
    poll,
    recover,
    rereads,
    wanted,
)
from integrations.genesys import presence as presences
from integrations.genesys.client import Client, Credentials
from integrations.genesys.synchronise import synchronise
from integrations.models import HistoryDay
from simulator.api.faults import KINDS, everything
from simulator.clock import ManualClock
from simulator.server import Served

SEED: Final = int(os.environ.get("DCM_CHAOS_SEED", "7"))
# Of each switch. All at once leave hardly half of the answers right; `make chaos` takes that time.
SHARE: Final = 0.1
ALL_AT_ONCE: Final = os.environ.get("DCM_CHAOS_AT_ONCE", "0") == "1"
SETTLED_WITHIN_S: Final = 1500 if ALL_AT_ONCE else 240
STEP: Final = timedelta(minutes=40)
A_DAY: Final = timedelta(days=1)
# What a task finds may be another's to read again, which had its turn before.
TWICE: Final = 2


@dataclass
class Day:
    """A centre that lives, and a mirror that follows it."""

    served: Served
    clock: ManualClock
    failures: Counter[str] = field(default_factory=Counter)
    befallen: Counter[str] = field(default_factory=Counter)

    @property
    def client(self) -> Client:
        return Client(Credentials(self.served.url, "simulator", "simulator"), clock=self.clock.now)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.served.url}/simulator/{path}"
        answer = requests.request(method, url, json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def go_wrong(self, kinds: Collection[str], *, spread: bool = False) -> None:
        """Let SHARE of the answers go wrong in each of these ways by itself.

        spread: and SHARE of them in all other ways together.
        """
        self.befallen.update(self.control("GET", "faults/befallen"))
        order = {"probability": SHARE, "seconds": 0.05}
        rules = [rule for rule in everything(order) if rule["kind"] in kinds]
        if spread:
            others = everything(order | {"spread": True})
            rules += [rule for rule in others if rule["kind"] not in kinds]
        self.control("POST", "faults", rules)

    def live(self, until: datetime) -> None:
        """Let the centre live on, step by step, and the mirror follow.

        Each way in which answers go wrong has a step, or all have them all.
        """
        steps = ceil((until - self.clock.now()) / STEP)
        for step in range(steps):
            self.go_wrong(KINDS if ALL_AT_ONCE else list(KINDS)[step::steps])
            self.control("POST", "clock", {"advance_s": STEP.total_seconds()})
            self.control("POST", "push/flush")
            self.follow(self.tasks())

    def read_days(self) -> None:
        """Run the nightly reading until every day is read.

        A job takes its time to be fulfilled, or fails, and is ordered again a while later, at the
        latest in the next night: the clock goes on for it. Before another night all tasks have had
        a day to come through.
        """
        deadline = time.monotonic() + SETTLED_WITHIN_S
        self.follow(["nightly"])
        while rows := list(HistoryDay.objects.exclude(state=history.State.DONE)):
            assert time.monotonic() < deadline, f"these days were never read: {rows}"
            if all(row.state == history.State.FAILED for row in rows):
                self.settle()
            self.clock.set(self._next_look(rows))
            self.follow(["nightly"])

    def settle(self, *names: str) -> None:
        """Run tasks, all or those named, until each has come through twice; the clock stands."""
        deadline = time.monotonic() + SETTLED_WITHIN_S
        left = dict.fromkeys(names or self.tasks(), TWICE)
        while left:
            assert time.monotonic() < deadline, f"these never came through: {left}"
            for name in self.follow(left):
                left[name] -= 1
                if not left[name]:
                    del left[name]

    def follow(self, names: Collection[str]) -> list[str]:
        """Run each of these tasks once, as beat does; return those that came through."""
        tasks = self.tasks()
        return [name for name in names if self._ran(name, tasks[name])]

    def tasks(self) -> dict[str, Callable[[], Any]]:
        client, now = self.client, self.clock.now()
        return {
            "synchronise": lambda: synchronise(client=client, now=now),
            "process_inbox": lambda: services.process_inbox(now=now),
            "reread_wanted": lambda: wanted.reread_wanted(client=client, now=now),
            "poll": lambda: poll.poll(client=client, now=now),
            "find_open": lambda: poll.find_open(client=client, now=now),
            "reread_open": lambda: rereads.reread_open(client=client, now=now),
            "read_messages": lambda: correspondence.read_messages(client=client, now=now),
            "read_feedback": lambda: feedback.read_feedback(client=client, now=now),
            "last_day": lambda: poll.last_day(client=client, now=now),
            "nightly": lambda: nightly.nightly(client=client, now=now),
            "reconcile": lambda: recover.reconcile(client=client, now=now),
            "read_presence": lambda: presences.read_presence(client=client, now=now),
        }

    def _next_look(self, rows: Collection[HistoryDay]) -> datetime:
        """Return when to look after these days again: in a second, unless none is due then."""
        soon = self.clock.now() + timedelta(seconds=1)
        open_ = [row.due_at or soon for row in rows if row.state in history.OPEN]
        return max(min(open_, default=self.clock.now() + A_DAY), soon)

    def _ran(self, name: str, task: Callable[[], Any]) -> bool:
        time.sleep(self.client.budget.blocked_s())
        try:
            task()
        except IntegrationError as error:
            self.failures[name] += 1
            # Where a part of the API alone asked for it, the others need not wait.
            time.sleep(getattr(error, "retry_after", None) or 0)
            return False
        return True
