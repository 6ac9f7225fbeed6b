"""What bots behind Genesys's Open Messaging have in common: they know a customer by addressTo.

It is what the workflows of their guides pass on: the addressTo of the session that an event is
about. A conversation may be told of before it was read; then its address is waited for.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django import forms
from msgspec.structs import replace

from conversations.models import Session
from integrations.domain.delivery import Order, Outcome, Parcel, Result, Told
from integrations.models import Destination
from integrations.outbox.kinds import Letter, Message, S, failed
from integrations.outbox.posting import Posting

# How long a conversation that is told of takes to be read, mostly.
READ_WITHIN: Final = timedelta(seconds=2)
_OPEN: Final = ("message", "open")
# From the customer, by whom it is judged, to the agent, whose address bots know.
_PURPOSES: Final = ("customer", "external", "acd", "user", "agent")


def only_open() -> forms.BooleanField:
    """Return the field that every bot's form has."""
    return forms.BooleanField(
        label="Only conversations of Open Messaging",
        required=False,
        initial=True,
        help_text="Media type message, message type open. Others are not told of.",
    )


class Channel(NamedTuple):
    """Whether it is Open Messaging, and the addressTo of its sessions by their id."""

    is_open: bool
    address: str
    addresses: Mapping[str, str]

    def shows(self, session_id: str) -> bool:
        """Tell whether a session was read, or none is asked for."""
        return not session_id or session_id in self.addresses


def channels(conversation_ids: Iterable[str]) -> dict[str, Channel]:
    """Return how conversations come in, by Genesys's id; those not read yet are left out."""
    rows = Session.objects.filter(
        conversation__genesys_id__in=set(conversation_ids), purpose__in=_PURPOSES
    )
    found: dict[str, list[Session]] = {}
    for row in rows.select_related("conversation").order_by("pk"):
        found.setdefault(row.conversation.genesys_id, []).append(row)
    return {id_: _channel(sessions) for id_, sessions in found.items()}


def _channel(sessions: Sequence[Session]) -> Channel:
    """Judge by the customer's session; take an agent's address before any other's."""
    ranked = sorted(sessions, key=lambda row: _PURPOSES.index(row.purpose))
    is_open = (ranked[0].media_type, ranked[0].message_type.lower()) == _OPEN
    address = next((row.address_to for row in reversed(ranked) if row.address_to), "")
    return Channel(is_open, address, {row.genesys_id: row.address_to for row in sessions})


class Bot(Posting[S]):
    """A kind that tells a bot of its customers' conversations."""

    def orders(
        self, destination: Destination, told: Sequence[Told], *, now: datetime
    ) -> Iterable[Order]:
        known = channels(event.conversation_id for event in told)
        open_only = destination.config.get("open_only", True)
        for order in super().orders(destination, told, now=now):
            channel = known.get(order.conversation_id)
            if channel is None or not channel.shows(order.payload["about"].get("sessionId", "")):
                yield order._replace(due_at=now + READ_WITHIN)
            elif channel.is_open or not open_only:
                yield order

    def messages(
        self, destination: Destination, parcels: Sequence[Parcel]
    ) -> Mapping[int, Message]:
        found = super().messages(destination, parcels)
        known = channels(parcel.conversation_id for parcel in parcels)
        open_only = destination.config.get("open_only", True)
        return {
            pk: addressed(message, known.get(message.conversation_id), open_only=open_only)
            for pk, message in found.items()
        }

    def post(self, settings: S, letter: Letter) -> Outcome:
        if letter.message.more.get("unfit"):
            return Outcome(Result.SHOWN, "not a conversation of Open Messaging: nothing to tell")
        if not letter.message.address_to:
            reason = "the conversation's addressTo is not known yet"
            return failed(reason, blames_them=False)
        return super().post(settings, letter)


def addressed(message: Message, channel: Channel | None, *, open_only: bool) -> Message:
    """Return a message with the addressTo of the session that it is about; "" until it is read."""
    if channel is None:
        return replace(message, address_to="")
    session_id = message.session_id
    address = channel.addresses.get(session_id) or channel.address
    more = {**message.more, "unfit": open_only and not channel.is_open}
    return replace(message, address_to=address if channel.shows(session_id) else "", more=more)
