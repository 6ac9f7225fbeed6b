"""Who wrote last in digital conversations, read as often as it may have changed."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple
from urllib.parse import quote

from django.conf import settings
from django.db.models import F, Q

from conversations.domain.events import AGENT_PURPOSES
from conversations.domain.messages import Message
from conversations.messages import known_ids, record_messages
from conversations.models import Conversation, Queue, Segment, Session
from integrations import watermarks
from integrations.errors import NotFoundError, RefusedError
from integrations.genesys import senders
from integrations.genesys.client import Client
from integrations.models import Reading

logger = logging.getLogger(__name__)

READ_MESSAGES: Final = "genesys.read_messages"
EMAILS: Final = "/api/v2/conversations/emails/{}/messages"
EMAIL: Final = "/api/v2/conversations/emails/{}"
MESSAGE: Final = "/api/v2/conversations/messages/{}"
BULK: Final = "/api/v2/conversations/messages/{}/messages/bulk"
IDS_A_BULK: Final = 1000
CONVERSATIONS_A_RUN: Final = 200
RESERVE: Final = 100
# After the first import many ended ones wait: other background work goes on beside them.
RESERVE_FOR_ENDED: Final = 150
# Analytics mostly changes when somebody writes, but need not. Events that count what is written
# find the rest, and reading again only makes good what they lost. Where no event ever came, a
# conversation is read the less often the longer it has been quiet.
READ_AGAIN_AFTER: Final = timedelta(minutes=5)
READ_AGAIN_BY: Final = timedelta(minutes=15)
READ_COUNTED_AGAIN: Final = timedelta(hours=1)
QUIET_PACE: Final = 4


class Digital(NamedTuple):
    """A conversation whose messages are to be read."""

    pk: int
    genesys_id: str
    media_type: str
    ended_at: datetime | None


class Quiet(NamedTuple):
    """When a conversation last changed, was last asked who wrote, and last told of by events."""

    changed_at: datetime
    read_at: datetime | None
    moved_at: datetime | None


def read_messages(*, client: Client, now: datetime) -> int:
    """Read who wrote in open e-mail and message conversations, and in ended ones once more.

    Those that changed since, or of which an event told that somebody wrote; the others now and
    then. Open ones first. Leaves a part of the rate limit to others. Returns how many messages were
    new or are told otherwise now.
    Raises RoadBusyError while another run is going on, TemporaryError, PermanentError.
    """
    with watermarks.run(READ_MESSAGES, clock=client.clock) as run:
        read = differ = 0
        ours = _queue_addresses()
        for one in _due(now):
            if not client.budget.spares(RESERVE_FOR_ENDED if one.ended_at else RESERVE):
                break
            run.go_on()
            differ += _read(client, one, ours, now)
            read += 1
        run.advance(now)
        run.detail = f"{read} conversations read: {differ} messages new or changed"
    return differ


def _due(now: datetime) -> list[Digital]:
    """Return the conversations to read: open ones before ended ones, longest unread first."""
    last, moved = "reading__messages_read_at", "reading__messages_moved_at"
    news = (
        Q(**{last: None}) | Q(**{f"{last}__lt": F("observed_at")}) | Q(**{f"{last}__lt": F(moved)})
    )
    stale = Q(ended_at=None, **{f"{last}__lte": now - READ_AGAIN_AFTER})
    young = Q(ended_at=None) | Q(ended_at__gt=now - timedelta(days=settings.LOOKBACK_DAYS))
    rows = (
        Conversation.objects.filter(young, news | stale, media_type__in=READERS)
        .order_by(F("ended_at").desc(nulls_first=True), F(last).asc(nulls_first=True), "pk")
        .values_list(*Digital._fields, "observed_at", last, moved)
    )
    due = (Digital(*row[:4]) for row in rows if is_due(Quiet(*row[4:]), now))
    return list(islice(due, CONVERSATIONS_A_RUN))


def is_due(quiet: Quiet, now: datetime) -> bool:
    """Tell whether to ask again who wrote: where there is news, or after a while without any."""
    changed_at, read_at, moved_at = quiet
    if read_at is None or read_at < changed_at or (moved_at and read_at < moved_at):
        return True
    if moved_at:
        return now - read_at >= READ_COUNTED_AGAIN
    wait = max((now - changed_at) / QUIET_PACE, READ_AGAIN_AFTER)
    return now - read_at >= min(wait, READ_AGAIN_BY)


def _read(client: Client, one: Digital, ours: frozenset[str], now: datetime) -> int:
    """Read one conversation's messages; one that Genesys will not show counts as read."""
    sent_at = client.clock()
    try:
        found = READERS[one.media_type](client, one, ours)
    except (NotFoundError, RefusedError) as error:
        logger.warning("genesys.messages_refused", extra={"reason": str(error)})
        found = []
    differ = record_messages(conversation_id=one.pk, messages=found, now=now)
    Reading.objects.update_or_create(conversation_id=one.pk, defaults={"messages_read_at": sent_at})
    return differ


def _emails(client: Client, one: Digital, ours: frozenset[str]) -> list[Message]:
    told = client.get(_path(EMAILS, one)).decode(senders.Emails)
    sides, known = _sides(one.pk, ours), known_ids(one.pk)
    fresh = [mail for mail in told.entities or () if mail.id not in known]
    automatic: frozenset[str] = frozenset()
    if any(senders.is_customers(mail, sides) for mail in fresh):
        answer = client.get(_path(EMAIL, one)).decode(senders.EmailConversation)
        automatic = senders.automatic_ids(answer, told, sides)
    read = senders.emails(told, sides, automatic=automatic, seats=_seats(one.pk))
    return [
        mail for mail in read if mail.sender != senders.CUSTOMER or mail.genesys_id not in known
    ]


def _messages(client: Client, one: Digital, _: frozenset[str]) -> list[Message]:
    told = client.get(_path(MESSAGE, one)).decode(senders.MessageConversation)
    known = known_ids(one.pk)
    ids = [spoken for spoken in senders.spoken_ids(told) if spoken not in known]
    found: list[Message] = []
    for start in range(0, len(ids), IDS_A_BULK):
        answer = client.ask(_path(BULK, one), ids[start : start + IDS_A_BULK])
        found += senders.messages(answer.decode(senders.Texts).entities or ())
    return found


def _path(template: str, one: Digital) -> str:
    return template.format(quote(one.genesys_id, safe=""))


def _queue_addresses() -> frozenset[str]:
    listed = Queue.objects.values_list("email_addresses", flat=True)
    return frozenset(senders.bare(address) for addresses in listed for address in addresses)


def _sides(conversation_id: int, queues: frozenset[str]) -> senders.Sides:
    """Tell the customer's addresses from ours, by the customer's sessions and by the queues."""
    sessions = Session.objects.filter(
        conversation_id=conversation_id, purpose__in=senders.CUSTOMER_PURPOSES
    ).values_list("direction", "address_from", "address_to")
    customer: set[str] = set()
    ours = set(queues)
    for direction, address_from, address_to in sessions:
        inbound = direction != "outbound"
        customer.add(senders.bare(address_from if inbound else address_to))
        ours.add(senders.bare(address_to if inbound else address_from))
    return senders.Sides(frozenset(customer - {""}), frozenset(ours - {""}))


def _seats(conversation_id: int) -> list[senders.Seat]:
    segments = Segment.objects.filter(
        session__conversation_id=conversation_id,
        session__purpose__in=AGENT_PURPOSES,
        segment_type__in=senders.AT_WORK,
    ).exclude(session__user_id="")
    rows = segments.order_by("pk").values_list("session__user_id", "started_at", "ended_at")
    return [senders.Seat(*row) for row in rows]


READERS: Final[dict[str, Callable[[Client, Digital, frozenset[str]], list[Message]]]] = {
    "email": _emails,
    "message": _messages,
}
