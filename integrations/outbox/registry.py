"""Every kind of destination by its name, imported when it is first asked for."""

from functools import cache
from importlib import import_module
from typing import Any, Final

from integrations.models import Destination
from integrations.outbox.kinds import Kind

KINDS: Final = {
    "webhook": "integrations.webhooks.kind.Webhook",
    "slack": "integrations.slack.bot.SlackBot",
    "slack_webhook": "integrations.slack.incoming.SlackWebhook",
    "teams": "integrations.teams.kind.Teams",
    "email": "integrations.mail.kind.Mail",
    "lynn": "integrations.lynn.kind.Lynn",
    "cognigy": "integrations.cognigy.kind.Cognigy",
    "salesforce": "integrations.salesforce.kind.Salesforce",
    "extension": "integrations.extensions.kind.Extension",
}


@cache
def kind(name: str) -> Kind[Any]:
    """Return the kind of this name; KeyError where there is none."""
    module, _, made = KINDS[name].rpartition(".")
    found: Kind[Any] = getattr(import_module(module), made)()
    return found


def label_of(name: str) -> str:
    """Return how people call a kind, also one that is there no more."""
    return kind(name).label if name in KINDS else f"{name} (unknown)"


def takes(destination: Destination, topic: str) -> bool:
    """Tell whether a destination knows what to say of a topic: a bot has a sentence of its own."""
    known = kind(destination.kind) if destination.kind in KINDS else Kind
    return topic in (known.topics if known.by_hand else destination.topics)


def every() -> list[Kind[Any]]:
    """Return all kinds, in the order in which they are offered."""
    return [kind(name) for name in KINDS]
