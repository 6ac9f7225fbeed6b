"""Common Events and destinations, for what measures how others are told."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from conversations import telling
from conversations.models import Audience, CommonEvent, Conversation
from integrations.domain.delivery import Parcel
from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import announce
from tests.receiving import Receiving

TOPIC: Final = "agent.connected"


def empty() -> None:
    """Forget everything that was told, and whom."""
    for model in (Attempt, Delivery, Destination, CommonEvent, Conversation, Audience):
        model._default_manager.all().delete()


def destinations(receivers: Receiving, names: Sequence[str], *, kind: str) -> list[Destination]:
    """Make live destinations that lead to these receivers."""
    made = [
        Destination.objects.create(
            name=name,
            kind=kind,
            mode=Destination.Mode.LIVE,
            topics=[TOPIC],
            config={"url": f"{receivers.url}/hooks/{name}"},
            created_at=instant(),
        )
        for name in names
    ]
    for one in made:
        announce.listen(one)
    return made


def conversations(count: int) -> list[Conversation]:
    """Make conversations to tell of."""
    at = instant()
    return Conversation.objects.bulk_create(
        Conversation(genesys_id=f"c{n}", started_at=at, observed_at=at, content_hash=b"")
        for n in range(count)
    )


def write(rows: Sequence[Conversation], numbers: Sequence[int]) -> None:
    """Write an event for each number, of the conversations in turns; nobody is told of it yet."""
    at = instant()
    telling.write(_event(rows[n % len(rows)], n, at) for n in numbers)


def _event(row: Conversation, number: int, at: datetime) -> tuple[Any, ...]:
    return (row.pk, TOPIC, f"s{number}", at, at, '{"userId": "u1"}')


def id_of(destination: Destination, row: Conversation, number: int) -> str:
    """Return the webhook-id by which a destination is told of an event."""
    key = f"{row.genesys_id}:{TOPIC}:s{number}"
    return Parcel(0, key, "", "", {}, 1, 1, False, "", 0, destination.pk).message_id


def instant() -> datetime:
    return datetime.now(UTC)
