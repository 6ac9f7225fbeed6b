"""Cognigy hears that a handover is really over, as its guide's workflows would tell it."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec
from django import forms

from conversations.domain.events import Name
from integrations.domain.delivery import Order, Told
from integrations.models import Destination
from integrations.openmessaging import Bot, only_open
from integrations.outbox.kinds import KindForm, Message, Rendered
from integrations.outbox.posting import AddressField

# Literally so, without braces: the guide has it so, and Cognigy compares it.
USER_END: Final = "v2.detail.events.conversation.id.user.end"
ACW: Final = "v2.detail.events.conversation.id.acw"
CHOICES: Final = {"user_end": (USER_END,), "acw": (ACW,), "both": (USER_END, ACW)}
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Settings(msgspec.Struct, frozen=True):
    """Of one Cognigy."""

    url: str
    sends: Literal["user_end", "acw", "both"] = "user_end"
    open_only: bool = True


class Form(KindForm):
    """What an administrator fills in."""

    url = AddressField(
        label="URL",
        help_text="As https://endpoint-trial.cognigy.ai/handover/genesysCloudOM, with the domain of"
        " your instance.",
    )
    sends = forms.ChoiceField(
        label="Sent as",
        initial="user_end",
        choices=(
            ("user_end", "The end of the agent (…user.end): what Cognigy needs"),
            ("both", "Both: the end of the agent, then after-call work (…acw)"),
            ("acw", "After-call work (…acw)"),
        ),
        help_text="Cognigy's guide has a workflow for each topic. DCM sends either only when the"
        " handover is over, and each once.",
    )
    open_only = only_open()


class Cognigy(Bot[Settings]):
    name = "cognigy"
    label = "Cognigy"
    about = (
        "Tells Cognigy.AI that a handover is over: no agent and nobody queued any more, not in the"
        " middle of a transfer, not because of after-call work. Needs the Genesys Cloud Open"
        " Messaging handover provider, up to version 4.99 or with its HTTP end requests on."
    )
    form = Form
    settings = Settings
    topics = (Name.HANDOVER_ENDED.value,)
    default_topics = topics

    def orders(
        self, destination: Destination, told: Sequence[Told], *, now: datetime
    ) -> Iterable[Order]:
        chosen = CHOICES.get(destination.config.get("sends", "user_end"), (USER_END,))
        for order in super().orders(destination, told, now=now):
            for topic in chosen:
                key = order.key if topic == USER_END else f"{order.key}:acw"
                payload = {**order.payload, "more": {"topic": topic}}
                yield order._replace(key=key, payload=payload)

    def render(self, settings: Settings, message: Message) -> Rendered:
        body = {
            "userId": message.address_to,
            "topic": message.more.get("topic", USER_END),
            "disconnectType": in_events(message.disconnect_type),
        }
        return Rendered(msgspec.json.encode(body).decode())

    def address(self, settings: Settings) -> str:
        return settings.url


def in_events(disconnect_type: str) -> str:
    """Return a disconnect type as Genesys's events spell it, which is what Cognigy is used to."""
    return _HUMP.sub("_", disconnect_type).upper() or "UNKNOWN"
