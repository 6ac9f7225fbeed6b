"""Who wrote last in digital conversations, read as often as it may have changed."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Final, NamedTuple
from urllib.parse import quote

from django.db.models import F

from conversations.domain.messages import Message
from conversations.domain.seen import AGENT_PURPOSES
from conversations.messages import known_ids, record_messages
from conversations.models import Conversation, Queue, Segment, Session
from integrations import watermarks
from integrations.errors import NotFoundError, RefusedError
from integrations.genesys import senders
from integrations.genesys.asking import Turns, answered
from integrations.genesys.budget import Priority
from integrations.genesys.client import Client
from integrations.models import UNREAD, Reading

logger = logging.getLogger(__name__)

READ_MESSAGES: Final = "genesys.read_messages"
EMAILS: Final = "/api/v2/conversations/emails/{}/messages"
EMAIL: Final = "/api/v2/conversations/emails/{}"
MESSAGE: Final = "/api/v2/conversations/messages/{}"
BULK: Final = "/api/v2/conversations/messages/{}/messages/bulk"
IDS_A_BULK: Final = 1000
CONVERSATIONS_A_RUN: Final = 200
# The client itself leaves BACKGROUND to others; a conversation mostly takes less than ten more.
RESERVE: Final = Priority.BACKGROUND + 10
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

    Those that changed since, or of which an event told that somebody wrote; open ones also now and
    then. Open ones first. An ended one is due until it was asked about, however long ago it ended;
    history that was loaded is never asked about. Leaves a part of the rate limit to others. Returns
    how many messages were new or are told otherwise now. A conversation that fails for a moment
    keeps no other from being read; then, at the end, its error is raised.
    Raises RoadBusyError while another run is going on, TemporaryError, PermanentError.
    """
    with watermarks.run(READ_MESSAGES, clock=client.clock) as run:
        read = differ = 0
        ours, turns = queue_addresses(), Turns()
        for one in _due(now):
            if not client.budget.spares(RESERVE_FOR_ENDED if one.ended_at else RESERVE):
                break
            run.go_on()
            with turns.one():
                differ += read_one(client, one, ours, now)
                read += 1
        turns.end()
        run.advance(now)
        run.detail = f"{read} conversations read: {differ} messages new or changed"
    return differ


def _due(now: datetime) -> list[Digital]:
    """Return the conversations to read: open ones, then ended ones, the latest news first."""
    found = list(islice(_due_open(now), CONVERSATIONS_A_RUN))
    ended = (
        Reading.objects.filter(UNREAD, conversation__ended_at__isnull=False)
        .filter(conversation__media_type__in=READERS)
        .order_by("-messages_wanted_at", "-pk")  # as their index has them
        .values_list(*(f"conversation__{name}" for name in Digital._fields))
    )
    return found + [Digital(*row) for row in ended[: CONVERSATIONS_A_RUN - len(found)]]


def _due_open(now: datetime) -> Iterator[Digital]:
    """Yield the open conversations to read, longest unread first."""
    last, moved = "reading__messages_read_at", "reading__messages_moved_at"
    rows = (
        Conversation.objects.filter(ended_at=None, media_type__in=READERS)
        .order_by(F(last).asc(nulls_first=True), "pk")
        .values_list(*Digital._fields, "observed_at", last, moved)
    )
    return (Digital(*row[:4]) for row in rows if is_due(Quiet(*row[4:]), now))


def is_due(quiet: Quiet, now: datetime) -> bool:
    """Tell whether to ask again who wrote: where there is news, or after a while without any."""
    changed_at, read_at, moved_at = quiet
    if read_at is None or read_at < changed_at or (moved_at and read_at < moved_at):
        return True
    if moved_at:
        return now - read_at >= READ_COUNTED_AGAIN
    wait = max((now - changed_at) / QUIET_PACE, READ_AGAIN_AFTER)
    return now - read_at >= min(wait, READ_AGAIN_BY)


def read_now(client: Client, conversation: Conversation, *, now: datetime) -> None:
    """Read one conversation's messages at once; of other media there is nothing to read.

    Raises NotFoundError and RefusedError where Genesys will not show them, TemporaryError.
    """
    one = Digital(*(getattr(conversation, name) for name in Digital._fields))
    if one.media_type in READERS:
        _read(client, one, queue_addresses(), now)


def read_one(client: Client, one: Digital, ours: frozenset[str], now: datetime) -> int:
    """Read one conversation's messages; one that Genesys will not show counts as read.

    ours are queue_addresses(). Returns how many messages were new or are told otherwise now.
    """
    asked_at = client.clock()
    try:
        return _read(client, one, ours, now)
    except (NotFoundError, RefusedError) as error:
        logger.warning("genesys.messages_refused", extra={"reason": str(error)})
        return _record(one, [], asked_at, now)


def _read(client: Client, one: Digital, ours: frozenset[str], now: datetime) -> int:
    sent_at = client.clock()
    return _record(one, READERS[one.media_type](client, one, ours), sent_at, now)


def _record(one: Digital, found: list[Message], sent_at: datetime, now: datetime) -> int:
    differ = record_messages(conversation_id=one.pk, messages=found, now=now)
    Reading.objects.update_or_create(conversation_id=one.pk, defaults={"messages_read_at": sent_at})
    return differ


def _emails(client: Client, one: Digital, ours: frozenset[str]) -> list[Message]:
    told = client.read(_path(EMAILS, one), senders.Emails)
    sides, known = _sides(one.pk, ours), known_ids(one.pk)
    fresh = [mail for mail in told.entities or () if mail.id not in known]
    automatic: frozenset[str] = frozenset()
    if any(senders.is_customers(mail, sides) for mail in fresh):
        answer = client.read(_path(EMAIL, one), senders.EmailConversation)
        automatic = senders.automatic_ids(answer, told, sides)
    read = senders.emails(told, sides, automatic=automatic, seats=_seats(one.pk))
    return [
        mail for mail in read if mail.sender != senders.CUSTOMER or mail.genesys_id not in known
    ]


def _messages(client: Client, one: Digital, _: frozenset[str]) -> list[Message]:
    told = client.read(_path(MESSAGE, one), senders.MessageConversation)
    known = known_ids(one.pk)
    ids = [spoken for spoken in senders.spoken_ids(told) if spoken not in known]
    found: list[Message] = []
    for start in range(0, len(ids), IDS_A_BULK):
        ask = partial(_texts, client, _path(BULK, one), ids[start : start + IDS_A_BULK])
        found += senders.messages(answered(ask).entities or ())
    return found


def _texts(client: Client, path: str, ids: list[str]) -> senders.Texts:
    return client.ask(path, ids).decode(senders.Texts)


def _path(template: str, one: Digital) -> str:
    return template.format(quote(one.genesys_id, safe=""))


def queue_addresses() -> frozenset[str]:
    """Return the addresses that queues write from."""
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
