"""Who wrote a message, told from what Genesys says of it. Nothing here reads what was written.

E-mail previews have no direction: the address tells. Messages have one, but what is outbound may
come from a bot or an auto-reply, and must not count as an agent's answer.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Final, NamedTuple

import msgspec

from chrono import instants
from conversations.domain.messages import Message

CUSTOMER: Final = "customer"
AGENT: Final = "agent"
AUTOMATIC: Final = "automatic"

CUSTOMER_PURPOSES: Final = ("customer", "external")
DRAFT_STATES: Final = frozenset({"created", "edited"})
# Delivered signs, not words: a receipt, a typing indicator, somebody joined.
NO_WORDS: Final = frozenset({"receipt", "event"})
# What never reached the customer is no answer.
FAILED: Final = frozenset({"failed", "delivery-failed"})
# In these an agent may have sent a mail; one who is only being offered it has not.
AT_WORK: Final = ("interact", "hold", "wrapup")
# A mail leaves a little after it was sent, when the agent may be through with it.
LEAVES_WITHIN: Final = timedelta(minutes=1)


class Wire(msgspec.Struct, rename="camel"):
    """A shape of Genesys's JSON: every key may be absent or null."""


class Address(Wire):
    email: str | None = None


class Email(Wire):
    """EmailMessagePreview, less all that is written in it."""

    id: str
    time: str | None = None
    state: str | None = None
    sender: Address | None = msgspec.field(default=None, name="from")


class Emails(Wire):
    entities: list[Email] | None = None


class EmailParticipant(Wire):
    purpose: str | None = None
    message_id: str | None = None
    auto_generated: bool | None = None


class EmailConversation(Wire):
    participants: list[EmailParticipant] | None = None


class Metadata(Wire):
    type: str | None = None


class Detail(Wire):
    """MessageDetails: that there is a message, not yet whose."""

    message_id: str | None = None
    message_status: str | None = None
    message_metadata: Metadata | None = None


class MessageParticipant(Wire):
    messages: list[Detail] | None = None


class MessageConversation(Wire):
    participants: list[MessageParticipant] | None = None


class User(Wire):
    id: str | None = None


class Normalized(Wire):
    type: str | None = None
    originating_entity: str | None = None


class Text(Wire):
    """MessageData, less all that is written in it."""

    id: str
    timestamp: str | None = None
    direction: str | None = None
    created_by: User | None = None
    normalized_message: Normalized | None = None


class Texts(Wire):
    entities: list[Text] | None = None


class Seat(NamedTuple):
    """A stretch of an agent's work on the conversation. ended_at is None while it lasts."""

    user_id: str
    started_at: datetime
    ended_at: datetime | None


class Sides(NamedTuple):
    """Addresses of the customer, and ours: bare and in lower case."""

    customer: frozenset[str]
    ours: frozenset[str]


def bare(address: str) -> str:
    """Return an e-mail address without a name, in lower case: Anna <A@b.de> is a@b.de."""
    return parseaddr(address)[1].casefold()


def automatic_ids(told: EmailConversation, mails: Emails, sides: Sides) -> frozenset[str]:
    """Return the ids of customers' mails that a machine wrote: out of office, delivery failed.

    The customer's participant says so, and of which mail; of the first one where it does not say.
    """
    flagged = [p for p in told.participants or () if _is_automatic(p)]
    ids = {p.message_id for p in flagged if p.message_id}
    theirs = [mail for mail in mails.entities or () if is_customers(mail, sides)]
    if flagged and not ids and theirs:
        ids.add(min(theirs, key=lambda mail: mail.time or "~").id)
    return frozenset(ids)


def _is_automatic(participant: EmailParticipant) -> bool:
    return bool(participant.auto_generated) and participant.purpose in CUSTOMER_PURPOSES


def emails(
    told: Emails, sides: Sides, *, automatic: Collection[str], seats: Collection[Seat]
) -> Iterator[Message]:
    """Read who wrote each mail; drafts and mails without a time are left out."""
    for email in told.entities or ():
        sent_at = _instant(email.time)
        if sent_at is None or (email.state or "").casefold() in DRAFT_STATES:
            continue
        if is_customers(email, sides):
            yield Message(email.id, sent_at, AUTOMATIC if email.id in automatic else CUSTOMER)
        else:
            user_id = _seated(seats, sent_at)
            yield Message(email.id, sent_at, AGENT if user_id else AUTOMATIC, user_id)


def is_customers(email: Email, sides: Sides) -> bool:
    """Tell whether a mail comes from the customer's side: from no address of ours."""
    address = bare((email.sender and email.sender.email) or "")
    return address in sides.customer or address not in sides.ours


def spoken_ids(told: MessageConversation) -> list[str]:
    """Return the ids of what was said in a message conversation, each once."""
    details = (d for p in told.participants or () for d in p.messages or ())
    return list(dict.fromkeys(d.message_id for d in details if d.message_id and speaks(d)))


def messages(told: Iterable[Text]) -> Iterator[Message]:
    """Read who wrote each message; signs, and what has no time or direction, are left out."""
    for text in told:
        sent_at = _instant(text.timestamp)
        kind = (text.normalized_message and text.normalized_message.type) or ""
        if sent_at is None or not text.direction or kind.casefold() in NO_WORDS:
            continue
        sender, user_id = _writer(text)
        yield Message(text.id, sent_at, sender, user_id)


def _writer(text: Text) -> tuple[str, str]:
    if (text.direction or "").casefold() == "inbound":
        return CUSTOMER, ""
    user_id = (text.created_by and text.created_by.id) or ""
    entity = (text.normalized_message and text.normalized_message.originating_entity) or ""
    return (AGENT if user_id or entity.casefold() == "human" else AUTOMATIC), user_id


def speaks(detail: Detail) -> bool:
    """Tell whether a message is one: no sign, and none that never arrived."""
    kind = (detail.message_metadata and detail.message_metadata.type) or ""
    status = (detail.message_status or "").casefold()
    return kind.casefold() not in NO_WORDS and status not in FAILED


def _seated(seats: Collection[Seat], at: datetime) -> str:
    """Return who had the conversation at an instant; of several, who came last; or ""."""
    there = [seat for seat in seats if seat.started_at <= at and not _left(seat, at)]
    return max(there, key=lambda seat: (seat.started_at, seat.user_id)).user_id if there else ""


def _left(seat: Seat, at: datetime) -> bool:
    return seat.ended_at is not None and seat.ended_at + LEAVES_WITHIN < at


def _instant(text: str | None) -> datetime | None:
    try:
        return instants.parse(text) if text else None
    except ValueError:
        return None
