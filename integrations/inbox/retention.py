"""Letting go of what was sent to us, and of which events are known, once their time is over."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from conversations import bulk
from integrations.models import GenesysEvent, InboxItem, Wanted

# Somebody may still mend what cannot be read, and replay it; or have what was given up read again.
QUARANTINED_DAYS: Final = 30
BATCH: Final = 1000


def drop_old(*, now: datetime) -> int:
    """Delete what is done and the events that are known after INBOX_DAYS; return how many rows.

    What lies in quarantine, and readings that were given up, are kept for QUARANTINED_DAYS.
    """
    before = now - timedelta(days=settings.INBOX_DAYS)
    long_before = now - timedelta(days=QUARANTINED_DAYS)
    return (
        _drop_done(before)
        + _drop_quarantined(long_before)
        + _drop_given_up(long_before)
        + _drop_events(before)
    )


def _drop_done(before: datetime) -> int:
    """Delete batch by batch, from the oldest row on: they stand in the order in which they came."""
    dropped = 0
    for pks in _old_items(before):
        dropped += InboxItem.objects.filter(pk__in=pks, state=InboxItem.State.DONE).delete()[0]
        bulk.breathe()
    return dropped


def _old_items(before: datetime) -> Iterator[Sequence[int]]:
    last = 0
    while True:
        rows = InboxItem.objects.filter(pk__gt=last).order_by("pk")
        some = list(rows.values_list("pk", "received_at")[:BATCH])
        old = [pk for pk, received_at in some if received_at < before]
        if not old:
            return
        last = some[-1][0]
        yield old


def _drop_quarantined(before: datetime) -> int:
    old = InboxItem.objects.filter(state=InboxItem.State.QUARANTINED, received_at__lt=before)
    return old.delete()[0]


def _drop_given_up(before: datetime) -> int:
    return Wanted.objects.filter(given_up_at__lt=before).delete()[0]


def _drop_events(before: datetime) -> int:
    old = GenesysEvent.objects.filter(heard_at__lt=before).order_by("heard_at", "pk")
    dropped = 0
    while pks := list(old.values_list("pk", flat=True)[:BATCH]):
        dropped += GenesysEvent.objects.filter(pk__in=pks).delete()[0]
        bulk.breathe()
    return dropped
