"""The inbox keeps what was sent to us as it came: bodies that tell of an erased person are emptied.

Their rows stay, so that a repeated event is still known as one.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from django.db.models import Q, QuerySet

from conversations import bulk
from conversations.domain.personal import Identifier, named_in_json, named_in_text
from integrations.erasure.known import requests_naming
from integrations.models import ErasedConversation, ErasureRequest, InboxItem

AT_ONCE: Final = 200
ERASED: Final = "its body was erased: it told of a person who must be forgotten, or was too old"
_WORD: Final = re.compile(rb"[0-9A-Za-z_\-]{1,100}")

Items = QuerySet[InboxItem]


class Told(NamedTuple):
    """One body: the words in it that may be ids, and whom it names."""

    pk: int
    received_at: datetime
    words: frozenset[str]
    named: frozenset[Identifier]


def strip(*, since: datetime | None = None) -> int:
    """Empty the bodies that tell of erased persons, worked through since then; return how many.

    One that still waits to be worked through is for a later call.
    """
    if not ErasureRequest.objects.exists():
        return 0
    items = InboxItem.objects.all()
    if since is not None:
        items = items.filter(Q(received_at__gte=since) | Q(processed_at__gte=since))
    erased = frozenset(ErasedConversation.objects.values_list("genesys_id", flat=True))
    return sum(_empty(_concerned(told, erased)) for told in _portions(items))


def strip_before(cutoff: datetime) -> int:
    """Empty the bodies that came before an instant; return how many."""
    items = InboxItem.objects.filter(received_at__lt=cutoff)
    return sum(_empty([one.pk for one in told]) for told in _portions(items))


def count(ids: Collection[str], identifiers: Collection[Identifier]) -> int:
    """Return how many bodies name one of these conversations, or one of these persons."""
    words, named = frozenset(ids), frozenset(identifiers)
    return sum(
        bool(one.words & words or one.named & named)
        for told in _portions(InboxItem.objects.all())
        for one in told
    )


def _concerned(told: Sequence[Told], erased: frozenset[str]) -> list[int]:
    """Return the pks of bodies that name an erased conversation, or a person from before."""
    known = requests_naming(frozenset().union(*(one.named for one in told)))
    return [
        one.pk
        for one in told
        if not erased.isdisjoint(one.words)
        or any(one.received_at <= known[who].requested_at for who in one.named if who in known)
    ]


def _empty(pks: Sequence[int]) -> int:
    """Empty bodies; one that was ordered to be worked through again meanwhile is left for later."""
    if not pks:
        return 0
    done = InboxItem.objects.filter(pk__in=pks).exclude(state=InboxItem.State.WAITING)
    emptied = done.update(body=b"", reason=ERASED)
    bulk.breathe()
    return emptied


def _portions(items: Items) -> Iterator[list[Told]]:
    """Yield what stands in the bodies that have been worked through, some at a time."""
    items = items.exclude(state=InboxItem.State.WAITING).exclude(body=b"").order_by("pk")
    last = 0
    while rows := list(
        items.filter(pk__gt=last).values_list("pk", "received_at", "body")[:AT_ONCE]
    ):
        last = rows[-1][0]
        yield [_told(pk, received_at, bytes(body)) for pk, received_at, body in rows]


def _told(pk: int, received_at: datetime, body: bytes) -> Told:
    words = frozenset(word.decode() for word in _WORD.findall(body))
    try:
        named = named_in_json(msgspec.json.decode(body))
        return Told(pk, received_at, words, frozenset(named))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        named = named_in_text(body.decode("utf-8", "replace"))
        return Told(pk, received_at, words, frozenset(named))
