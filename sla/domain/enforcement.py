"""When an agent's session has been left untouched for too long, and why it is not ended anyway."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from chrono.business import BusinessTime
from sla.domain.words import said

# Only here does nobody sit at the other end of the line.
MEDIA: Final = frozenset({"email", "message"})
# A reading that is older than this shows how things were.
FRESH_FOR: Final = timedelta(seconds=60)
NO_MESSAGE: Final = "none of its messages is known: nobody can tell who waits for whom"
CUSTOMERS_TURN: Final = "its agent wrote last: the customer is waited for"


class Rule(NamedTuple):
    """What an enforcement ends. hours None: after is measured round the clock."""

    after: timedelta
    hours: BusinessTime | None
    queue_ids: frozenset[str]
    only_waiting: bool
    requeues: bool = False


class Held(NamedTuple):
    """A session of an agent, as it is known. Instants are UTC.

    connected: it is in interact, hold or parked now. touched_at: when its agent did something last,
    by the session itself. wrote_at: when any agent wrote last. waits_since: since when the customer
    waits for an answer; None where the agent wrote last. messages: whether any is known.
    shared: another agent's session is open, too.
    """

    media_type: str
    queue_id: str
    connected: bool
    touched_at: datetime
    wrote_at: datetime | None = None
    waits_since: datetime | None = None
    messages: bool = True
    shared: bool = False

    @property
    def untouched_since(self) -> datetime:
        """The latest instant at which somebody did what another must not undo."""
        known = (self.touched_at, self.wrote_at, self.waits_since)
        return max(at for at in known if at)


class Written(NamedTuple):
    """A message: when, and whether it was an agent's (else a customer's)."""

    at: datetime
    by_agent: bool


def waits_since(
    started_at: datetime, written: Iterable[Written], *, inbound: bool
) -> datetime | None:
    """Return since when the customer waits for an answer; None where an agent wrote last."""
    since = started_at if inbound else None
    for one in sorted(written):
        if one.by_agent:
            since = None
        elif since is None:
            since = one.at
    return since


def due_at(since: datetime, rule: Rule) -> datetime | None:
    """Return when untouched becomes too long; None where hours never hold so much."""
    return rule.hours.after(since, rule.after) if rule.hours else since + rule.after


def objection(held: Held, rule: Rule, now: datetime) -> str:
    """Return why a session is left alone; "" where it is to be ended."""
    since = held.untouched_since
    due = due_at(since, rule)
    objections = (
        (held.media_type not in MEDIA, f"{held.media_type} is never ended"),
        (not held.queue_id, "it came from no queue"),
        (held.queue_id not in rule.queue_ids, "its queue is not among those allowed"),
        (not held.connected, "no agent is connected"),
        (not held.messages, NO_MESSAGE),
        (rule.only_waiting and held.waits_since is None, CUSTOMERS_TURN),
        (rule.requeues and held.shared, "another agent has the conversation, too"),
        (due is None or due > now, f"it was touched less than {said(rule.after)} ago"),
    )
    return next((why for stands, why in objections if stands), "")
