"""Writing who wrote in a conversation, and when."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from conversations.domain import messages as domain
from conversations.models import Change, Message


@transaction.atomic
def record_messages(
    *, conversation_id: int, messages: Iterable[domain.Message], now: datetime
) -> int:
    """Add the messages that are not known, and correct those that are told otherwise now.

    What is not among them stays: a listing may tell of some only. Where anything differs, a Change
    is written too, so that the clocks of the conversation are computed anew. Returns how many
    differed.
    """
    told = {message.genesys_id: message for message in messages}
    known = Message.objects.filter(conversation_id=conversation_id, genesys_id__in=told)
    same = {row.genesys_id for row in known if _fact(row) == told[row.genesys_id]}
    different = [message for key, message in told.items() if key not in same]
    if different:
        _write(conversation_id, different)
        Change.objects.create(conversation_id=conversation_id, recorded_at=now)
    return len(different)


def known_ids(conversation_id: int) -> set[str]:
    """Return the Genesys ids of the messages that are written down of a conversation."""
    rows = Message.objects.filter(conversation_id=conversation_id)
    return set(rows.values_list("genesys_id", flat=True))


def _fact(row: Message) -> domain.Message:
    return domain.Message(row.genesys_id, row.sent_at, row.sender, row.user_id)


def _write(conversation_id: int, messages: Iterable[domain.Message]) -> None:
    Message.objects.bulk_create(
        [Message(conversation_id=conversation_id, **message._asdict()) for message in messages],
        update_conflicts=True,
        unique_fields=["conversation", "genesys_id"],
        update_fields=["sent_at", "sender", "user_id"],
    )
