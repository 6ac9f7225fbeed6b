"""Reading the mirror."""

from collections.abc import Collection

from conversations import tables
from conversations.domain import facts
from conversations.models import Conversation


def settled_hashes(content_hashes: Collection[bytes]) -> set[bytes]:
    """Return the hashes, of those given, of documents that the mirror shows as they stand.

    Those of conversations that time alone may still change are left out.
    """
    found = Conversation.objects.filter(content_hash__in=content_hashes, settled=True)
    return {bytes(known) for known in found.values_list("content_hash", flat=True)}


def conversation_facts(genesys_ids: Collection[str]) -> list[facts.Conversation]:
    """Return conversations as they stand in the mirror, in order of their Genesys id."""
    rows = list(Conversation.objects.filter(genesys_id__in=genesys_ids).order_by("genesys_id"))
    return tables.stored([row.pk for row in rows]).conversations(rows)
