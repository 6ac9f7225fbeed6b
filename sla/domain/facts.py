"""What is known of a conversation after a turn, as far as its clocks care: no policy is in it."""

from datetime import datetime
from typing import Final, NamedTuple

from sla.domain.turns import (
    AgentWrote,
    Cause,
    Closed,
    Created,
    CustomerWrote,
    FirstResponseRecorded,
    PolicyDeactivated,
    Reopened,
    StateOpened,
    StatePaused,
    StateResumed,
    TermsChanged,
    Turn,
)


class Facts(NamedTuple):
    """Who waits for whom. begun_at is None until the conversation began."""

    begun_at: datetime | None = None
    answered: bool = False  # a first response was given
    customer_waits: bool = False  # the customer wrote last
    pauses: tuple[str, ...] = ()  # the reasons to wait, oldest first
    closed: bool = False
    without_policy: bool = False  # it was switched off

    def pauses_said(self) -> str:
        named = ", ".join(reason for reason in self.pauses if reason)
        return f"the conversation is paused ({named})" if named else "the conversation is paused"


NOTHING: Final = Facts()


def learn(facts: Facts, turn: Turn) -> Facts:
    """Return what is known after one more turn."""
    match turn:
        case Created() | CustomerWrote() | AgentWrote() | FirstResponseRecorded():
            return _heard(facts, turn)
        case StatePaused() | StateResumed() | StateOpened() | Closed() | Reopened():
            return _entered(facts, turn)
        case PolicyDeactivated():
            return facts._replace(without_policy=True)
        case TermsChanged(cause=cause):
            assigned = cause is Cause.POLICY_ASSIGNED
            return facts._replace(without_policy=facts.without_policy and not assigned)


def _entered(
    facts: Facts, turn: StatePaused | StateResumed | StateOpened | Closed | Reopened
) -> Facts:
    """Enter a state. Whatever the conversation waited for, opening it ends that."""
    match turn:
        case StatePaused(reason=reason):
            others = tuple(known for known in facts.pauses if known != reason)
            return facts._replace(pauses=(*others, reason))
        case StateResumed(reason=reason):
            left = tuple(known for known in facts.pauses if reason and known != reason)
            return facts._replace(pauses=left)
        case Closed():
            return facts._replace(closed=True)
        case StateOpened() | Reopened():
            return facts._replace(closed=False, pauses=())


def _heard(
    facts: Facts, turn: Created | CustomerWrote | AgentWrote | FirstResponseRecorded
) -> Facts:
    """Hear somebody. What was said before the conversation began counts for nothing."""
    match turn:
        case Created(at=at) if facts.begun_at is None:
            return facts._replace(begun_at=at, customer_waits=True)
        case CustomerWrote() if facts.begun_at:
            return facts._replace(customer_waits=True)
        case AgentWrote() if facts.begun_at:
            return facts._replace(customer_waits=False, answered=True)
        case FirstResponseRecorded() if facts.begun_at:
            return facts._replace(answered=True)
        case _:
            return facts
