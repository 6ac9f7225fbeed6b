"""What a destination's kind is: its settings, what it wants to be told, how it is told.

A kind lives in a package of its own and stands in the registry. It touches the database only where
this says so; send runs in a thread, beside others, and asks nobody but the destination.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final, Generic, TypeVar

import msgspec
from django import forms

from conversations.domain.events import Name
from integrations.domain.delivery import Order, Outcome, Pace, Parcel, Result, Told
from integrations.models import Destination
from integrations.outbox import messages
from integrations.outbox.alerts import TOPICS
from integrations.outbox.messages import Message

EVERY: Final = tuple(name.value for name in Name)
S = TypeVar("S", bound=msgspec.Struct)


class KindForm(forms.Form):
    """What an administrator fills in for a kind. Its cleaned data becomes the kind's settings.

    Fields named in secret_names are sealed, never shown again, and kept where they are left empty.
    """

    secret_names: ClassVar[tuple[str, ...]] = ()
    # Help texts of secrets that are stored, where they differ.
    stored_help: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *args: Any, stored: Collection[str] = (), **kwargs: Any) -> None:
        """Take what forms take; stored names the secrets that are there already."""
        super().__init__(*args, **kwargs)
        for name in set(stored) & set(self.secret_names):
            self.fields[name].required = False
        self.stored = frozenset(stored)


class Rendered(msgspec.Struct, frozen=True):
    """A message as it goes out; shown by a test and in shadow mode, without secrets."""

    body: str
    content_type: str = "application/json"
    headers: dict[str, str] = msgspec.field(default_factory=dict)


class Letter(msgspec.Struct, frozen=True):
    """A parcel, what it says, and how that is written."""

    parcel: Parcel
    message: Message
    rendered: Rendered


class Kind(ABC, Generic[S]):
    """A way to tell somebody. One instance serves all destinations of the kind."""

    name: ClassVar[str]
    label: ClassVar[str]
    about: ClassVar[str]  # a sentence or two for the form: what it does, what it needs
    form: ClassVar[type[KindForm]]
    settings: type[S]
    pace: ClassVar[Pace] = Pace()
    topics: ClassVar[Sequence[str]] = EVERY  # that it may be told
    default_topics: ClassVar[Sequence[str]] = ()
    # Whether a message that may have got through can be looked for before it is sent again.
    reads_back: ClassVar[bool] = False
    # Whether an administrator makes destinations of it; else they come by themselves.
    by_hand: ClassVar[bool] = True

    def settings_of(self, destination: Destination, secrets: Mapping[str, str]) -> S:
        """Return a destination's settings with their secrets.

        Raises msgspec.ValidationError where they are not what the kind takes.
        """
        return msgspec.convert({**destination.config, **secrets}, self.settings, strict=False)

    def orders(
        self, destination: Destination, told: Sequence[Told], *, now: datetime
    ) -> Iterable[Order]:
        """Yield what a destination is to be sent because of events. May read the database.

        Runs in the transaction that marks the events as announced.
        """
        for event in told:
            if event.revision == 0 and not event.is_aside:
                yield order_of(event)

    def messages(
        self, destination: Destination, parcels: Sequence[Parcel]
    ) -> Mapping[int, Message]:
        """Return what parcels say, by their pk, as the mirror knows it now. Reads the database."""
        return messages.of(parcels)

    @abstractmethod
    def render(self, settings: S, message: Message) -> Rendered:
        """Return a message as it goes out. Pure."""

    @abstractmethod
    def send(self, settings: S, letters: Sequence[Letter]) -> Sequence[Outcome]:
        """Send up to pace.batch letters; return their outcomes in the same order.

        In a thread, without the database. It takes less than the lease, whatever happens.
        """

    def test(self, settings: S, message: Message) -> Outcome:
        """Send a message that somebody has asked for to try it. Called without a delivery."""
        parcel = Parcel(
            pk=0,
            key=message.id,
            topic=message.name,
            conversation_id=message.conversation_id,
            payload={},
            version=1,
            attempts=1,
            in_doubt=False,
            remote_id="",
            fence=0,
            destination_id=0,
        )
        return self.send(settings, [Letter(parcel, message, self.render(settings, message))])[0]

    def settle(
        self, destination: Destination, parcel: Parcel, outcome: Outcome, *, now: datetime
    ) -> None:
        """Note an outcome in tables of the kind, in the transaction that notes it in ours."""


def order_of(event: Told, **more: Any) -> Order:
    """Return the order that tells of an event as such: one delivery for each, in order.

    What tells of a wait waits for its like alone: a message before it that cannot be sent, or a
    thousand of others, must not keep a customer from being noticed.
    """
    urgent = event.name in TOPICS
    lane = f"sla:{event.conversation_id}" if urgent else event.conversation_id
    payload = {
        "event": event.pk,
        "name": event.name,
        "subject": event.subject,
        "at": event.at.isoformat(),
        "recordedAt": event.recorded_at.isoformat(),
        "about": dict(event.about),
        **more,
    }
    return Order(event.key, event.name, event.conversation_id, payload, lane=lane, urgent=urgent)


def failed(reason: str, *, lost: bool = False, **more: Any) -> Outcome:
    """Return an outcome that another try may mend."""
    return Outcome(Result.LOST if lost else Result.FAILED, reason, **more)


__all__ = ["Kind", "KindForm", "Letter", "Message", "Rendered", "failed", "order_of"]
