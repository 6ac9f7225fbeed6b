"""What Lynn and Cognigy are told, from Common Events to their own servers."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from conversations.models import Agent, CommonEvent, Conversation, Participant, Session
from integrations.cognigy.kind import in_events
from integrations.models import Delivery, Destination
from integrations.outbox import announce, registry, relay
from simulator.clock import RunningClock
from simulator.receivers import hooks
from simulator.receivers.server import Served, serving

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Destination]


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(RunningClock(timezone.now())) as running:
        yield running


@pytest.fixture
def make(served: Served, now: datetime) -> Make:
    def made(kind: str, **config: Any) -> Destination:
        given = {
            "lynn": {"base_url": f"{served.url}/lynn/"},
            "cognigy": {"url": served.url + hooks.COGNIGY},
        }[kind]
        row = Destination.objects.create(
            name=kind,
            kind=kind,
            mode="live",
            topics=list(registry.kind(kind).default_topics),
            config={**given, **config},
            created_at=now,
        )
        announce.listen(row)
        return row

    return made


def conversation(now: datetime, genesys_id: str = "c1") -> Conversation:
    Agent.objects.get_or_create(genesys_id="u1", name="Ada")
    return Conversation.objects.create(
        genesys_id=genesys_id, started_at=now, observed_at=now, content_hash=b"1" * 16
    )


def read(
    row: Conversation,
    message_type: str = "open",
    media_type: str = "message",
    purposes: Sequence[str] = ("customer", "agent"),
) -> None:
    """Have the mirror know sessions of a conversation: the customer's, then the agent's."""
    addresses = {"customer": "integration-1", "agent": "customer-1"}
    for ordinal, purpose in enumerate(purposes):
        participant = Participant.objects.create(
            conversation=row, genesys_id=f"p-{purpose}", ordinal=ordinal, purpose=purpose
        )
        Session.objects.create(
            conversation=row,
            participant=participant,
            genesys_id=f"s-{purpose}",
            ordinal=0,
            purpose=purpose,
            media_type=media_type,
            message_type=message_type,
            provider="PureCloud Messaging",
            address_to=addresses[purpose],
        )


def happens(row: Conversation, name: str, **about: str) -> None:
    CommonEvent.objects.create(
        conversation=row,
        name=name,
        subject="s-agent",
        at=row.started_at,
        recorded_at=row.started_at,
        payload={"userId": "u1", "sessionId": "s-agent", "mediaType": "message", **about},
        announced=False,
    )


def bodies(served: Served, path: str) -> list[Any]:
    return [call.body for call in served.receivers.heard(path)]


def test_lynn_hears_of_a_connected_agent_with_her_own_keys(
    make: Make, served: Served, now: datetime
) -> None:
    make("lynn")
    row = conversation(now)
    read(row)
    happens(row, "agent.connected")
    happens(row, "handover.ended")
    assert relay.relay(now=timezone.now()).through == 1
    assert bodies(served, "/") == [
        {
            "conversationId": "c1",
            "userId": "u1",
            "userName": "Ada",
            "type": "eventAgentConnect",
            "provider": "PureCloud Messaging",
            "externalId": "customer-1",
        }
    ]


def test_lynns_base_may_be_written_with_the_path(make: Make, served: Served, now: datetime) -> None:
    make("lynn", base_url=served.url + hooks.LYNN)
    row = conversation(now)
    read(row)
    happens(row, "agent.connected")
    assert relay.relay(now=timezone.now()).through == 1
    assert len(bodies(served, hooks.LYNN)) == 1


@pytest.mark.parametrize(("message_type", "media_type"), [("whatsapp", "message"), ("", "email")])
def test_a_bot_hears_of_open_messaging_only(
    make: Make, served: Served, now: datetime, message_type: str, media_type: str
) -> None:
    destination = make("lynn")
    row = conversation(now)
    read(row, message_type, media_type)
    happens(row, "agent.connected")
    assert relay.relay(now=timezone.now()).tried == 0
    assert not Delivery.objects.exists()

    destination.config["open_only"] = False
    destination.save(update_fields=["config"])
    happens(conversation(now, "c2"), "agent.connected")
    CommonEvent.objects.filter(conversation=row).update(announced=False)
    relay.relay(now=timezone.now())
    assert [body["conversationId"] for body in bodies(served, "/")] == ["c1"]


@pytest.mark.parametrize("read_before", [(), ("customer",)])
def test_an_address_that_is_not_read_yet_is_waited_for(
    make: Make, served: Served, now: datetime, read_before: Sequence[str]
) -> None:
    destination = make("lynn")
    row = conversation(now)
    read(row, purposes=read_before)
    happens(row, "agent.connected")
    began = timezone.now()
    assert relay.relay(now=began).tried == 0
    delivery = Delivery.objects.get()
    assert timedelta(seconds=2) <= delivery.due_at - began <= timedelta(seconds=3)

    assert relay.relay(now=delivery.due_at).through == 0
    delivery.refresh_from_db()
    assert delivery.reason == "the conversation's addressTo is not known yet"
    destination.refresh_from_db()
    assert destination.failures == 0

    read(row, purposes=[each for each in ("customer", "agent") if each not in read_before])
    assert relay.relay(now=delivery.due_at).through == 1
    assert bodies(served, hooks.LYNN)[0]["externalId"] == "customer-1"


def test_what_turns_out_to_be_another_channel_is_not_told(
    make: Make, served: Served, now: datetime
) -> None:
    make("lynn")
    row = conversation(now)
    happens(row, "agent.connected")
    relay.relay(now=timezone.now())
    read(row, "webmessaging")
    delivery = Delivery.objects.get()
    assert relay.relay(now=delivery.due_at).through == 0
    delivery.refresh_from_db()
    assert (delivery.state, bodies(served, "/")) == ("shown", [])
    assert "not a conversation of Open Messaging" in delivery.tries.get().reason


USER_END = "v2.detail.events.conversation.id.user.end"
ACW = "v2.detail.events.conversation.id.acw"


@pytest.mark.parametrize(
    ("config", "topics"),
    [
        ({}, [USER_END]),
        ({"sends": "user_end"}, [USER_END]),
        ({"sends": "both"}, [USER_END, ACW]),
        ({"sends": "acw"}, [ACW]),
    ],
)
def test_cognigy_hears_each_chosen_topic_once_when_the_handover_is_over(
    make: Make, served: Served, now: datetime, config: dict[str, str], topics: list[str]
) -> None:
    make("cognigy", **config)
    requests.post(served.url + hooks.OPENED, json={"userId": "customer-1"}, timeout=5)
    row = conversation(now)
    read(row)
    happens(row, "agent.connected")
    happens(row, "handover.ended", disconnectType="peer")
    for _ in range(3):
        relay.relay(now=timezone.now())
    assert bodies(served, hooks.COGNIGY) == [
        {"userId": "customer-1", "topic": topic, "disconnectType": "PEER"} for topic in topics
    ]
    assert hooks.open_handovers(served.receivers) == set()


def test_an_end_in_the_queue_is_told_by_the_address_of_the_agent_before(
    make: Make, served: Served, now: datetime
) -> None:
    make("cognigy")
    row = conversation(now)
    read(row)
    happens(row, "handover.ended", disconnectType="", sessionId="", userId="")
    relay.relay(now=timezone.now())
    assert bodies(served, hooks.COGNIGY) == [
        {"userId": "customer-1", "topic": USER_END, "disconnectType": "UNKNOWN"}
    ]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("client", "CLIENT"),
        ("noAnswerTransfer", "NO_ANSWER_TRANSFER"),
        ("dndEndpoint", "DND_ENDPOINT"),
        ("sessionExpired", "SESSION_EXPIRED"),
        ("", "UNKNOWN"),
    ],
)
def test_a_disconnect_type_is_spelt_as_in_genesyss_events(ours: str, theirs: str) -> None:
    assert in_events(ours) == theirs
