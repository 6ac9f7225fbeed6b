"""Rows of the mirror for tests of clocks: a conversation, who wrote in it, what happened to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from conversations.domain.events import Name
from conversations.models import (
    CommonEvent,
    Conversation,
    Message,
    Participant,
    Segment,
    Session,
)
from sla.firing import ask, checking, fire
from sla.models import Clock
from sla.services import Refreshed, refresh

FRIDAY_1645 = datetime(2026, 3, 27, 16, 45, tzinfo=UTC)
MONDAY = datetime(2026, 3, 30, tzinfo=UTC)


def later(hours: float) -> datetime:
    return FRIDAY_1645 + timedelta(hours=hours)


def conversation(number: int | str = 1, **fields: Any) -> Conversation:
    return Conversation.objects.create(
        **{
            "genesys_id": f"c{number}",
            "started_at": FRIDAY_1645,
            "originating_direction": "inbound",
            "media_type": "email",
            "queue_id": "q1",
            "observed_at": FRIDAY_1645,
        }
        | fields
    )


def wrote(sender: str, of: Conversation, at: datetime, user_id: str = "") -> None:
    Message.objects.create(
        conversation=of,
        genesys_id=f"{sender} {at}",
        sent_at=at,
        sender=Message.Sender(sender),
        user_id=user_id,
    )


def event(name: Name, of: Conversation, at: datetime) -> None:
    number = CommonEvent.objects.count()
    CommonEvent.objects.create(
        conversation=of,
        name=name,
        subject=str(number),
        at=at,
        recorded_at=at,
    )


def agent_has(
    of: Conversation,
    user_id: str,
    *states: tuple[str, datetime],
    until: datetime | None = None,
    media_type: str = "email",
) -> Session:
    """Make an agent's session: each state from its instant to the next one's, the last to until."""
    number = of.participants.count()
    participant = Participant.objects.create(
        conversation=of, genesys_id=f"p{number}", ordinal=number, purpose="agent", user_id=user_id
    )
    made = Session.objects.create(
        conversation=of,
        participant=participant,
        genesys_id=f"{of.genesys_id} s{number}",
        ordinal=0,
        purpose="agent",
        user_id=user_id,
        media_type=media_type,
        started_at=states[0][1],
        ended_at=until,
    )
    ends = [*(at for _, at in states[1:]), until]
    for ordinal, ((state, at), end) in enumerate(zip(states, ends, strict=True)):
        Segment.objects.create(
            session=made, ordinal=ordinal, segment_type=state, started_at=at, ended_at=end
        )
    return made


def clock(of: Conversation, kind: str = "next_response") -> Clock:
    return Clock.objects.get(conversation=of, kind=kind)


def refreshed(*conversations: Conversation, now: datetime = FRIDAY_1645) -> Refreshed:
    return refresh(conversation_ids=[c.pk for c in conversations], now=now)


def fire_due(now: datetime, *, verified: bool = True) -> int:
    """Fire what is due as though Genesys had been asked at once; return how many told something."""
    ask(now=now, limit=1_000, read=lambda _: None)
    return fire(verified={one.pk: verified for one in checking()}, now=now)
