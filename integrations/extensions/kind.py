"""Handlers of extension code as a kind of destination: one row for each, made by itself."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from django import forms

from conversations.domain.typed import Event, event_of
from conversations.events import HANDLERS
from integrations.domain.delivery import Order, Outcome, Pace, Parcel, Result, Told
from integrations.extensions import calls
from integrations.models import Destination
from integrations.outbox.kinds import Kind, KindForm, Letter, Message, Rendered, order_of

_PACE: Final = Pace(at_once=8, per_s=100.0)


class Settings(msgspec.Struct, frozen=True):
    """Of one handler: where the function stands."""

    handler: str


class Form(KindForm):
    """Which handler it is, to look at: its code says what it is called with."""

    handler = forms.CharField(
        max_length=100,
        widget=forms.TextInput(attrs={"readonly": True}),
        help_text="Where the function stands. Its own code says which events it is called with:"
        " switch it off, or narrow it to queues and media, here.",
    )


class Extension(Kind[Settings]):
    name = "extension"
    label = "Extension code"
    about = "Calls a function of a package that DCM_EXTENSIONS names, by a worker."
    form = Form
    settings = Settings
    pace = _PACE
    by_hand = False

    def orders(
        self, destination: Destination, told: Sequence[Told], *, now: datetime
    ) -> Iterable[Order]:
        """Yield an order for each event; where it was put right, another for the same key.

        A handler is called in a conversation's order, whatever it is told.
        """
        handler = HANDLERS.get(destination.config.get("handler", ""))
        corrections = handler is not None and handler.corrections
        for event in told:
            if event.revision == 0 or corrections:
                order = order_of(event, revision=event.revision)
                yield order._replace(again=event.revision > 0, lane=event.conversation_id)

    def messages(
        self, destination: Destination, parcels: Sequence[Parcel]
    ) -> Mapping[int, Message]:
        """Return the bare events: a handler looks up what it needs by itself."""
        return {one.pk: _message(one) for one in parcels}

    def render(self, settings: Settings, message: Message) -> Rendered:
        return Rendered(msgspec.json.encode(_event(message)).decode())

    def send(self, settings: Settings, letters: Sequence[Letter]) -> Sequence[Outcome]:
        return [self._call(settings, letter.message, keep=True) for letter in letters]

    def test(self, settings: Settings, message: Message) -> Outcome:
        """Call the handler with a made-up event, and undo what it wrote."""
        return self._call(settings, message, keep=False)

    def _call(self, settings: Settings, message: Message, *, keep: bool) -> Outcome:
        handler = HANDLERS.get(settings.handler)
        if handler is None:
            reason = f"this process does not know {settings.handler}: see DCM_EXTENSIONS, restart"
            return Outcome(Result.FAILED, reason, blames_them=False)
        return calls.call(handler, _event(message), keep=keep)


def _message(parcel: Parcel) -> Message:
    payload = parcel.payload
    return Message(
        id=parcel.message_id,
        name=payload["name"],
        at=datetime.fromisoformat(payload["at"]),
        recorded_at=datetime.fromisoformat(payload["recordedAt"]),
        conversation_id=parcel.conversation_id,
        subject=payload["subject"],
        more={**payload["about"], "revision": payload["revision"]},
    )


def _event(message: Message) -> Event:
    """Return the event that a message tells of; a made-up one has its facts in fields."""
    about = {
        "participantId": message.participant_id,
        "sessionId": message.session_id,
        "purpose": message.purpose,
        "userId": message.user_id,
        "queueId": message.queue_id,
        "mediaType": message.media_type,
        "disconnectType": message.disconnect_type,
    }
    return event_of(
        message.name,
        {**about, **message.more},
        conversationId=message.conversation_id,
        subject=message.subject,
        at=message.at,
        recordedAt=message.recorded_at,
    )
