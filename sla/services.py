"""Writing clocks: a pure function of the mirror and the policies, put down set-wise."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import Final, NamedTuple

import msgspec
from django.conf import settings
from django.db import transaction

from conversations import bulk
from conversations.models import Conversation
from sla import timers, waits
from sla.domain.clock import Clock as Measured
from sla.domain.fold import Standing, replay
from sla.domain.forgotten import watched
from sla.domain.steps import packed
from sla.domain.terms import Kind
from sla.models import Clock
from sla.promises import Book, Promise
from sla.seats import seats_of
from sla.subjects import Subject, subjects
from sla.turns import turns_of

# On SQLite nobody else writes meanwhile.
BATCH: Final = 500 if settings.ON_SQLITE else 1_000
_KEY: Final = ("conversation_id", "kind")
_COLUMNS: Final = (
    *("policy_id", "state", "reason", "since", "started_at", "elapsed_ms", "target_s"),
    *("warn_at", "due_at", "breaches_at", "breached", "packed_steps"),
    *("calendar_id", "calendar_version", "promised_by"),
)
Key = tuple[int, str]  # conversation, kind
Values = tuple[object, ...]


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
    Clocks that stand as before are not written. A fixed number of statements for BATCH of them.
    """
    book = Book()
    wanted = iter(sorted(set(conversation_ids)))
    total = Refreshed()
    with bulk.collecting_rarely():
        while batch := list(islice(wanted, BATCH)):
            total += _refresh(batch, book, now)
    return total


@transaction.atomic
def _refresh(pks: Sequence[int], book: Book, now: datetime) -> Refreshed:
    # Locked in the order in which record() locks them: who reads last writes last.
    locked = Conversation.objects.select_for_update(no_key=True).filter(bulk.Among("pk", pks))
    conversations = subjects(locked.order_by("pk"))
    promises = book.promises(conversations)
    unreadable = {pk for pk, promise in promises.items() if promise and promise.terms is None}
    clocks: dict[Key, Values] = {}
    seen: dict[int, timers.Measured] = {}
    over: dict[waits.Key, tuple[object, ...]] = {}
    measured = [c for c in conversations if promises[c.pk] and c.pk not in unreadable]
    for conversation, policy_pk, standing in standings(measured, promises, now):
        seen[conversation.pk] = timers.Measured(policy_pk, standing)
        over.update(waits.of(conversation, policy_pk, standing))
        for clock in standing.clocks:
            clocks[conversation.pk, str(clock.kind)] = _values(policy_pk, standing, clock)
    readable = set(promises) - unreadable
    waits.put_down(over, readable)
    done = _put_down(clocks, readable, now)
    timers.replan(seen, conversation_ids=readable, now=now)
    return done


def standings(
    conversations: Sequence[Subject],
    promises: Mapping[int, Promise | None],
    now: datetime,
) -> Iterator[tuple[Subject, int, Standing]]:
    """Yield how the clocks of conversations stand by the policies (pk) that apply to them."""
    named = [(c, promise) for c in conversations if (promise := promises[c.pk])]
    idle = [c.pk for c, promise in named if promise.minds_idleness]
    held = [c.pk for c, promise in named if promise.minds_forgetting and c.ended_at is None]
    turns, seats = turns_of(conversations, idle=idle), seats_of(held, now)
    for conversation, promise in named:
        standing = replay([*turns[conversation.pk], *promise.later], promise.terms)
        standing = watched(standing, seats.of(conversation.pk), seats.away)
        yield conversation, promise.policy_id, standing


def _values(policy_pk: int, standing: Standing, measured: Measured) -> Values:
    """Return what _COLUMNS hold of a clock; a model would take as long as all that is measured."""
    state, reason = _shown(standing, measured)
    promised_by = measured.terms.promised_by
    return (
        *(policy_pk, str(state), reason, measured.since, measured.started_at),
        measured.elapsed // timedelta(milliseconds=1),
        measured.target // timedelta(seconds=1),
        *(measured.warns_at(measured.since), measured.due_at, measured.breaches_at),
        measured.elapsed > measured.target,
        packed(standing.steps, measured.kind),
        *(promised_by.calendar_id, promised_by.calendar_version, promised_by.words),
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


def _put_down(clocks: Mapping[Key, Values], pks: Collection[int], now: datetime) -> Refreshed:
    """Write the clocks that differ from what the table has, and delete those that are no more.

    Whoever calls holds the conversations (pks): nobody else writes of them meanwhile.
    """
    table = Clock.objects.filter(bulk.Among("conversation_id", pks))
    known: dict[Key, tuple[int, str]] = {
        (pk, kind): (row, fingerprint)
        for row, fingerprint, pk, kind in table.values_list("pk", "fingerprint", *_KEY)
    }
    new, changed = list[Values](), list[Values]()
    for key, values in clocks.items():
        fingerprint = blake2b(msgspec.json.encode(values), digest_size=16).hexdigest()
        row, before = known.get(key, (None, ""))
        if row is None:
            new.append((*key, *values, now, fingerprint))
        elif fingerprint != before:
            changed.append((*values, now, fingerprint, row))
    columns = (*_COLUMNS, "changed_at", "fingerprint")
    bulk.insert(Clock, (*_KEY, *columns), new)
    bulk.update(Clock, columns, changed)
    gone = known.keys() - clocks.keys()
    for kind in {kind for _, kind in gone}:
        table.filter(kind=kind, conversation_id__in=[p for p, k in gone if k == kind]).delete()
    return Refreshed(written=len(new) + len(changed), deleted=len(gone))
