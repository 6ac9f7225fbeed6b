"""Reading the mirror."""

from collections.abc import Collection

from conversations import tables
from conversations.domain import facts
from conversations.models import Conversation


def settled_hashes(content_hashes: Collection[bytes]) -> set[bytes]:
    """Return the hashes, of those given, of documents that the mirror shows as they stand.

    Those of conversations that time alone may still change are left out.
    """
    found = _settled("content_hash", content_hashes)
    rest = [one for one in content_hashes if one not in found]
    return found | _settled("other_hash", rest) if rest else found


def _settled(column: str, content_hashes: Collection[bytes]) -> set[bytes]:
    rows = Conversation.objects.filter(**{f"{column}__in": content_hashes}, settled=True)
    return {bytes(known) for known in rows.values_list(column, flat=True)}


def conversation_facts(genesys_ids: Collection[str]) -> list[facts.Conversation]:
    """Return conversations as they stand in the mirror, in order of their Genesys id."""
    rows = list(Conversation.objects.filter(genesys_id__in=genesys_ids).order_by("genesys_id"))
    return tables.stored([row.pk for row in rows]).conversations(rows)
