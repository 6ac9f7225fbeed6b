"""Receivers over real HTTP, destinations that lead to them, and events with names."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from conversations.models import Agent, CommonEvent, Conversation, Queue
from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import announce, relay, secrets
from simulator.clock import RunningClock
from simulator.receivers import teams, workspace
from simulator.receivers.server import Served, serving
from simulator.receivers.workspace import Channel, Posted, Workspace


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(RunningClock(timezone.now())) as running:
        yield running


@pytest.fixture
def slack(served: Served) -> Workspace:
    return served.receivers.part(Workspace)


@pytest.fixture
def channel(slack: Workspace) -> Channel:
    return slack.channels[workspace.CHANNEL]


@pytest.fixture
def names(db: None) -> None:
    Agent.objects.create(genesys_id="u1", name="Ada Lovelace")
    Queue.objects.create(genesys_id="q1", name="Support")


def a_destination(kind: str, config: dict[str, Any], hidden: dict[str, str]) -> Destination:
    """Make a live destination that is told of everything."""
    row = Destination(
        name=kind,
        kind=kind,
        mode="live",
        topics=["agent.connected", "hold.ended"],
        config=config,
        created_at=timezone.now() - timedelta(days=4000),
    )
    secrets.put(row, hidden)
    row.save()
    announce.listen(row)
    return row


@pytest.fixture
def incoming(names: None, served: Served) -> Destination:
    url = f"{served.url}/slack/services/{workspace.HOOK}"
    return a_destination("slack_webhook", {}, {"url": url})


@pytest.fixture
def bot(names: None, served: Served) -> Destination:
    config = {"channel": workspace.CHANNEL, "api_url": f"{served.url}/slack/api/"}
    hidden = {"token": workspace.TOKEN, "signing_secret": workspace.SIGNING_SECRET}
    return a_destination("slack", config, hidden)


@pytest.fixture
def flow(names: None, served: Served) -> Destination:
    return a_destination("teams", {}, {"url": served.url + teams.PATH})


def an_event(
    now: datetime, conversation: str = "c1", name: str = "agent.connected", subject: str = "s1"
) -> CommonEvent:
    """Make an event that nobody has been told of yet: a call that began five minutes before."""
    row, _ = Conversation.objects.get_or_create(
        genesys_id=conversation,
        defaults={
            "started_at": now - timedelta(minutes=5),
            "observed_at": now,
            "content_hash": conversation.encode(),
        },
    )
    return CommonEvent.objects.create(
        conversation=row,
        name=name,
        subject=subject,
        at=now,
        recorded_at=now,
        payload={"userId": "u1", "queueId": "q1", "mediaType": "voice"},
        announced=False,
    )


def relayed(after: timedelta = timedelta()) -> relay.Done:
    return relay.relay(now=timezone.now() + after)


# What befalls a call, what then becomes of the try, and how its reason begins.
Fault = tuple[dict[str, Any], str, str]


def assert_tried_again(served: Served, fault: Fault, now: datetime) -> None:
    """Let a fault befall the sending of an event: it is told so, and it gets through later."""
    rule, result, reason = fault
    served.receivers.faults.put([{**rule, "count": 1}])
    an_event(now)
    begun = timezone.now()
    relayed()
    attempt, row = Attempt.objects.get(), Delivery.objects.get()
    assert attempt.result == result
    assert attempt.reason.startswith(reason)
    assert (row.due_at - begun).total_seconds() >= rule.get("retry_after", 4)
    assert relayed(row.due_at - begun).through == 1


def texts(channel: Channel) -> list[str]:
    """Return what people see first in each message."""
    return [_headline(posted) for posted in channel.messages]


def _headline(posted: Posted) -> str:
    return str(next(workspace.inlines(posted))["text"])
