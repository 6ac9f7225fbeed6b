"""Faults on demand: rules that make some answers go wrong, to try a client's patience.

A rule is {"path": glob, "kind": …, "method": "GET"|"POST"|…, "probability": 0..1, "count": n,
"status": 500, "retry_after": s, "as_date": bool, "reset": s, "seconds": s}; only path and kind are
needed.

In place of the answer:
- error: an error answer of `status` (429, 500, 503, 403, …), with Retry-After where given, in
  seconds or, as_date, as an HTTP date; else with inin-ratelimit-reset where that is given
- drop: the connection is closed without an answer, before anything was done
- drop_after: the same, after the request was carried out
- html: a page in HTML with status 200
- error_body: the body of an error of `status`, with status 200
- revoke: every token is revoked, this one included

The right answer, but
- hang: only after `seconds`
- trickle: in small pieces over `seconds`
- truncated: cut in the middle
- null_enums: with null for every enum that is absent
- skew: with a Date header that is `seconds` ahead; a token, with a life that is so much too long
- reordered: with the conversations of a page in another order
- shifting_total: with a totalHits that is up to a fifth off

Another page or job than asked for:
- duplicate_page: the page before once more
- missing_page: the page after in place of this one
- invalid_cursor: 400 for a cursor that is right
- job_failed, job_cancelled, job_expired: how a job that is submitted now will come out
"""

from dataclasses import dataclass, field, fields
from fnmatch import fnmatch
from random import Random
from typing import Any, Final

from simulator.api.errors import bad_request

_QUERY: Final = "/api/v2/analytics/conversations/details/query"
_JOBS: Final = "/api/v2/analytics/conversations/details/jobs"
# Each kind, and the paths that "every fault" makes it befall; "" is every path of the API.
KINDS: Final = {
    **dict.fromkeys(("error", "drop", "drop_after", "html", "error_body", "revoke"), ""),
    **dict.fromkeys(("hang", "trickle", "truncated", "null_enums", "skew"), ""),
    **dict.fromkeys(("reordered", "shifting_total", "duplicate_page", "missing_page"), _QUERY),
    "invalid_cursor": f"{_JOBS}/*/results",
    **dict.fromkeys(("job_failed", "job_cancelled", "job_expired"), _JOBS),
}
# What an error may look like.
_ERRORS: Final[tuple[dict[str, Any], ...]] = (
    {"status": 429, "retry_after": 0},
    {"status": 429, "retry_after": 1},
    {"status": 429, "retry_after": 2, "as_date": True},
    {"status": 429, "reset": 1},
    {"status": 500},
    {"status": 502},
    {"status": 503, "retry_after": 1},
    {"status": 504},
)
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
    as_date: bool = False
    reset: int | None = None
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
    shape: Random = field(default_factory=lambda: Random("shape"))  # of what is made worse
    befallen: dict[str, int] = field(default_factory=dict)  # how often, by kind

    def put(self, rules: Any) -> None:
        """Replace all rules. Raises ApiError (400) where one is malformed."""
        if not isinstance(rules, list):
            raise bad_request("faults are a list of rules")
        self.rules = [_rule(each) for each in rules]
        self.befallen = {}

    def put_all(self, order: Any) -> None:
        """Let every kind befall the requests it can, each with a probability: see everything.

        Raises ApiError (400) where the order is malformed.
        """
        self.put(everything(order))
        seed = order.get("seed", 0)
        self.draw, self.shape = Random(f"faults/{seed}"), Random(f"shape/{seed}")

    def of(self, method: str, path: str) -> Rule | None:
        """Return the rule that befalls a request, and count it."""
        for rule in self.rules:
            if rule.befalls(method, path) and self.draw.random() < rule.probability:
                if rule.count is not None:
                    rule.count -= 1
                self.befallen[rule.kind] = self.befallen.get(rule.kind, 0) + 1
                return rule
        return None


def everything(order: Any) -> list[dict[str, Any]]:
    """Write the rules of {"probability": p, "seconds": s, "seed": n, "spread": bool}.

    Each kind befalls the requests it can with probability p; with spread, all kinds together do.
    seconds is how long a hang is, and a trickle; a Date header may be so many minutes ahead.
    """
    known = {"probability", "seconds", "seed", "spread"}
    if not isinstance(order, dict) or "probability" not in order or not set(order) <= known:
        raise bad_request(f"every fault takes probability, and may have {', '.join(sorted(known))}")
    seconds = float(order.get("seconds", 1))
    rules: list[dict[str, Any]] = []
    for kind, path in KINDS.items():
        looks = _ERRORS if kind == "error" else ({"seconds": seconds},)
        share = order["probability"] / len(looks) / (len(KINDS) if order.get("spread") else 1)
        method = "POST" if path == _JOBS else "*"
        common = {"path": path or "/api/v2/*", "kind": kind, "method": method}
        rules += [common | {"probability": share} | look for look in looks]
    return rules


def with_null_enums(value: Any) -> Any:
    """Return a JSON value with an explicit null for each enum that it leaves out."""
    if isinstance(value, list):
        return [with_null_enums(each) for each in value]
    if not isinstance(value, dict):
        return value
    nulls = {name: None for mark, names in _ENUMS.items() if mark in value for name in names}
    return nulls | {key: with_null_enums(each) for key, each in value.items()}


def reordered(value: Any, draw: Random) -> Any:
    """Return an answer with its conversations in another order."""
    if not isinstance(value, dict) or not isinstance(value.get("conversations"), list):
        return value
    shuffled = list(value["conversations"])
    draw.shuffle(shuffled)
    return value | {"conversations": shuffled}


def with_shifted_total(value: Any, draw: Random) -> Any:
    """Return an answer with a totalHits that is up to a fifth off."""
    if not isinstance(value, dict) or "totalHits" not in value:
        return value
    return value | {"totalHits": round(value["totalHits"] * draw.uniform(0.8, 1.2))}


def on_another_page(body: Any, kind: str) -> Any:
    """Return a query for the page before or after, where that is the fault."""
    step = {"duplicate_page": -1, "missing_page": 1}.get(kind)
    if step is None or not isinstance(body, dict) or not isinstance(body.get("paging"), dict):
        return body
    number = body["paging"].get("pageNumber", 1)
    if not isinstance(number, int):
        return body
    return body | {"paging": body["paging"] | {"pageNumber": max(number + step, 1)}}


def _rule(each: Any) -> Rule:
    known = {f.name for f in fields(Rule)}
    if not isinstance(each, dict) or not {"path", "kind"} <= set(each) <= known:
        raise bad_request(f"a rule has path and kind, and may have {', '.join(sorted(known))}")
    try:
        return Rule(**each)
    except (TypeError, ValueError) as error:
        raise bad_request(f"rule {each}: {error}") from error
