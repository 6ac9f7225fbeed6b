"""What goes out, as values: the order, the parcel, what became of it, and when to try again."""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from itertools import accumulate
from typing import Any, Final, NamedTuple

# How long to wait after the first, second, ... failure: 27 hours in all, as Svix takes.
PAUSES: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (
        *(5, 20, 60, 5 * 60, 15 * 60, 30 * 60, 3600),
        *(2 * 3600, 4 * 3600, 6 * 3600, 6 * 3600, 7 * 3600),
    )
)
JITTER: Final = 0.2  # of a pause, to either side
MOST_ATTEMPTS: Final = len(PAUSES) + 1
# When the second, third, ... try is made at the latest, counted from the order.
_TRIES_BY: Final = tuple(accumulate(PAUSES))
# Whoever is away is asked after so often while something urgent waits for him: so it is told within
# half a minute of his return, what it takes to look and to send included.
PROBE: Final = timedelta(seconds=20)
# Whoever asks us to wait for longer than that is asked again all the same.
LONGEST_WAIT: Final = timedelta(hours=6)

# The breaker: after so many failures in a row one try at a time, and pauses between them.
BREAKS_AFTER: Final = 5
BREAK_PAUSES: Final = (10.0, 30.0, 60.0, 120.0, 300.0)  # seconds


class Order(NamedTuple):
    """Tell a destination this.

    A key that was ordered before is ordered again where its payload differs and again is set; else
    nothing happens. What is urgent goes ahead of all that is not, as far as its lane lets it.
    """

    key: str
    topic: str
    conversation_id: str
    payload: Mapping[str, Any]
    lane: str = ""
    again: bool = False
    due_at: datetime | None = None
    urgent: bool = False


class Told(NamedTuple):
    """A Common Event on its way out. revision counts how often it was put right."""

    pk: int
    name: str
    subject: str
    at: datetime
    recorded_at: datetime
    conversation_id: str
    about: Mapping[str, str]
    revision: int = 0

    @property
    def key(self) -> str:
        """What tells it from every other event, for ever."""
        return f"{self.conversation_id}:{self.name}:{self.subject}"

    @property
    def destinations(self) -> list[str]:
        """The numbers of destinations that it is addressed to, beside those that ask for it."""
        return self.about.get("destinations", "").split()

    @property
    def is_aside(self) -> bool:
        """Whether the customer notices nothing: a consultation, one more session of an agent."""
        return "consult" in self.about or "again" in self.about


class Parcel(NamedTuple):
    """A delivery that is ours to send until its lease ends.

    in_doubt: an earlier try may have got through. remote_id is what they called it then, or "".
    """

    pk: int
    key: str
    topic: str
    conversation_id: str
    payload: Mapping[str, Any]
    version: int
    attempts: int
    in_doubt: bool
    remote_id: str
    fence: int
    destination_id: int

    @property
    def message_id(self) -> str:
        """The id that every try of it carries, so that a receiver can tell a repetition."""
        told = f"{self.destination_id}\n{self.key}\n{self.version}"
        return f"msg_{blake2b(told.encode(), digest_size=16).hexdigest()}"


class Result(StrEnum):
    """How a try went. LOST: it may have got through. REFUSED: no other try would help."""

    DELIVERED = "delivered"
    FOUND = "found"
    FAILED = "failed"
    LOST = "lost"
    REFUSED = "refused"
    SHOWN = "shown"


class Outcome(NamedTuple):
    """What became of a try. disables: whatever else we send would be refused too.

    said is their answer, cut; only administrators see it. retry_after is in seconds. blames_them:
    the failure tells of the destination, so that its breaker counts it; breaks: it opens at once.
    counts: a failure uses up one of the tries. kept: what the kind wants to settle with.
    """

    result: Result
    reason: str = ""
    status: int | None = None
    said: str = ""
    remote_id: str = ""
    retry_after: float | None = None
    disables: bool = False
    blames_them: bool = True
    duration_ms: int = 0
    breaks: bool = False
    counts: bool = True
    kept: Any = None

    @property
    def got_through(self) -> bool:
        return self.result in {Result.DELIVERED, Result.FOUND}


class Pace(NamedTuple):
    """How fast a destination may be told: so many at a time, and a second; so many to a call."""

    at_once: int = 4
    per_s: float = 50.0
    batch: int = 1


def pause_after(
    attempts: int, retry_after: float | None, chance: float, *, probes: bool = False
) -> timedelta | None:
    """Return when to try again after so many tries; None: give up.

    chance in [0, 1) spreads those that failed together. What they asked for is the least. probes:
    it is urgent, and asks whether whoever is away is back.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    spread = 1 - JITTER + 2 * JITTER * chance
    pause = PAUSES[max(attempts, 1) - 1] * spread
    pause = min(pause, PROBE) if probes else pause
    asked = timedelta(seconds=min(retry_after or 0.0, LONGEST_WAIT.total_seconds()))
    return max(pause, asked)


def tries_by(age: timedelta) -> int:
    """Return how many tries the pauses alone would have made of what was ordered so long ago.

    So what is tried more often than that is given up no sooner.
    """
    return 1 + bisect_right(_TRIES_BY, age)


def breaks_for(failures: int, *, urgent: bool = False) -> timedelta | None:
    """Return how long the breaker stays open after so many failures in a row; None: closed.

    urgent: something urgent waits.
    """
    if failures < BREAKS_AFTER:
        return None
    index = min(failures - BREAKS_AFTER, len(BREAK_PAUSES) - 1)
    pause = timedelta(seconds=BREAK_PAUSES[index])
    return min(pause, PROBE) if urgent else pause
