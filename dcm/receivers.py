"""Whom the demo tells of what happens: receivers of its simulator, set up as anybody would be."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import OperationalError, transaction

from conversations.domain.events import Name
from integrations.models import Destination
from integrations.outbox import announce, registry, secrets
from integrations.webhooks.secret import fresh


class Receiver(NamedTuple):
    """A destination to be; no topics: the kind's own, no media types: every one.

    In config and secrets {simulator} stands for its URL, {fresh} for a secret that nobody has.
    """

    name: str
    kind: str
    config: Mapping[str, Any]
    topics: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ()
    secrets: Mapping[str, str] = {}


RECEIVERS: Final = (
    Receiver(
        "Webhook of the demo",
        "webhook",
        {"url": "{simulator}/hooks/demo"},
        topics=tuple(name.value for name in Name if name is not Name.PARTICIPANT_ADDED),
        secrets={"secret": "{fresh}"},
    ),
    # All messages: the queue of Open Messaging keeps office hours, and a demo may begin on Sunday.
    Receiver(
        "Lynn",
        "lynn",
        {"base_url": "{simulator}/lynn", "open_only": False},
        media_types=("message",),
    ),
    Receiver(
        "Cognigy",
        "cognigy",
        {"url": "{simulator}/cognigy/handover/genesysCloudOM", "open_only": False},
        media_types=("message",),
    ),
    Receiver(
        "Slack",
        "slack",
        {"channel": "C0ALERTS", "api_url": "{simulator}/slack/api/"},
        topics=("hold.ended", "agent.transferred", "handover.ended"),
        secrets={"token": "xoxb-simulator"},
    ),
    Receiver(
        "Teams",
        "teams",
        {},
        topics=("hold.ended", "agent.transferred", "handover.ended"),
        secrets={
            "url": "{simulator}/teams/workflows/alerts/triggers/manual/paths/invoke?sig=simulator"
        },
    ),
    Receiver(
        "Salesforce",
        "salesforce",
        {"login_url": "{simulator}", "flow": "client_credentials", "client_id": "simulator"},
        secrets={"client_secret": "simulator"},
    ),
)


def page() -> str:
    """Return the simulator's page that shows what its receivers got."""
    return f"{_simulator()}/receivers"


def make_missing(*, now: datetime) -> bool:
    """Make a live destination of each receiver where there is none of anybody; tell whether so.

    It waits for another start where the database is too busy.
    """
    try:
        with transaction.atomic():
            if Destination.objects.exists():
                return False
            for receiver in RECEIVERS:
                _make(receiver, now)
    except OperationalError:
        return False
    return True


def _make(receiver: Receiver, now: datetime) -> None:
    row = Destination(
        name=receiver.name,
        kind=receiver.kind,
        mode=Destination.Mode.LIVE,
        topics=list(receiver.topics or registry.kind(receiver.kind).default_topics),
        media_types=list(receiver.media_types),
        config={**_first_offer(receiver.kind), **_placed(receiver.config)},
        created_at=now,
    )
    secrets.put(row, _placed(receiver.secrets))
    row.save(force_insert=True, update_fields=None)
    announce.listen(row)


def _first_offer(kind: str) -> dict[str, Any]:
    """Return what a kind's form is filled in with when it is opened."""
    form = registry.kind(kind).form
    fields = {name: field.initial for name, field in form.base_fields.items()}
    return {name: fields[name] for name in fields if fields[name] is not None}


def _placed(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _in_place(value) for name, value in given.items()}


def _in_place(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return value.replace("{simulator}", _simulator()).replace("{fresh}", fresh())


def _simulator() -> str:
    return f"http://127.0.0.1:{settings.SIMULATOR_PORT}"
