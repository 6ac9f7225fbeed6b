"""Which open conversations a policy finds late already when it begins to hold.

Counted from the mirror: their clocks are computed only after the policy was saved.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from conversations.models import Conversation
from sla.domain.clock import State
from sla.domain.fold import Standing
from sla.promises import Book
from sla.services import BATCH, standings
from sla.subjects import subjects

# Whoever saves a policy waits for it: of more open conversations the youngest are looked at.
MOST: Final = 5_000


class Late(NamedTuple):
    """How many of the open conversations that were looked at are late; every: of all there are."""

    number: int
    every: bool


def late_by(*, policy_id: int, now: datetime) -> Late:
    """Count the open conversations that a policy covers and finds late, as it is saved."""
    opened = Conversation.objects.filter(ended_at=None).order_by("-pk")
    pks = list(opened.values_list("pk", flat=True)[: MOST + 1])
    book, looked_at = Book(), pks[:MOST]
    portions = (looked_at[start : start + BATCH] for start in range(0, len(looked_at), BATCH))
    number = sum(_late(some, policy_id, book, now) for some in portions)
    return Late(number, len(pks) <= MOST)


def _late(pks: Iterable[int], policy_id: int, book: Book, now: datetime) -> int:
    conversations = subjects(Conversation.objects.filter(pk__in=pks))
    promises = book.promises(conversations)
    covered = [
        conversation
        for conversation in conversations
        if (promise := promises[conversation.pk])
        and promise.policy_id == policy_id
        and promise.terms
    ]
    return sum(_is_late(standing, now) for _, _, standing in standings(covered, promises, now))


def _is_late(standing: Standing, now: datetime) -> bool:
    return any(clock.missed(now) for clock in standing.clocks if clock.state is not State.STOPPED)
