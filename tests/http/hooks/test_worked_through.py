"""From the request to the row that follows: every reader and every meaning in their places."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from integrations import services
from integrations.inbox.receive import receive_many
from integrations.models import GenesysEvent, InboxItem, Wanted
from tests.http.hooks import hostile
from tests.http.hooks.conftest import Sender

pytestmark = pytest.mark.django_db
CONVERSATION = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
EVENT = {
    "conversationId": CONVERSATION,
    "participantId": "p-1",
    "sessionId": "s-1",
    "userId": "u-1",
    "mediaType": "EMAIL",
    "disconnectType": "CLIENT",
}
AT = 1774629900000


def sent(sender: Sender, body: Any) -> None:
    answer = Client().post(
        f"/hooks/{sender.source.kind}/",
        json.dumps(body),
        "application/json",
        headers={"Authorization": f"Bearer {sender.key}"},
    )
    assert answer.status_code == 202


def enveloped(event: dict[str, Any], own_id: str = "e-1") -> dict[str, Any]:
    return {
        "version": "0",
        "id": own_id,
        "detail-type": "v2.detail.events.conversation.{id}.user.end",
        "source": "aws.partner/genesys.com/cloud/o/x",
        "detail": {
            "topicName": f"v2.detail.events.conversation.{CONVERSATION}.user.end",
            "version": "2",
            "eventBody": event,
        },
    }


def worked() -> Any:
    return services.process_inbox(now=datetime.now(UTC))


@pytest.mark.parametrize("at", [AT, str(AT), "2026-03-27T16:45:00.000Z"])
def test_one_event_by_two_roads_is_one(genesys: Sender, eventbridge: Sender, at: Any) -> None:
    topic = "v2.detail.events.conversation.id.user.end"
    sent(genesys, EVENT | {"topic": topic, "eventTime": at, "queueId": "NOT_SET"})
    sent(eventbridge, enveloped(EVENT | {"eventTime": AT}))
    sent(eventbridge, enveloped(EVENT | {"eventTime": AT}, "e-2"))
    done = worked()

    assert (done.done, done.events, done.quarantined) == (3, 1, 0)
    event = GenesysEvent.objects.get()
    assert event.topic == "v2.detail.events.conversation.{id}.user.end"
    assert (event.conversation_id, event.at) == (
        CONVERSATION,
        datetime(2026, 3, 27, 16, 45, tzinfo=UTC),
    )
    assert Wanted.objects.get().genesys_id == CONVERSATION


def test_a_hint_orders_a_reading_each_time(genesys: Sender) -> None:
    for _ in range(2):
        sent(genesys, {"topic": "v2.detail.events.conversation.{id}.acw"} | EVENT)
    assert worked().events == 2
    assert Wanted.objects.get().genesys_id == CONVERSATION


def test_the_body_made_for_lynn_orders_a_reading(genesys: Sender) -> None:
    told = {"userId": "u", "userName": "A", "type": "eventAgentConnect", "provider": "p"}
    sent(genesys, {"conversationId": CONVERSATION, "externalId": "x"} | told)
    assert worked().quarantined == 0
    assert Wanted.objects.get().genesys_id == CONVERSATION


def test_an_address_that_no_conversation_has_does_no_harm(genesys: Sender) -> None:
    topic = "v2.detail.events.conversation.id.user.end"
    sent(genesys, {"userId": "nobody", "topic": topic, "disconnectType": "CLIENT"})
    assert (worked().quarantined, Wanted.objects.count()) == (0, 0)


def test_hostile_bodies_are_done_or_set_aside_with_a_reason(
    genesys: Sender, eventbridge: Sender
) -> None:
    now = datetime.now(UTC)
    bodies = [(body, None) for body in hostile.bodies()]
    bodies += [
        (b'{"detail-type": "t", "detail": {"topicName": "v2.x", "eventBody": %s}}' % body, None)
        for body, _ in bodies
    ]
    for sender in (genesys, eventbridge):
        receive_many(source_id=sender.source.pk, bodies=bodies, now=now)
    done = worked()

    assert done.put_off == 0
    assert done.done + done.quarantined == 2 * len(bodies) == InboxItem.objects.count()
    assert not InboxItem.objects.filter(state="quarantined", reason="").exists()
    reasons = set(InboxItem.objects.filter(state="quarantined").values_list("reason", flat=True))
    assert not [reason for reason in reasons if "internal error" in reason]
