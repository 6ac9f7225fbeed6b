"""Conversations as policies and clocks see them."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from conversations.models import Conversation


class Subject(NamedTuple):
    """A conversation's row; as a model it would take longer to read than its clocks to fold."""

    pk: int
    genesys_id: str
    started_at: datetime
    ended_at: datetime | None
    originating_direction: str
    media_type: str
    queue_id: str
    user_id: str
    message_type: str
    division_ids: list[str]
    skill_ids: list[str]
    language_id: str


def subjects(rows: QuerySet[Conversation]) -> list[Subject]:
    """Read conversations. Costs one query."""
    return list(map(Subject._make, rows.values_list(*Subject._fields)))
