"""Letting go of what was sent to us, and of which events are known, once their time is over."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from conversations.retention import drop, drop_first
from integrations.models import GenesysEvent, InboxItem, Wanted

# Somebody may still mend what cannot be read, and replay it; or have what was given up read again.
QUARANTINED_DAYS: Final = 30


def drop_old(*, now: datetime) -> int:
    """Delete what is done and the events that are known after INBOX_DAYS; return how many rows.

    What lies in quarantine, and readings that were given up, are kept for QUARANTINED_DAYS.
    """
    before = now - timedelta(days=settings.INBOX_DAYS)
    long_before = now - timedelta(days=QUARANTINED_DAYS)
    state, items = InboxItem.State, InboxItem.objects
    quarantined = items.filter(state=state.QUARANTINED, received_at__lt=long_before)
    given_up = Wanted.objects.filter(given_up_at__lt=long_before)
    events = GenesysEvent.objects.filter(heard_at__lt=before)
    return (
        # They stand in the order in which they came.
        drop_first(items.filter(state=state.DONE), "received_at", before=before)
        + drop(quarantined.order_by("received_at", "pk"))
        + drop(given_up.order_by("pk"))
        + drop(events.order_by("heard_at", "pk"))
    )
