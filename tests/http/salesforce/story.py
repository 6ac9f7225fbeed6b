"""A small story: an e-mail that lies on hold while its agent takes calls, and what follows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from conversations import services
from conversations.models import Conversation
from integrations import services as parts
from integrations.models import Attempt, Destination, SalesforceLink
from integrations.outbox import relay
from integrations.salesforce import ordering
from simulator.clock import ManualClock
from simulator.receivers.salesforce.org import Org
from tests import factories
from tests.documents import at, conversation, participant, segment, session
from tests.heard import snapshot

Hold = tuple[float, float | None]


def email(
    name: str = "e1",
    *holds: Hold,
    end: float | None = None,
    user: str = "u1",
    queue: str = "q1",
    **attributes: str,
) -> dict[str, Any]:
    """Return an e-mail that its agent has from minute 1, on hold at times; an end disconnects."""
    parts: list[dict[str, Any]] = []
    since = 1.0
    for start, stop in holds:
        parts += [segment("interact", since, start, queueId=queue), segment("hold", start, stop)]
        since = stop if stop is not None else -1.0
    if since >= 0:
        parts.append(segment("interact", since, end, queueId=queue))
    if end is not None:
        parts[-1]["disconnectType"] = "client"
    for one in parts:
        one["queueId"] = queue
    customer = session(f"{name}-c", segment("interact", 0, end))
    return conversation(
        name,
        participant(f"{name}-pc", "customer", customer, attributes=attributes),
        participant(f"{name}-pa", "agent", session(f"{name}-a", *parts), userId=user),
        end=end,
    )


def call(name: str, start: float, end: float | None, *, user: str = "u1") -> dict[str, Any]:
    """Return a call that its agent answers at once."""
    ends = {} if end is None else {"disconnectType": "client"}
    talk = segment("interact", start, end, queueId="q2", **ends)
    customer = session(f"{name}-c", segment("interact", start, end), mediaType="voice")
    agent = session(f"{name}-a", talk, mediaType="voice")
    return conversation(
        name,
        participant(f"{name}-pc", "customer", customer),
        participant(f"{name}-pa", "agent", agent, userId=user),
        start=start,
        end=end,
    )


def people() -> None:
    """Make the agents and queues that the story names."""
    factories.agent("A. Rossi", genesys_id="u1", email="rossi@acme.example")
    factories.agent("B. Berg", genesys_id="u2", email="berg@acme.example")
    factories.queue("Support EU", genesys_id="q1")
    factories.queue("Hotline", genesys_id="q2")


def read(clock: ManualClock, minutes: float, *documents: dict[str, Any]) -> None:
    """Let time pass to a minute, and the mirror read documents then."""
    clock.set(max(clock.now(), at(minutes)))
    services.record(snapshots=[snapshot(one, at(minutes)) for one in documents], now=at(minutes))


def work(now: datetime) -> relay.Done:
    """Let every part do what it has to, as the schedule's tasks would."""
    relay.relay(now=now)
    parts.derive(now=now)
    ordering.sweep(now=now)
    return relay.relay(now=now)


def link(destination: Destination, genesys_id: str, case_id: str) -> SalesforceLink:
    """Say which case a conversation belongs to."""
    row = Conversation.objects.get(genesys_id=genesys_id)
    return SalesforceLink.objects.create(
        destination=destination, conversation=row, case_id=case_id, how="hand"
    )


def shown(rows: Iterable[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """Return some fields of records."""
    return [tuple(row[name] for name in names) for row in rows]


def owner(org: Org, case: str) -> str:
    """Return the id of a case's owner."""
    return str(org.row("Case", case)["OwnerId"])


def reasons() -> list[str]:
    """Return why owners were changed, or not, in order."""
    tried = Attempt.objects.filter(delivery__topic="case.owner")
    return list(tried.order_by("pk").values_list("reason", flat=True))


def transferred(*order: str) -> dict[str, object]:
    """Return an e-mail that u1 has from minute 1 and u2 from minute 3."""
    first = segment("interact", 1, 3, queueId="q1", disconnectType="transfer")
    agents = {
        "u1": participant("e1-p1", "agent", session("e1-a1", first), userId="u1"),
        "u2": participant(
            "e1-p2", "agent", session("e1-a2", segment("interact", 3, queueId="q1")), userId="u2"
        ),
    }
    customer = participant("e1-pc", "customer", session("e1-c", segment("interact", 0)))
    return conversation("e1", customer, *(agents[one] for one in order))
