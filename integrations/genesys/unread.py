"""In which digital conversations it is still to be read who wrote: noted with what is recorded."""

from collections.abc import Sequence
from typing import Final

from django.db import connection

from conversations.models import Conversation
from integrations.models import Reading

MEDIA: Final = ("email", "message")
# By id, as all who write these rows: else two of them could wait in a ring. One statement, since
# all that is polled comes by here: by way of objects it took an eighth of all ingest.
_NOTE: Final = (
    f"INSERT INTO {Reading._meta.db_table} (conversation_id, messages_wanted_at) "  # noqa: S608 - names of our own
    f"SELECT id, observed_at FROM {Conversation._meta.db_table} "
    "WHERE genesys_id IN ({marks}) AND media_type IN (%s, %s) ORDER BY id "
    "ON CONFLICT (conversation_id) DO UPDATE SET messages_wanted_at = excluded.messages_wanted_at"
)


def note(genesys_ids: Sequence[str]) -> None:
    """Note, in the transaction that has recorded conversations, that they are to be asked about.

    However long ago they ended by then: it is so until they were asked.
    """
    if genesys_ids:
        marks = ", ".join(["%s"] * len(genesys_ids))
        with connection.cursor() as cursor:
            cursor.execute(_NOTE.format(marks=marks), [*genesys_ids, *MEDIA])
