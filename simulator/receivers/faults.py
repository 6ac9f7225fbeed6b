"""Faults of receivers, on demand and seeded.

A rule is {"path": glob, "kind": …, "probability": 0..1, "count": n, "status": 500,
"retry_after": s, "as_date": bool, "seconds": s}; only kind is needed.

- error: an answer of `status`, with Retry-After where given
- html: a page in HTML with `status`
- redirect: 302 to another host
- drop: the connection is closed without an answer, before anything was done
- drop_after: it is done, and then the connection is closed without an answer
- hang: it is done, and answered only after `seconds`
- slow: answered rightly, but only after `seconds`, and nothing is done until then
"""

from dataclasses import dataclass, field, fields
from fnmatch import fnmatch
from random import Random
from typing import Any, Final

KINDS: Final = ("error", "html", "redirect", "drop", "drop_after", "hang", "slow")


@dataclass(slots=True)
class Rule:
    """One fault: which requests it befalls, how often, and what happens to them."""

    kind: str
    path: str = "*"
    probability: float = 1.0
    count: int | None = None  # how many requests are left to befall; None: no end
    status: int = 503
    retry_after: float | None = None
    as_date: bool = False
    seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind {self.kind!r} must be one of {', '.join(KINDS)}")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability {self.probability} must lie between 0 and 1")


@dataclass(slots=True)
class Faults:
    """The rules in force. The first that fits a request decides."""

    rules: list[Rule] = field(default_factory=list)
    draw: Random = field(default_factory=lambda: Random("receivers"))
    befallen: dict[str, int] = field(default_factory=dict)  # how often, by kind

    def put(self, rules: list[dict[str, Any]], *, seed: int = 0) -> None:
        """Replace all rules. Raises ValueError where one is malformed."""
        known = {each.name for each in fields(Rule)}
        for rule in rules:
            if unknown := set(rule) - known:
                raise ValueError(f"a rule has no {', '.join(sorted(unknown))}")
        self.rules = [Rule(**rule) for rule in rules]
        self.draw = Random(f"receivers/{seed}")
        self.befallen = {}

    def of(self, path: str) -> Rule | None:
        """Return the rule that befalls a request, and count it."""
        for rule in self.rules:
            fits = rule.count != 0 and fnmatch(path, rule.path)
            if fits and self.draw.random() < rule.probability:
                if rule.count is not None:
                    rule.count -= 1
                self.befallen[rule.kind] = self.befallen.get(rule.kind, 0) + 1
                return rule
        return None
