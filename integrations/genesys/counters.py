"""In which digital conversations something was written, told by events before anybody reads it.

A topic of conversations counts the mails that each agent sent and lists the ids of messages. What
it tells beyond what we know makes the conversation due to be asked who wrote.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Final

from conversations.models import Conversation, Message
from integrations.genesys.snapshots import Written
from integrations.genesys.unread import MEDIA
from integrations.models import Reading

# Metrics that Genesys emits when somebody has written.
METRICS: Final = frozenset(
    {"omessageturn", "omessagecount", "tagentresponsetime", "tuserresponsetime", "tfirstresponse"}
)


def note_written(
    *, written: Mapping[str, Written], moved: Iterable[str] = (), now: datetime
) -> int:
    """Make conversations due whose counters moved; return how many.

    written is what a topic tells of a conversation, moved are ids of which another event told it.
    Conversations that are not in the mirror yet will be read when they come.
    """
    surely = set(moved)
    rows = Conversation.objects.filter(
        genesys_id__in={*written, *surely}, media_type__in=MEDIA
    ).values_list("pk", "genesys_id", "reading__messages_sent")
    known = {genesys_id: (pk, sent or 0) for pk, genesys_id, sent in rows}
    unread = _unread({pk: written[key].ids for key, (pk, _) in known.items() if key in written})
    due = [
        Reading(conversation_id=pk, messages_sent=max(sent, told), messages_moved_at=now)
        # By pk, as all who write these rows: else two of them could wait in a ring.
        for genesys_id, (pk, sent) in sorted(known.items(), key=itemgetter(1))
        for told in (written[genesys_id].sent if genesys_id in written else 0,)
        if genesys_id in surely or told > sent or pk in unread
    ]
    Reading.objects.bulk_create(
        due,
        update_conflicts=True,
        unique_fields=["conversation"],
        update_fields=["messages_sent", "messages_moved_at"],
    )
    return len(due)


def _unread(told: Mapping[int, frozenset[str]]) -> set[int]:
    """Return the conversations of which a message is told that is not written down."""
    ids = {one for some in told.values() for one in some}
    rows = Message.objects.filter(conversation_id__in=told, genesys_id__in=ids)
    known = set(rows.values_list("conversation_id", "genesys_id"))
    return {pk for pk, some in told.items() if any((pk, one) not in known for one in some)}
