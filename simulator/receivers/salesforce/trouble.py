"""What goes wrong inside the organisation, on demand and seeded, beside the faults of HTTP.

A rule is {"kind": …, "object": glob, "after": n, "count": n, "probability": 0..1, "code": …,
"message": …}; only kind is needed. after lets so many pass before the first is befallen.

- lock: somebody else holds the record: UNABLE_TO_LOCK_ROW, alone or for one record of several
- refuse: this record is refused, with code and message
- expire: at this request all sessions are over: 401, and whoever logs in anew gets a new one

Rules of simulator.receivers.faults stand among them: `put` sorts them.
"""

from dataclasses import dataclass, field, fields
from fnmatch import fnmatch
from random import Random
from typing import Any, Final

from simulator.receivers.faults import Faults
from simulator.receivers.salesforce.errors import SalesforceError

KINDS: Final = ("lock", "refuse", "expire")


@dataclass(slots=True)
class Rule:
    """One trouble: what it befalls, how often, and with what words."""

    kind: str
    object: str = "*"
    probability: float = 1.0
    after: int = 0
    count: int | None = None  # how many are left to befall; None: no end
    code: str = "CANNOT_EXECUTE_FLOW_TRIGGER"
    message: str = "The record couldn't be saved because it failed to trigger a flow."


@dataclass(slots=True)
class Trouble:
    """The rules in force, and the faults of HTTP. The first rule that fits decides."""

    http: Faults = field(default_factory=Faults)
    rules: list[Rule] = field(default_factory=list)
    draw: Random = field(default_factory=lambda: Random("salesforce"))
    _befallen: dict[str, int] = field(default_factory=dict)

    def put(self, rules: list[dict[str, Any]], *, seed: int = 0) -> None:
        """Replace all rules. Raises ValueError where one is malformed."""
        ours = [rule for rule in rules if rule.get("kind") in KINDS]
        known = {each.name for each in fields(Rule)}
        if unknown := {name for rule in ours for name in rule} - known:
            raise ValueError(f"a rule has no {', '.join(sorted(unknown))}")
        self.http.put([rule for rule in rules if rule not in ours], seed=seed)
        self.rules = [Rule(**rule) for rule in ours]
        self.draw = Random(f"salesforce/{seed}")
        self._befallen = {}

    @property
    def befallen(self) -> dict[str, int]:
        """Return how often each kind has befallen something."""
        return self.http.befallen | self._befallen

    def expires(self) -> bool:
        """Tell whether sessions are over at this request."""
        return self._of("", "expire") is not None

    def befall(self, name: str, id_: str = "") -> None:
        """Let a write to a record go wrong where a rule says so. Raises SalesforceError."""
        if self._of(name, "lock"):
            wording = f"unable to obtain exclusive access to this record or 1 records: {id_}"
            raise SalesforceError("UNABLE_TO_LOCK_ROW", wording, fields=())
        if rule := self._of(name, "refuse"):
            raise SalesforceError(rule.code, rule.message, fields=())

    def _of(self, name: str, kind: str) -> Rule | None:
        for rule in self.rules:
            fits = rule.kind == kind and rule.count != 0 and fnmatch(name, rule.object)
            if fits and self._strikes(rule):
                self._befallen[kind] = self._befallen.get(kind, 0) + 1
                return rule
        return None

    def _strikes(self, rule: Rule) -> bool:
        if rule.after:
            rule.after -= 1
            return False
        struck = self.draw.random() < rule.probability
        if struck and rule.count is not None:
            rule.count -= 1
        return struck
