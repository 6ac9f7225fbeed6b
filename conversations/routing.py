"""Keeping how conversations were routed: their priority and label are told by events alone."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from conversations.domain.live import Routed
from conversations.models import Change, Conversation, RoutingNote


@transaction.atomic
def record_routing(*, told: Iterable[Routed], now: datetime) -> int:
    """Keep how conversations were routed last; return of how many that is news.

    The order of the tellings does not matter, nor how often one comes. What depends on it is
    computed anew; of a conversation that is not in the mirror yet, when that comes.
    """
    latest: dict[str, Routed] = {}
    for one in sorted(told, key=lambda one: (one.at, one.priority or 0, one.label)):
        latest[one.conversation_id] = one
    if not latest:
        return 0
    # Whoever records a reading takes the conversations first too: so nobody waits in a ring.
    # no_key: rows of others that name one of these must not wait.
    rows = Conversation.objects.select_for_update(no_key=True).filter(genesys_id__in=latest)
    mirrored = dict(rows.order_by("pk").values_list("genesys_id", "pk"))
    known = {note.conversation_id: note for note in _notes(latest)}
    later = [one for one in latest.values() if _is_later(one, known.get(one.conversation_id))]
    RoutingNote.objects.bulk_create([_note(one) for one in later], ignore_conflicts=True)
    for one in later:
        older = RoutingNote.objects.filter(conversation_id=one.conversation_id, at__lt=one.at)
        older.update(priority=one.priority, label=one.label, at=one.at)
    news = [one for one in later if _differs(one, known.get(one.conversation_id))]
    Change.objects.bulk_create(
        Change(conversation_id=mirrored[one.conversation_id], recorded_at=now)
        for one in news
        if one.conversation_id in mirrored
    )
    return len(news)


def notes_of(genesys_ids: Collection[str]) -> dict[str, tuple[int | None, str]]:
    """Return priority and label of conversations, as far as events told them: one query."""
    return {note.conversation_id: (note.priority, note.label) for note in _notes(genesys_ids)}


def _notes(genesys_ids: Iterable[str]) -> QuerySet[RoutingNote]:
    return RoutingNote.objects.filter(conversation_id__in=genesys_ids)


def _is_later(one: Routed, known: RoutingNote | None) -> bool:
    return known is None or known.at < one.at


def _differs(one: Routed, known: RoutingNote | None) -> bool:
    return known is None or (known.priority, known.label) != (one.priority, one.label)


def _note(one: Routed) -> RoutingNote:
    return RoutingNote(
        conversation_id=one.conversation_id, priority=one.priority, label=one.label, at=one.at
    )
