"""Where events are sent, in which shape, and what goes wrong on the way: read from JSON."""

import re
from fnmatch import translate
from functools import cached_property
from typing import Annotated, Any, Final, Literal

import msgspec

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Shape = Literal["trigger", "connect", "handover", "eventbridge", "sqs"]

_DETAIL: Final = "v2.detail.events.conversation.*."
# What each shape is sent unless its destination says otherwise. Triggers are offered no flow
# events, no agents' states and no snapshots.
_TOPICS: Final[dict[str, tuple[str, ...]]] = {
    "trigger": tuple(
        _DETAIL + each for each in ("customer.*", "acd.*", "user.*", "acw", "wrapup", "attributes")
    ),
    "connect": (f"{_DETAIL}user.start",),
    "handover": (f"{_DETAIL}user.end", f"{_DETAIL}acw"),
    "eventbridge": ("v2.detail.events.*", "v2.users.*.activity", "v2.users.*.conversations"),
}
_CRITERIA: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "handover": {"mediaType": ("MESSAGE",)},
}
_RETRYING: Final = frozenset({"eventbridge", "sqs"})
_MOST_ATTEMPTS: Final = 185  # EventBridge's own limit


class Rates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How probable each fault is for an event.

    late: it comes up to late_s real seconds later, or after the next flush where late_s is 0.
    repeated: it comes two to five times. lost: it never comes, where the road may lose any.
    reordered: up to five later ones overtake it. nulls: some fields that it need not have are null
    or absent. skewed: its eventTime is wrong by up to skew_s. forged: it comes once more under a
    wrong token.
    """

    late: Share = 0.0
    late_s: Seconds = 0.0
    repeated: Share = 0.0
    lost: Share = 0.0
    reordered: Share = 0.0
    nulls: Share = 0.0
    skewed: Share = 0.0
    skew_s: Seconds = 300.0
    forged: Share = 0.0


class Destination(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """One receiver.

    url is the webhook's, or the queue's of SQS. The token goes as a bearer in the Authorization
    header, or bare in any other. topics are globs, {id} means any; criteria are those of a
    trigger: fields of the event, and the values of which each must have one. strings: numbers
    arrive as texts, as they do where a data action's template quotes them; unset is what it writes
    for what an event lacks. A request without an answer within timeout_s has failed; it is tried
    attempts times in all (0: what the road itself does), first after retry_s, then doubling.
    """

    name: Annotated[str, msgspec.Meta(min_length=1)]
    shape: Shape
    url: Annotated[str, msgspec.Meta(pattern=r"^https?://[^/]")]
    token: str = ""
    header: str = "Authorization"
    topics: tuple[str, ...] = ()
    criteria: dict[str, tuple[str, ...]] = {}
    strings: bool = False
    unset: Literal["", "NOT_SET"] = ""
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 5.0
    attempts: Annotated[int, msgspec.Meta(ge=0, le=_MOST_ATTEMPTS)] = 0
    retry_s: Seconds = 1.0
    region: str = "eu-central-1"
    endpoint: str = ""  # of SQS, where it is not AWS's own

    @property
    def loses(self) -> bool:
        """Whether events may be lost on this road; EventBridge tries again instead."""
        return self.shape not in _RETRYING

    @property
    def most_attempts(self) -> int:
        return self.attempts or (1 if self.loses else _MOST_ATTEMPTS)

    def wants(self, topic: str) -> bool:
        return bool(self._topics.match(topic))

    def meets(self, body: dict[str, Any]) -> bool:
        """Whether an event is one that the destination asked for."""
        criteria = self.criteria or _CRITERIA.get(self.shape, {})
        return all(body.get(name) in values for name, values in criteria.items())

    @cached_property
    def _topics(self) -> re.Pattern[str]:
        shape = "eventbridge" if self.shape == "sqs" else self.shape
        globs = self.topics or _TOPICS[shape]
        return re.compile("|".join(translate(glob.replace("{id}", "*")) for glob in globs))


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All destinations, and the faults that befall each of them, drawn from a seed."""

    destinations: tuple[Destination, ...] = ()
    faults: Rates = Rates()
    seed: int = 0


def read(value: Any) -> Plan:
    """Read a plan from its JSON value. Raises ValueError, naming the place, where it is none."""
    try:
        plan = msgspec.convert(value, Plan)
    except msgspec.ValidationError as error:
        raise ValueError(f"this is no plan of what to push: {error}") from error
    names = [each.name for each in plan.destinations]
    if len(set(names)) < len(names):
        raise ValueError("this is no plan of what to push: two destinations have one name")
    return plan
