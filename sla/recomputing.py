"""Computing clocks anew after a change: from the first conversation to the last, in slices.

A slice and how far it came are one transaction, so whoever is killed loses nothing and repeats
nothing. What was ordered last covers all that was ordered before it.
"""

import logging
import time
from datetime import datetime
from typing import Final, NamedTuple

from django.db import OperationalError, transaction
from django.db.models import QuerySet

from conversations.bulk import breathe
from conversations.models import Change, Conversation
from sla.models import Recomputation
from sla.services import BATCH, Refreshed, refresh

logger = logging.getLogger(__name__)

# One run of the task goes on for so long, where nothing else waits.
LONGEST_S: Final = 5.0
LONGEST_CAUSE: Final = 300


@transaction.atomic
def order(*, cause: str, now: datetime, only_open: bool = True) -> Recomputation:
    """Have the clocks of all open conversations, or of all, computed anew.

    What was ordered before and is not done ends here: this begins from the first conversation.
    """
    covered = Recomputation.objects.filter(finished_at=None)
    if only_open:
        covered = covered.filter(only_open=True)
    covered.update(finished_at=now)
    return Recomputation.objects.create(
        cause=cause[:LONGEST_CAUSE],
        ordered_at=now,
        only_open=only_open,
        total=_conversations(only_open=only_open).count(),
    )


def left() -> QuerySet[Recomputation]:
    """Return what is ordered and not done, the oldest first."""
    return Recomputation.objects.filter(finished_at=None).order_by("ordered_at", "pk")


def work_off(*, now: datetime) -> int:
    """Compute anew what was ordered, for some seconds; return how many conversations were done.

    At least one slice is done, and no other while changes wait: what happens now goes first.
    Safe to run twice, and by several workers at once.
    """
    ends, total = time.monotonic() + LONGEST_S, 0
    while ordered := left().first():
        done = work_slice(pk=ordered.pk, now=now)
        if done is None:
            break
        total += done.conversations
        if time.monotonic() > ends or is_busy():
            break
        breathe()
    return total


def is_busy() -> bool:
    """Tell whether changes of the mirror wait."""
    return Change.objects.filter(failures=0).exists()


class Slice(NamedTuple):
    """What a slice did."""

    conversations: int
    refreshed: Refreshed = Refreshed()


def work_slice(*, pk: int, now: datetime) -> Slice | None:
    """Do the next slice of a recomputation; None where another process is at it, or it is done."""
    try:
        return _work_slice(pk, now)
    except OperationalError:
        raise  # a lock not had, a server gone: nothing is wrong with the slice
    except Exception:
        logger.exception("sla.recomputing_failed", extra={"recomputation": pk})
        return _hand_over(pk, now)


@transaction.atomic
def _work_slice(pk: int, now: datetime) -> Slice | None:
    row = _held(pk)
    if row is None:
        return None
    pks = _next(row)
    refreshed = refresh(conversation_ids=pks, now=now)
    _came(row, pks, now)
    return Slice(len(pks), refreshed)


@transaction.atomic
def _hand_over(pk: int, now: datetime) -> Slice | None:
    """Record a slice in which something fails as changes: those are tried one by one."""
    row = _held(pk)
    if row is None:
        return None
    pks = _next(row)
    Change.objects.bulk_create([Change(conversation_id=one, recorded_at=now) for one in pks])
    _came(row, pks, now)
    return Slice(len(pks))


def _held(pk: int) -> Recomputation | None:
    rows = Recomputation.objects.select_for_update(skip_locked=True)
    return rows.filter(pk=pk, finished_at=None).first()


def _next(row: Recomputation) -> list[int]:
    found = _conversations(only_open=row.only_open).filter(pk__gt=row.last_pk).order_by("pk")
    return list(found.values_list("pk", flat=True)[:BATCH])


def _came(row: Recomputation, pks: list[int], now: datetime) -> None:
    """Write down how far a recomputation came; a slice that is not full was the last one."""
    row.done += len(pks)
    row.last_pk = pks[-1] if pks else row.last_pk
    if len(pks) < BATCH:
        row.finished_at = now
        row.total = row.done  # some began, some ended meanwhile
    row.save(update_fields=["done", "last_pk", "finished_at", "total"])


def _conversations(*, only_open: bool) -> QuerySet[Conversation]:
    every = Conversation.objects.all()
    return every.filter(ended_at=None) if only_open else every
