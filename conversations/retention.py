"""Letting go of what is kept for a time only."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from conversations import bulk
from conversations.models import PresenceSpan, RawSnapshot, SessionState

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


def drop_old_presence(*, now: datetime) -> int:
    """Delete what agents were and ceased to be more than PRESENCE_DAYS ago; return how many rows.

    From the oldest row on: they stand about in the order in which they were told. What lasts stays.
    """
    before = now - timedelta(days=settings.PRESENCE_DAYS)
    dropped, last = 0, 0
    while True:
        rows = PresenceSpan.objects.filter(pk__gt=last).order_by("pk")
        some = list(rows.values_list("pk", "ended_at")[:BATCH])
        old = [pk for pk, ended_at in some if ended_at and ended_at < before]
        if not old:
            return dropped
        last = some[-1][0]
        dropped += PresenceSpan.objects.filter(pk__in=old).delete()[0]
        bulk.breathe()
