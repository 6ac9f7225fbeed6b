"""Writing clocks: a pure function of the mirror and the policies, put down set-wise."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple

import msgspec
from django.db import transaction

from conversations import bulk
from conversations.models import Conversation
from sla import timers, waits
from sla.domain.clock import Clock as Measured
from sla.domain.fold import Standing, replay
from sla.domain.forgotten import watched
from sla.domain.steps import as_json
from sla.domain.terms import Kind
from sla.models import Clock
from sla.promises import Book, Promise
from sla.seats import seats_of
from sla.turns import turns_of

BATCH: Final = 500
_KEY: Final = ("conversation_id", "kind")
_COLUMNS: Final = (
    *("policy_id", "state", "reason", "since", "started_at", "elapsed_ms", "target_s"),
    *("warn_at", "due_at", "breaches_at", "breached", "steps"),
    *("calendar_id", "calendar_version", "promised_by"),
)
NEEDED: Final = (
    *("pk", "genesys_id", "started_at", "ended_at", "originating_direction", "media_type"),
    *("queue_id", "user_id", "message_type", "division_ids", "skill_ids", "language_id"),
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
    book = Book()
    wanted = iter(sorted(set(conversation_ids)))
    total = Refreshed()
    while batch := list(islice(wanted, BATCH)):
        total += _refresh(batch, book, now)
    return total


@transaction.atomic
def _refresh(pks: Sequence[int], book: Book, now: datetime) -> Refreshed:
    # Locked in the order in which record() locks them: who reads last writes last.
    locked = Conversation.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
    conversations = list(locked.only(*NEEDED))
    promises = book.promises(conversations)
    unreadable = {pk for pk, promise in promises.items() if promise and promise.terms is None}
    clocks: dict[tuple[int, str], Clock] = {}
    seen: dict[int, timers.Measured] = {}
    over: dict[waits.Key, tuple[object, ...]] = {}
    measured = [c for c in conversations if promises[c.pk] and c.pk not in unreadable]
    for conversation, policy_pk, standing in standings(measured, promises, now):
        seen[conversation.pk] = timers.Measured(policy_pk, standing)
        over.update(waits.of(conversation, policy_pk, standing))
        for clock in _clocks(conversation.pk, policy_pk, standing, now):
            clocks[conversation.pk, clock.kind] = clock
    readable = set(promises) - unreadable
    waits.put_down(over, readable)
    done = _put_down(clocks, readable)
    timers.replan(seen, conversation_ids=readable, now=now)
    return done


def standings(
    conversations: Sequence[Conversation],
    promises: Mapping[int, Promise | None],
    now: datetime,
) -> Iterator[tuple[Conversation, int, Standing]]:
    """Yield how the clocks of conversations stand by the policies (pk) that apply to them."""
    named = [(c, promise) for c in conversations if (promise := promises[c.pk])]
    idle = [c.pk for c, promise in named if promise.minds_idleness]
    held = [c.pk for c, promise in named if promise.minds_forgetting and c.ended_at is None]
    turns, seats = turns_of(conversations, idle=idle), seats_of(held, now)
    for conversation, promise in named:
        standing = replay([*turns[conversation.pk], *promise.later], promise.terms)
        standing = watched(standing, seats.of(conversation.pk), seats.away)
        yield conversation, promise.policy_id, standing


def _clocks(pk: int, policy_pk: int, standing: Standing, now: datetime) -> Iterable[Clock]:
    for kind in Kind:
        measured = standing.clock(kind)
        if measured:
            yield _row(pk, policy_pk, standing, measured, now)


def _row(pk: int, policy_pk: int, standing: Standing, measured: Measured, now: datetime) -> Clock:
    state, reason = _shown(standing, measured)
    promised_by = measured.terms.promised_by
    return Clock(
        conversation_id=pk,
        kind=measured.kind,
        policy_id=policy_pk,
        state=state,
        reason=reason,
        since=measured.since,
        started_at=measured.started_at,
        elapsed_ms=measured.elapsed // timedelta(milliseconds=1),
        promised_by=promised_by.words,
        calendar_id=promised_by.calendar_id,
        calendar_version=promised_by.calendar_version,
        target_s=measured.target // timedelta(seconds=1),
        warn_at=measured.warns_at(measured.since),
        due_at=measured.due_at,
        breaches_at=measured.breaches_at,
        breached=measured.elapsed > measured.target,
        steps=as_json(standing.steps, measured.kind),
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
    """Write the clocks that differ from what the table has, and delete those that are no more.

    Whoever calls holds the conversations (pks): nobody else writes of them meanwhile.
    """
    table = Clock.objects.filter(conversation_id__in=pks)
    known = {
        (pk, kind): (row, tuple(values))
        for row, pk, kind, *values in table.values_list("pk", *_KEY, *_COLUMNS)
    }
    changed = [
        clock
        for key, clock in clocks.items()
        if key not in known or known[key][1] != _values(clock)
    ]
    gone = known.keys() - clocks.keys()
    new = [clock for clock in changed if _key(clock) not in known]
    other = [clock for clock in changed if _key(clock) in known]
    columns = (*_COLUMNS, "changed_at")
    bulk.insert(Clock, (*_KEY, *columns), [(*_key(c), *_written(c)) for c in new])
    bulk.update(Clock, columns, [(*_written(c), known[_key(c)][0]) for c in other])
    for kind in {kind for _, kind in gone}:
        table.filter(kind=kind, conversation_id__in=[p for p, k in gone if k == kind]).delete()
    return Refreshed(written=len(changed), deleted=len(gone))


def _key(clock: Clock) -> tuple[int, str]:
    return clock.conversation_id, str(clock.kind)


def _written(clock: Clock) -> tuple[object, ...]:
    """Return the columns of a clock as bulk writes them, when it changed last."""
    values = dict(zip(_COLUMNS, _values(clock), strict=True))
    values["steps"] = msgspec.json.encode(clock.steps).decode()
    return (*values.values(), clock.changed_at)


def _values(clock: Clock) -> tuple[object, ...]:
    return tuple(getattr(clock, name) for name in _COLUMNS)
