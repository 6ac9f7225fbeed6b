"""Which conversations an address is in: some senders name one in place of the conversation."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from conversations.models import Conversation, Session
from integrations.genesys import senders

# What ended lately may be meant too.
RECENT: Final = timedelta(days=1)
MOST: Final = 20


def conversations_of(address: str, *, now: datetime) -> list[str]:
    """Return the ids of the open and the recent conversations with an address, newest first."""
    spellings = {address, senders.bare(address), f"tel:{address}"} - {""}
    there = (
        Q(address_to__in=spellings)
        | Q(address_from__in=spellings)
        | Q(ani__in=spellings)
        | Q(dnis__in=spellings)
    )
    candidates = Conversation.objects.filter(
        Q(ended_at__isnull=True) | Q(started_at__gt=now - RECENT)
    )
    with_it = Session.objects.filter(there, conversation__in=candidates).values("conversation")
    found = Conversation.objects.filter(pk__in=with_it).order_by("-started_at", "-pk")
    return list(found.values_list("genesys_id", flat=True)[:MOST])
