"""Whom workers tell while they are killed: each is told of every event that it asks for."""

from typing import Final, NamedTuple

from django.utils import timezone

from integrations.domain.delivery import Parcel
from integrations.models import Destination
from integrations.outbox import announce, secrets
from simulator.receivers.workspace import CHANNEL, TOKEN
from tests.receiving import OF_RECORDS, Receiving

TOPICS: Final = ("agent.connected", "hold.started", "hold.ended", "agent.disconnected")
QUEUE: Final = "told"
SLACK: Final = "quick_slack"


class Told(NamedTuple):
    """A destination: its kind, where it leads, and whether it must never be told twice."""

    kind: str
    path: str
    reads_back: bool
    topics: tuple[str, ...] = TOPICS


# Whoever adds a kind that reads back adds it here, and its receiver to tests.receiving. Salesforce
# is told of holds, not of events: tests.faults.held.
AUDIENCE: Final = (
    Told("webhook", "/hooks/plain", reads_back=False),
    Told("records", f"{OF_RECORDS}read-back", reads_back=True),
    # One at a time, as ever: a quarter of the events.
    Told(SLACK, "/slack/api/", reads_back=True, topics=("hold.ended",)),
)


def destination(told: Told, receivers: Receiving) -> Destination:
    """Make it, live."""
    url, is_slack = receivers.url + told.path, told.kind == SLACK
    made = Destination(
        name=told.path,
        kind=told.kind,
        mode=Destination.Mode.LIVE,
        topics=list(told.topics),
        queue_ids=[QUEUE],
        config={"channel": CHANNEL, "api_url": url} if is_slack else {"url": url},
        created_at=timezone.now(),
    )
    if is_slack:
        secrets.put(made, {"token": TOKEN})
    made.save()
    announce.listen(made)
    return made


def heard(told: Told, receivers: Receiving) -> list[str]:
    """Return the ids of what it has, in order; of Slack, what stands in the channel."""
    if told.kind == SLACK:
        return receivers.posted()
    return [call.id for call in receivers.heard() if call.path == told.path]


def id_of(to: Destination, key: str) -> str:
    """Return the id by which a destination is told of an event."""
    return Parcel(0, key, "", "", {}, 1, 1, False, "", 0, to.pk).message_id
