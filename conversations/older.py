"""What a snapshot may add although the mirror shows a newer one: attributes that it lacks.

Jobs show what was there some hours ago, and only they tell attributes: what is read again while
they run would keep them out until the next night.
"""

from collections.abc import Sequence

from conversations import bulk
from conversations.domain import attributes, facts
from conversations.models import Conversation, Participant


def adopt_attributes(older: Sequence[tuple[Conversation, facts.Snapshot]]) -> None:
    """Write the attributes of participants of whom the mirror knows none; never others."""
    told = {
        (row.pk, participant.genesys_id): participant.attributes
        for row, snapshot in older
        for participant in snapshot.conversation.participants
        if participant.attributes != attributes.NONE
    }
    if not told:
        return
    rows = Participant.objects.filter(conversation_id__in={pk for pk, _ in told})
    lacking = [
        (told[conversation_id, genesys_id], pk)
        for pk, conversation_id, genesys_id, known in rows.order_by("pk").values_list(
            "pk", "conversation_id", "genesys_id", "attributes"
        )
        if not known and (conversation_id, genesys_id) in told
    ]
    bulk.update(Participant, ("attributes",), lacking)
