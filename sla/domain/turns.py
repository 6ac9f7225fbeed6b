"""The turns a conversation takes, as far as its clocks care: a closed union in a total order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sla.domain.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When it happened, and when that became known where it was later.

    source names the event that it is known by, so that people can look it up: "message <id>",
    "segment <session id>/<number>", "event <name>/<subject>", "conversation"; "" where none is.
    """

    at: datetime
    received_at: datetime | None = None
    source: str = ""

    @property
    def known_at(self) -> datetime:
        return max(self.at, self.received_at or self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Created(Moment):
    """The conversation began: from here on the customer waits."""

    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerWrote(Moment):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentWrote(Moment):
    """user_id is "" where it is not known who."""

    user_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstResponseRecorded(Moment):
    """Somebody answered outside of the conversation, by telephone say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePaused(Moment):
    """The conversation waits; it does until every reason for that has ended."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateResumed(Moment):
    """One reason to wait has ended; where it names none, all have."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateOpened(Moment):
    """The conversation is open: neither paused nor closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Moment):
    """user_id is who had the conversation last, "" where that is not known."""

    user_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened(Moment):
    pass


class Cause(StrEnum):
    """Why other terms hold."""

    POLICY_ASSIGNED = "the policy was assigned"
    POLICY_CHANGED = "the policy changed"
    CALENDAR_CHANGED = "the calendar changed"
    PRIORITY_CHANGED = "the priority changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsChanged(Moment):
    """From here on these terms hold."""

    terms: Terms
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDeactivated(Moment):
    """No policy holds any more: every clock ends."""


# Reasons to wait that the mirror knows: what the agents do with the conversation.
PARKED: Final = "parked"
ON_HOLD: Final = "on hold"

Turn = (
    Created
    | CustomerWrote
    | AgentWrote
    | FirstResponseRecorded
    | StatePaused
    | StateResumed
    | StateOpened
    | Closed
    | Reopened
    | TermsChanged
    | PolicyDeactivated
)

# Of turns at one instant: terms hold before anything is measured, and a conversation closes or
# opens after its last word. What stands in one row keeps the order in which it arrived.
_ORDER: Final[tuple[tuple[type[Moment], ...], ...]] = (
    (TermsChanged, PolicyDeactivated),
    (Created,),
    (CustomerWrote, AgentWrote, FirstResponseRecorded),
    (StatePaused, StateResumed, StateOpened, Closed, Reopened),
)
_RANK: Final = {kind: rank for rank, kinds in enumerate(_ORDER) for kind in kinds}


def ordered(turns: Iterable[Turn]) -> list[Turn]:
    """Return turns by instant; at one instant by rank, and within that as they arrived.

    Where none says that the conversation began, the customer's first message does.
    """
    known = sorted(turns, key=lambda turn: turn.at)
    if not any(isinstance(turn, Created) for turn in known):
        asked = [turn for turn in known if isinstance(turn, CustomerWrote)][:1]
        known += [
            Created(at=turn.at, received_at=turn.received_at, source=turn.source) for turn in asked
        ]
    return sorted(known, key=lambda turn: (turn.at, _RANK[type(turn)]))
