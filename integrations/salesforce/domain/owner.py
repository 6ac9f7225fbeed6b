"""Whether a case is given to the agent who was connected. A newer decision always stands."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from integrations.salesforce.domain import ids


class Action(StrEnum):
    """What is done. CONFLICT: nothing, and somebody should look."""

    MOVE = "move"
    STAYS = "stays"
    SKIP = "skip"
    CONFLICT = "conflict"


class Policy(NamedTuple):
    """What an administrator allows."""

    from_users: bool = True  # take a case from a user who had it since before the event
    closed: bool = False


class Change(NamedTuple):
    """Somebody made somebody the owner: at a whole second, by a user's id."""

    at: datetime
    by: str


class Case(NamedTuple):
    """A case as it was read; changes are those of its owner since it was created.

    Where no history of owners is kept it is not tracked: then its last change, of whatever it was.
    """

    owner_id: str
    is_closed: bool
    created: Change
    assigned_at: datetime | None = None  # the event for which the owner was last set by us
    changes: Sequence[Change] = ()
    tracked: bool = True


class Decision(NamedTuple):
    """What is done, and why; in a conflict also what stands against it."""

    action: Action
    reason: str
    against: Change | None = None


def decide(case: Case, *, target: str, at: datetime, us: str, policy: Policy) -> Decision:
    """Return what becomes of a case when its customer was connected to target at an instant.

    Salesforce tells whole seconds: what was changed within the event's second counts as newer.
    """
    return _stays(case, target, at, policy) or _newer(case, at, us) or _moved(case, at, us, policy)


def _stays(case: Case, target: str, at: datetime, policy: Policy) -> Decision | None:
    if case.owner_id == target:
        return Decision(Action.STAYS, "the case is theirs already")
    if case.is_closed and not policy.closed:
        return Decision(Action.SKIP, "the case is closed")
    if case.assigned_at is not None and case.assigned_at > at:
        return Decision(Action.SKIP, "a later connection has set the owner already")
    return None


def _newer(case: Case, at: datetime, us: str) -> Decision | None:
    newer = _newest(case.changes, at, us)
    if newer is None:
        return None
    if case.tracked:
        return Decision(Action.CONFLICT, "somebody else has changed the owner since", newer)
    why = "somebody else has changed the case since, and its owner's history is not tracked"
    return Decision(Action.CONFLICT, why, newer)


def _moved(case: Case, at: datetime, us: str, policy: Policy) -> Decision:
    if case.owner_id.startswith(ids.QUEUE_PREFIX):
        return Decision(Action.MOVE, "from a queue")
    if _is_ours(case, us):
        return Decision(Action.MOVE, "from the agent of an earlier connection")
    if _since(case.created, at) and case.created.by != us:
        why = "the case was made for its owner after the connection"
        return Decision(Action.CONFLICT, why, case.created)
    if policy.from_users:
        return Decision(Action.MOVE, "from a user who had it since before")
    return Decision(Action.SKIP, "it belongs to a user, and is not taken from users")


def _newest(changes: Iterable[Change], at: datetime, us: str) -> Change | None:
    others = [one for one in changes if one.by != us and _since(one, at)]
    return max(others, default=None)


def _since(change: Change, at: datetime) -> bool:
    return change.at >= at.replace(microsecond=0)


def _is_ours(case: Case, us: str) -> bool:
    """Tell whether the present owner was set by us, for an earlier event."""
    last = max(case.changes, default=None)
    return case.assigned_at is not None and last is not None and last.by == us
