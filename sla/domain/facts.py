"""What is known of a conversation after a turn, as far as its clocks care: no policy is in it."""

from datetime import datetime
from typing import Final, NamedTuple

from sla.domain.turns import (
    PARKED,
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
    """Who waits for whom. begun_at is None until the conversation began.

    waits_since is when the customer began to wait, where they do or did last; agent_wrote_at is
    when an agent wrote last.
    """

    begun_at: datetime | None = None
    answered: bool = False  # a first response was given
    customer_waits: bool = False  # the customer wrote last
    waits_since: datetime | None = None
    agent_wrote_at: datetime | None = None
    pauses: tuple[str, ...] = ()  # the reasons to wait, oldest first
    closed: bool = False
    without_policy: bool = False  # it was switched off


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
    """Hear somebody. What was said before the conversation began counts for nothing.

    What a customer writes brings a parked conversation back to its agent.
    """
    match turn:
        case Created(at=at) if facts.begun_at is None:
            return facts._replace(begun_at=at, customer_waits=True, waits_since=at)
        case CustomerWrote(at=at) if facts.begun_at:
            pauses = tuple(reason for reason in facts.pauses if reason != PARKED)
            since = facts.waits_since if facts.customer_waits else at
            return facts._replace(customer_waits=True, waits_since=since, pauses=pauses)
        case AgentWrote(at=at) if facts.begun_at:
            return facts._replace(customer_waits=False, answered=True, agent_wrote_at=at)
        case FirstResponseRecorded() if facts.begun_at:
            return facts._replace(answered=True)
        case _:
            return facts
