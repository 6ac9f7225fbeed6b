"""Rows of the mirror for tests of handle time: a conversation, an agent's session, its segments."""

from datetime import UTC, datetime, timedelta
from itertools import count

from conversations.models import Conversation, Metric, Participant, Segment, Session

MORNING = datetime(2026, 3, 27, 8, tzinfo=UTC)
TYPES = {"i": "interact", "h": "hold", "w": "wrapup", "a": "alert", "p": "parked", "d": "dialing"}
_number = count(1)


def at(seconds: float) -> datetime:
    return MORNING + timedelta(seconds=seconds)


def session(  # noqa: PLR0913 - a test names only what it is about
    name: str,
    media: str,
    text: str,
    *,
    user: str = "a1",
    purpose: str = "agent",
    queue: str = "q1",
    peer: str = "",
) -> Session:
    """Write a session from "i0 h100 i200-300": letters are types, numbers seconds after MORNING.

    A segment without an end goes on to the next; the last one, written "i200", is open.
    """
    words = text.split()
    starts = [int(word[1:].split("-")[0]) for word in words]
    ends: list[datetime | None] = [at(s) for s in starts[1:]] + [None]
    for number, word in enumerate(words):
        if "-" in word:
            ends[number] = at(int(word.split("-")[1]))
    conversation, _ = Conversation.objects.get_or_create(
        genesys_id=name,
        defaults={"started_at": at(starts[0]), "observed_at": MORNING, "media_type": media},
    )
    row = _bare(conversation, media, user=user, purpose=purpose, peer=peer)
    Session.objects.filter(pk=row.pk).update(started_at=at(min(starts)), ended_at=_latest(ends))
    Segment.objects.bulk_create(
        Segment(
            session=row,
            ordinal=number,
            segment_type=TYPES[word[0]],
            started_at=at(starts[number]),
            ended_at=ends[number],
            queue_id=queue,
        )
        for number, word in enumerate(words)
    )
    return row


def metrics(row: Session, **values: int) -> None:
    """Give a session metrics in milliseconds."""
    Metric.objects.bulk_create(
        Metric(session=row, ordinal=number, name=name, value=value)
        for number, (name, value) in enumerate(values.items())
    )


def close(row: Session, seconds: int) -> None:
    """End the open segment of a session."""
    Segment.objects.filter(session=row, ended_at__isnull=True).update(ended_at=at(seconds))
    Session.objects.filter(pk=row.pk).update(ended_at=at(seconds))


def _bare(conversation: Conversation, media: str, *, user: str, purpose: str, peer: str) -> Session:
    number = next(_number)
    participant = Participant.objects.create(
        conversation=conversation,
        genesys_id=f"p{number}",
        ordinal=number,
        purpose=purpose,
        user_id=user,
    )
    return Session.objects.create(
        conversation=conversation,
        participant=participant,
        genesys_id=f"s{number}",
        ordinal=0,
        purpose=purpose,
        user_id=user,
        media_type=media,
        peer_id=peer,
    )


def _latest(ends: list[datetime | None]) -> datetime | None:
    known = [end for end in ends if end is not None]
    return None if len(known) < len(ends) else max(known)
