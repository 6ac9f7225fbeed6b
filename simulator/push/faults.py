"""What befalls events between the feed and a road: late, repeated, lost, reordered, spoilt.

Seeded: the same events under the same rates come to the same, whatever the time it takes.
"""

from random import Random
from typing import Any, Final, NamedTuple

from simulator.push.plan import Rates
from simulator.world.feed import Occurrence

_MOST_COPIES: Final = 5
_MOST_OVERTAKING: Final = 5
# What no event of the platform's is without.
_ESSENTIAL: Final = frozenset(
    {
        "conversationId",
        "currentState",
        "currentStateStart",
        "eventTime",
        "id",
        "participants",
        "sessionId",
        "sessionStart",
        "userId",
    }
)


class Copy(NamedTuple):
    """One copy of an event on its way. told is the event as it happened, sent as it comes."""

    told: Occurrence
    sent: Occurrence
    wait: float = 0.0  # real seconds
    forged: bool = False


class Faults:
    """The faults of one road. counts tells how often each befell an event."""

    def __init__(self, rates: Rates, *, stream: str) -> None:
        self.rates = rates
        self.counts: dict[str, int] = {}
        self._draw = Random(f"faults/{stream}")
        self._overtaken: list[tuple[int, Copy]] = []
        self._late: list[Copy] = []

    def pass_on(self, occurrence: Occurrence, *, loses: bool) -> list[Copy]:
        """Return what goes out now that this happened: its copies, and what waited for it."""
        copies = self._copies(occurrence, loses=loses)
        freed = self._overtake()
        if self._befalls("reordered", self.rates.reordered if copies else 0):
            left = self._draw.randint(1, _MOST_OVERTAKING)
            self._overtaken += [(left, copy) for copy in copies]
            return freed
        return [*copies, *freed]

    def let_go(self) -> list[Copy]:
        """Return all that is held back: it goes out at last."""
        held = [copy for _, copy in self._overtaken] + self._late
        self._overtaken, self._late = [], []
        return held

    def _copies(self, occurrence: Occurrence, *, loses: bool) -> list[Copy]:
        if self._befalls("lost", self.rates.lost if loses else 0):
            return []
        rates, draw = self.rates, self._draw
        copies = [Copy(occurrence, self._spoilt(occurrence))]
        if self._befalls("forged", rates.forged):
            copies.append(copies[0]._replace(forged=True))
        if self._befalls("repeated", rates.repeated):
            copies += [copies[0]] * (draw.randint(2, _MOST_COPIES) - 1)
        if self._befalls("late", rates.late):
            if not rates.late_s:
                self._late += copies
                return []
            copies = [copy._replace(wait=draw.uniform(0, rates.late_s)) for copy in copies]
        return copies

    def _overtake(self) -> list[Copy]:
        """Count an event that overtakes; return those that enough have overtaken."""
        counted = [(left - 1, copy) for left, copy in self._overtaken]
        self._overtaken = [(left, copy) for left, copy in counted if left > 0]
        return [copy for left, copy in counted if left <= 0]

    def _spoilt(self, occurrence: Occurrence) -> Occurrence:
        body = occurrence.body
        if self._befalls("skewed", self.rates.skewed if "eventTime" in body else 0):
            most = round(self.rates.skew_s * 1000)
            body = body | {"eventTime": body["eventTime"] + self._draw.randint(-most, most)}
        optional = sorted(body.keys() - _ESSENTIAL)
        if self._befalls("nulls", self.rates.nulls if optional else 0):
            body = self._with_holes(body, optional)
        return occurrence if body is occurrence.body else occurrence._replace(body=body)

    def _with_holes(self, body: dict[str, Any], optional: list[str]) -> dict[str, Any]:
        holes = self._draw.sample(optional, k=min(len(optional), self._draw.randint(1, 3)))
        nulls = {name for name in holes if self._draw.random() < 0.5}  # noqa: PLR2004  a coin
        return {
            k: None if k in nulls else v for k, v in body.items() if k in nulls or k not in holes
        }

    def _befalls(self, name: str, rate: float) -> bool:
        if not rate or self._draw.random() >= rate:
            return False
        self.counts[name] = self.counts.get(name, 0) + 1
        return True
