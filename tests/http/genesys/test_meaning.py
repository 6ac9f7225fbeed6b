"""From events in the inbox to the mirror: what they prove at once, and what they have read."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from chrono.instants import isoformat
from conversations import selectors
from conversations.models import (
    Message,
    PresenceSpan,
    RoutingNote,
    SessionState,
)
from integrations.genesys import meaning, payloads
from integrations.genesys.client import Client
from integrations.genesys.correspondence import read_messages
from integrations.genesys.wanted import reread_wanted
from integrations.inbox.receive import receive_many
from integrations.models import GenesysEvent, InboxItem, Reading, Source, Wanted
from integrations.services import process_inbox
from simulator import documents
from simulator.clock import ManualClock
from simulator.server import Served
from simulator.world.feed import Occurrence
from tests import factories
from tests.heard import heard

pytestmark = pytest.mark.django_db

EPOCH = datetime(2026, 3, 23, 6, 0, tzinfo=UTC)
USER = "0a1b2c3d-0000-4000-8000-0000000000aa"
USER_END = "v2.detail.events.conversation.{id}.user.end"
ACD_START = "v2.detail.events.conversation.{id}.acd.start"


@pytest.fixture
def epoch() -> datetime:
    return EPOCH


@pytest.fixture
def seed() -> int:
    return 3


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(EPOCH)


@pytest.fixture
def source(now: datetime) -> Source:
    return Source.objects.create(name="Flow", kind=Source.Kind.GENESYS, created_at=now)


def _bodies(told: Iterable[Occurrence], chance: Random) -> list[tuple[bytes, None]]:
    """Return what a flow would post, one in seven twice, in no order."""
    some = [one for one in told for _ in range(chance.choice((1, 1, 1, 1, 1, 1, 2)))]
    chance.shuffle(some)
    return [(json.dumps({"topic": one.topic, **one.body}).encode(), None) for one in some]


def test_events_alone_bring_the_mirror_to_the_truth_though_analytics_lags(
    centre: Served, simulated: Client, clock: ManualClock, source: Source
) -> None:
    """No poll is made: whatever stands there came because an event told of it."""
    told: list[Occurrence] = []
    world = centre.centre.world
    world.feed.listen(told.append)
    chance = Random(4)
    for step in range(13):
        clock.advance(600 if step < 12 else 10)
        centre.centre.lag = timedelta(seconds=20 if step < 12 else 0)
        centre.centre.live_on()
        bodies, told[:] = _bodies(told, chance), []
        receive_many(source_id=source.pk, bodies=bodies, now=clock.now())
        process_inbox(now=clock.now())
        reread_wanted(client=simulated, now=clock.now())

    assert not InboxItem.objects.exclude(state=InboxItem.State.DONE).exists()
    truth = {
        key: payloads.conversation(json.dumps(documents.conversation_detail(one)).encode())
        for key, one in world.conversations.items()
    }
    assert len(truth) > 30
    assert {c.genesys_id: c for c in selectors.conversation_facts(list(truth))} == truth
    assert list(Wanted.objects.values_list("genesys_id", "expects", "reason", "attempts")) == []


def test_a_wild_body_finds_its_conversation_by_the_address(source: Source, now: datetime) -> None:
    mine, other = factories.conversation(started_at=now), factories.conversation(started_at=now)
    old = factories.conversation(started_at=now - timedelta(days=9), ended_at=now)
    for of in (mine, other, old):
        factories.session(of, purpose="customer", address_to="om-4711", started_at=now)
    factories.session(factories.conversation(started_at=now), purpose="customer", ani="om-4712")
    body = {"userId": "om-4711", "topic": "v2.detail.events.conversation.id.acw"}

    receive_many(
        source_id=source.pk,
        bodies=[(json.dumps(body | {"disconnectType": ""}).encode(), None)],
        now=now,
    )
    process_inbox(now=now)

    wanted = set(Wanted.objects.values_list("genesys_id", flat=True))
    assert wanted == {mine.genesys_id, other.genesys_id}
    assert "om-4711" not in str(GenesysEvent.objects.values())


def test_the_body_made_for_lynn_orders_its_conversation(source: Source, now: datetime) -> None:
    body = {
        "conversationId": "c-1",
        "userId": USER,
        "userName": "Ada",
        "type": "eventAgentConnect",
        "provider": "Open Messaging",
        "externalId": "+49170",
    }
    receive_many(source_id=source.pk, bodies=[(json.dumps(body).encode(), None)], now=now)
    process_inbox(now=now)

    assert Wanted.objects.get().genesys_id == "c-1"
    assert not SessionState.objects.exists()


def test_a_body_whose_meaning_cannot_be_read_is_quarantined_and_stops_no_other(
    source: Source, now: datetime
) -> None:
    bad = {"topic": USER_END, "conversationId": "c-1", "eventTime": "noon"}
    good = {"topic": USER_END, "conversationId": "c-2"}
    bodies = [(json.dumps(one).encode(), None) for one in (bad, good)]

    receive_many(source_id=source.pk, bodies=bodies, now=now)
    process_inbox(now=now)

    states = dict(InboxItem.objects.values_list("state", "reason"))
    assert states["quarantined"].startswith("eventTime: is no instant")
    assert Wanted.objects.get().genesys_id == "c-2"


def test_activity_becomes_presence(now: datetime) -> None:
    factories.agent(genesys_id=USER)
    at = isoformat(now)
    presence = {"presenceDefinition": {"id": "d", "systemPresence": "MEAL"}, "modifiedDate": at}
    body = {"routingStatus": {"status": "OFF_QUEUE", "startTime": at}, "presence": presence}

    meaning.take([heard(f"v2.users.{USER}.activity", body)], now=now)

    rows = PresenceSpan.objects.values_list("kind", "value", "started_at")
    assert set(rows) == {("routing", "OFF_QUEUE", now), ("presence", "MEAL", now)}
    assert not Wanted.objects.exists()


def test_how_a_conversation_was_routed_is_kept_whatever_the_order(
    source: Source, now: datetime
) -> None:
    told: list[dict[str, Any]] = [
        {"conversationId": "c-1", "eventTime": isoformat(now), "routingPriority": 9},
        {"conversationId": "c-1", "eventTime": isoformat(now - timedelta(minutes=1))},
        {"conversationId": "c-2", "eventTime": isoformat(now), "utilizationLabel": "VIP"},
        {"conversationId": "c-3", "eventTime": isoformat(now + timedelta(days=1))},
    ]
    bodies = [(json.dumps({"topic": ACD_START, **one}).encode(), None) for one in told]

    receive_many(source_id=source.pk, bodies=bodies, now=now)
    process_inbox(now=now)

    rows = RoutingNote.objects.order_by("conversation_id")
    assert list(rows.values_list("conversation_id", "priority", "label", "at")) == [
        ("c-1", 9, "", now),
        ("c-2", None, "VIP", now),
    ]


def test_what_lies_ahead_proves_nothing_but_is_read(now: datetime) -> None:
    far = isoformat(now + timedelta(days=365))
    held = {"conversationId": "c-1", "sessionId": "s", "queueId": "q", "currentStateStart": far}
    status = {"routingStatus": {"status": "OFF_QUEUE", "startTime": far}}

    meaning.take(
        [
            heard(f"v2.detail.events.agent.{USER}.state", held | {"currentState": "HOLD"}),
            heard(f"v2.users.{USER}.activity", status),
        ],
        now=now,
    )

    assert not SessionState.objects.exists()
    assert not PresenceSpan.objects.exists()
    assert Wanted.objects.values_list("genesys_id", "expects").get() == ("c-1", [])


def _mails(genesys_id: str, sent: int, customers: str = "") -> Any:
    agent = {"id": "p", "purpose": "agent", "emails": [{"id": "s", "messagesSent": sent}]}
    customer = {"id": "q", "purpose": "customer", "emails": [{"id": "t", "messageId": customers}]}
    body = {"id": genesys_id, "participants": [agent, customer]}
    return heard(f"v2.users.{USER}.conversations", body)


def test_who_wrote_is_asked_again_only_when_counters_move(
    host: Any, client: Client, now: datetime
) -> None:
    long_ago = now - timedelta(hours=2)
    quiet = factories.conversation(started_at=long_ago)
    Message.objects.create(conversation=quiet, genesys_id="m1", sent_at=long_ago, sender="customer")
    Reading.objects.create(
        conversation=quiet, messages_read_at=now - timedelta(minutes=6), messages_sent=1
    )
    path = f"/api/v2/conversations/emails/{quiet.genesys_id}/messages"
    host.routes[path] = lambda stage: stage.answer(body={"entities": []})

    def asked() -> int:
        read_messages(client=client, now=now)
        return len(host.calls)

    assert asked() == 0
    meaning.take([_mails(quiet.genesys_id, 1, "m1")], now=now)
    assert asked() == 0
    meaning.take([_mails(quiet.genesys_id, 2, "m1")], now=now)
    assert asked() == 1
    meaning.take([_mails(quiet.genesys_id, 2, "m1")], now=now)
    meaning.take([_mails(quiet.genesys_id, 1, "m1")], now=now)
    assert asked() == 1
    meaning.take([_mails(quiet.genesys_id, 2, "m2")], now=now + timedelta(seconds=1))
    assert asked() == 2
