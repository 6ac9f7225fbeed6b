"""One conversation, read into the mirror now: all of it, and who wrote in it."""

from datetime import datetime

from conversations.models import Conversation
from integrations.errors import NotFoundError
from integrations.genesys import correspondence
from integrations.genesys.client import Client
from integrations.genesys.pages import found
from integrations.genesys.reading import note_readings, taken
from integrations.genesys.rereads import PATH


def read(client: Client, conversation: Conversation, *, now: datetime) -> datetime:
    """Read a conversation and its messages; return the instant as of which the mirror shows it.

    Raises NotFoundError where Genesys does not show it, TemporaryError, PermanentError.
    """
    reply = client.get(PATH, {"id": [conversation.genesys_id]})
    documents = [one for one in found(reply) if one.genesys_id == conversation.genesys_id]
    if not documents or taken([one.document for one in documents], reply, now).refused:
        raise NotFoundError(
            f"{reply.where}: it shows nothing of this conversation that can be read"
        )
    note_readings([conversation.pk], at=reply.sent_at)
    correspondence.read_now(client, conversation, now=now)
    return reply.sent_at
