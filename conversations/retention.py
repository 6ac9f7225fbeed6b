"""Letting go of what is kept for a time only."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from conversations import bulk
from conversations.models import (
    Conversation,
    PresenceSpan,
    RawSnapshot,
    RoutingNote,
    SessionState,
)

# News counts until a reading shows it; the rest of the time it answers what was told, and when.
NEWS_DAYS: Final = 14
BATCH: Final = 1000


def drop_old_documents(*, now: datetime) -> int:
    """Delete the raw documents read more than RAW_SNAPSHOT_DAYS ago; return how many.

    The mirror and the documents' hashes stay. Batch by batch, so that nobody waits for long.
    """
    old = RawSnapshot.objects.filter(
        observed_at__lt=now - timedelta(days=settings.RAW_SNAPSHOT_DAYS)
    )
    dropped = 0
    # No more than are there now; some at a time, so that SQLite lets others write in between.
    for some in bulk.portions(list(old.order_by("pk").values_list("pk", flat=True))):
        dropped += RawSnapshot.objects.filter(pk__in=some).delete()[0]
        bulk.breathe()
    return dropped


def drop_old_news(*, now: datetime) -> int:
    """Delete what events told of sessions more than NEWS_DAYS ago; return how many rows."""
    old = SessionState.objects.filter(heard_at__lt=now - timedelta(days=NEWS_DAYS))
    return drop(old.order_by("heard_at", "pk"))


def drop_old_presence(*, now: datetime) -> int:
    """Delete what agents were and ceased to be more than PRESENCE_DAYS ago; return how many rows.

    They stand about in the order in which they were told. What lasts stays. How conversations were
    routed goes with it, but of those that are open: their policies may go by it.
    """
    before = now - timedelta(days=settings.PRESENCE_DAYS)
    is_open = Conversation.objects.filter(ended_at=None, genesys_id=OuterRef("conversation_id"))
    routed = RoutingNote.objects.filter(~Exists(is_open), at__lt=before).order_by("at", "pk")
    return drop(routed) + drop_first(PresenceSpan.objects.all(), "ended_at", before=before)


def drop(rows: QuerySet[Any]) -> int:
    """Delete all of these rows, some at a time; return how many.

    They are found again for each batch: an index must lead to them.
    """
    dropped = 0
    while pks := list(rows.values_list("pk", flat=True)[:BATCH]):
        dropped += rows.filter(pk__in=pks).order_by().delete()[0]
        bulk.breathe()
    return dropped


def drop_first(rows: QuerySet[Any], column: str, *, before: datetime) -> int:
    """Delete rows whose instant lies before another, from the first row on; return how many.

    Ends with the first batch in which none is so old: no index leads to them, but their order.
    """
    dropped, last = 0, 0
    while True:
        ordered = rows.filter(pk__gt=last).order_by("pk")
        some = list(ordered.values_list("pk", column)[:BATCH])
        old = [pk for pk, at in some if at and at < before]
        if not old:
            return dropped
        last = some[-1][0]
        dropped += rows.filter(pk__in=old).delete()[0]
        bulk.breathe()
