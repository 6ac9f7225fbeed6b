"""Faults on demand: rules that make some answers go wrong, to try a client's patience.

A rule is {"path": glob, "kind": …, "method": "GET"|"POST"|…, "probability": 0..1, "count": n,
"status": 500, "retry_after": s, "seconds": s}; only path and kind are needed. Kinds:

- error: an error answer of `status` (429, 500, 503, 403, …), with Retry-After where given
- hang: no answer for `seconds`, then the right one
- drop: the connection is closed without an answer, before anything was done
- drop_after: the same, after the request was carried out
- html: a page in HTML with status 200
- null_enums: the right answer, with null for every enum that is absent
"""

from dataclasses import dataclass, field, fields
from fnmatch import fnmatch
from random import Random
from typing import Any

from simulator.api.errors import bad_request

KINDS = ("error", "hang", "drop", "drop_after", "html", "null_enums")
_ENUMS = {
    "segmentType": ("disconnectType",),
    "mediaType": ("direction", "messageType", "usedRouting"),
    "conversationStart": ("originatingDirection",),
}


@dataclass(slots=True)
class Rule:
    """One fault: which requests it befalls, how often, and what happens to them."""

    path: str
    kind: str
    method: str = "*"
    probability: float = 1.0
    count: int | None = None  # how many requests are left to befall; None: no end
    status: int = 500
    retry_after: int | None = None
    seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind {self.kind!r} must be one of {', '.join(KINDS)}")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability {self.probability} must lie between 0 and 1")

    def befalls(self, method: str, path: str) -> bool:
        return self.count != 0 and self.method in {"*", method.upper()} and fnmatch(path, self.path)


@dataclass(slots=True)
class Faults:
    """The rules in force. The first that fits a request decides."""

    rules: list[Rule] = field(default_factory=list)
    draw: Random = field(default_factory=lambda: Random("faults"))

    def put(self, rules: Any) -> None:
        """Replace all rules. Raises ApiError (400) where one is malformed."""
        if not isinstance(rules, list):
            raise bad_request("faults are a list of rules")
        self.rules = [_rule(each) for each in rules]

    def of(self, method: str, path: str) -> Rule | None:
        """Return the rule that befalls a request, and count it."""
        for rule in self.rules:
            if rule.befalls(method, path) and self.draw.random() < rule.probability:
                if rule.count is not None:
                    rule.count -= 1
                return rule
        return None


def with_null_enums(value: Any) -> Any:
    """Return a JSON value with an explicit null for each enum that it leaves out."""
    if isinstance(value, list):
        return [with_null_enums(each) for each in value]
    if not isinstance(value, dict):
        return value
    nulls = {name: None for mark, names in _ENUMS.items() if mark in value for name in names}
    return nulls | {key: with_null_enums(each) for key, each in value.items()}


def _rule(each: Any) -> Rule:
    known = {f.name for f in fields(Rule)}
    if not isinstance(each, dict) or not {"path", "kind"} <= set(each) <= known:
        raise bad_request(f"a rule has path and kind, and may have {', '.join(sorted(known))}")
    try:
        return Rule(**each)
    except (TypeError, ValueError) as error:
        raise bad_request(f"rule {each}: {error}") from error
