"""Letting go of what is kept for a time only."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from conversations import bulk
from conversations.models import RawSnapshot, SessionState

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
    dropped = 0
    while some := list(old.order_by("heard_at", "pk").values_list("pk", flat=True)[:BATCH]):
        dropped += SessionState.objects.filter(pk__in=some).delete()[0]
        bulk.breathe()
    return dropped
