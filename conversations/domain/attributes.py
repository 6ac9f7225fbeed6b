"""Participants' attributes: only asynchronous jobs tell them, queries pass over them in silence."""

from conversations.domain.facts import Conversation

NONE = "{}"


def kept(before: Conversation, after: Conversation) -> Conversation:
    """Return what was read after, with the attributes known before where it tells none."""
    known = {p.genesys_id: p.attributes for p in before.participants if p.attributes != NONE}
    if not known:
        return after
    return after._replace(
        participants=tuple(
            p._replace(attributes=known.get(p.genesys_id, NONE)) if p.attributes == NONE else p
            for p in after.participants
        )
    )


def bare(conversation: Conversation) -> Conversation:
    """Return a conversation as a query tells it: without attributes."""
    if all(p.attributes == NONE for p in conversation.participants):
        return conversation
    return conversation._replace(
        participants=tuple(p._replace(attributes=NONE) for p in conversation.participants)
    )
