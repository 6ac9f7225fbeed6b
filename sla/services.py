"""Writing clocks: a pure function of the mirror and the policies, put down set-wise."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple

from django.db import transaction

from conversations.models import Change, Conversation
from sla.domain.clock import Clock as Measured
from sla.domain.fold import Standing, replay
from sla.domain.scenario import steps
from sla.domain.terms import Kind
from sla.models import Clock
from sla.selectors import PolicyInForce, policies_in_force, turns_of

BATCH: Final = 500
_COLUMNS: Final = (
    *("policy_id", "state", "reason", "since", "started_at", "elapsed_ms", "target_s"),
    *("warn_at", "due_at", "breaches_at", "breached", "steps"),
)
_NEEDED: Final = (
    *("pk", "started_at", "ended_at", "originating_direction", "media_type", "queue_id"),
)


class Refreshed(NamedTuple):
    """How many clocks were written because they changed, and how many were deleted."""

    written: int = 0
    deleted: int = 0

    def __add__(self, other: object) -> "Refreshed":
        if not isinstance(other, Refreshed):
            return NotImplemented
        return Refreshed(self.written + other.written, self.deleted + other.deleted)


def refresh(*, conversation_ids: Collection[int], now: datetime) -> Refreshed:
    """Make the clocks of conversations (by primary key) show how they stand.

    The first active policy that covers a conversation applies; without one it has no clocks.
    Clocks that stand as before are not written. A fixed number of statements for 500 conversations.
    """
    policies = policies_in_force()
    wanted = iter(sorted(set(conversation_ids)))
    total = Refreshed()
    while batch := list(islice(wanted, BATCH)):
        total += _refresh(batch, policies, now)
    return total


@transaction.atomic
def order_recomputing(*, now: datetime) -> int:
    """Have the clocks of all open conversations computed anew, and return how many those are.

    For changed policies and calendars: recorded as changes, so that workers do it piece by piece.
    """
    open_ones = Conversation.objects.filter(ended_at=None).order_by("pk")
    changes = [
        Change(conversation_id=pk, recorded_at=now)
        for pk in open_ones.values_list("pk", flat=True).iterator()
    ]
    Change.objects.bulk_create(changes, batch_size=BATCH)
    return len(changes)


@transaction.atomic
def _refresh(pks: Sequence[int], policies: Sequence[PolicyInForce], now: datetime) -> Refreshed:
    # Locked in the order in which record() locks them: who reads last writes last.
    locked = Conversation.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
    conversations = list(locked.only(*_NEEDED))
    applying = {c.pk: next((p for p in policies if p.covers(c)), None) for c in conversations}
    turns = turns_of([c for c in conversations if applying[c.pk]])
    clocks: dict[tuple[int, str], Clock] = {}
    unreadable = set()
    for pk, policy in applying.items():
        if policy and policy.terms is None:
            unreadable.add(pk)
        elif policy:
            for clock in _clocks(pk, policy, replay(turns[pk], policy.terms), now):
                clocks[pk, clock.kind] = clock
    return _put_down(clocks, set(applying) - unreadable)


def _clocks(pk: int, policy: PolicyInForce, standing: Standing, now: datetime) -> Iterable[Clock]:
    for kind in Kind:
        measured = standing.clock(kind)
        if measured:
            yield _row(pk, policy.pk, standing, measured, now)


def _row(pk: int, policy_pk: int, standing: Standing, measured: Measured, now: datetime) -> Clock:
    state, reason = _shown(standing, measured)
    return Clock(
        conversation_id=pk,
        kind=measured.kind,
        policy_id=policy_pk,
        state=state,
        reason=reason,
        since=measured.since,
        started_at=measured.started_at,
        elapsed_ms=measured.elapsed // timedelta(milliseconds=1),
        target_s=measured.target // timedelta(seconds=1),
        warn_at=measured.warns_at(measured.since),
        due_at=measured.due_at,
        breaches_at=measured.breaches_at,
        breached=measured.elapsed > measured.target,
        steps=steps(standing, measured.kind),
        changed_at=now,
    )


def _shown(standing: Standing, measured: Measured) -> tuple[str, str]:
    """Return the state that people see, and why.

    An answered wait is over; but while the conversation is open and the agent wrote last, whoever
    watches it wants to know that the customer is waited for, and that the clock will run again.
    """
    waits = measured.kind is Kind.NEXT_RESPONSE and measured.answered and standing.paused
    if waits:
        return Clock.State.PAUSED, "the agent wrote last"
    return measured.state, measured.reason


def _put_down(clocks: dict[tuple[int, str], Clock], pks: Collection[int]) -> Refreshed:
    """Write the clocks that differ from what the table has, and delete those that are no more."""
    table = Clock.objects.filter(conversation_id__in=pks)
    known = {
        (row[0], row[1]): row[2:] for row in table.values_list("conversation_id", "kind", *_COLUMNS)
    }
    changed = [clock for key, clock in clocks.items() if known.get(key) != _values(clock)]
    gone = known.keys() - clocks.keys()
    Clock.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["conversation", "kind"],
        update_fields=[*(name.removesuffix("_id") for name in _COLUMNS), "changed_at"],
    )
    for kind in {kind for _, kind in gone}:
        table.filter(kind=kind, conversation_id__in=[p for p, k in gone if k == kind]).delete()
    return Refreshed(written=len(changed), deleted=len(gone))


def _values(clock: Clock) -> tuple[object, ...]:
    return tuple(getattr(clock, name) for name in _COLUMNS)
