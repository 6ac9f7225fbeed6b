"""Reading the mirror."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from conversations import live, tables
from conversations.domain import facts
from conversations.domain.events import HOLDS, Name, implied
from conversations.domain.live import News, proven
from conversations.domain.seen import Seen, look
from conversations.models import Conversation


class HeldNow(NamedTuple):
    """A hold of an agent's session, as reading and events imply it.

    ended_at is None while it lasts. settled: a reading shows its end.
    """

    session_id: str
    user_id: str
    media_type: str
    queue_id: str
    started_at: datetime
    ended_at: datetime | None
    settled: bool


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


def holds(rows: Sequence[Conversation]) -> dict[int, list[HeldNow]]:
    """Return the holds of conversations by their pk: a fixed number of queries for any number."""
    known = tables.stored([row.pk for row in rows]).conversations(rows)
    news = live.news_of([row.genesys_id for row in rows])
    return {
        row.pk: list(_holds(look(one, row.observed_at), news.get(row.genesys_id, [])))
        for row, one in zip(rows, known, strict=True)
    }


def _holds(seen: Seen, news: Sequence[News]) -> Iterator[HeldNow]:
    shown = {event.identity for event in implied(seen) if event.name == Name.HOLD_ENDED}
    events = [event for event in proven(seen, news).events if event.name in HOLDS]
    ends = {event.subject: event for event in events if event.name == Name.HOLD_ENDED}
    for event in events:
        if event.name == Name.HOLD_STARTED:
            about, end = dict(event.about), ends.get(event.subject)
            yield HeldNow(
                session_id=about["sessionId"],
                user_id=about["userId"],
                media_type=about["mediaType"],
                queue_id=about["queueId"],
                started_at=event.at,
                ended_at=end.at if end else None,
                settled=end is not None and end.identity in shown,
            )
