"""Envelopes in the inbox: each is read by its kind of source, or lies in quarantine with a reason.

The shapes are those of Genesys's own fixtures and of recorded audit events.
"""

import json
from datetime import datetime
from typing import Any

import pytest

from integrations import services
from integrations.inbox.receive import receive_many
from integrations.models import InboxItem, Source

pytestmark = pytest.mark.django_db

KINESIS = {
    "_id": "adbcfa5b-0116-4baa-b66b-a3f5902e95bf",
    "version": "2",
    "conversationId": "2f7bf00a-0fc2-4d6a-9b56-92238191433e",
    "topicName": "v2.detail.events.conversation.2f7bf00a-0fc2-4d6a-9b56-92238191433e.customer.end",
    "timestamp": 1649237504949,
}
TRIGGER = {"eventTime": 10000, "conversationId": "conversationId", "mediaType": "CHAT"}


@pytest.mark.parametrize("kind", ["eventbridge", "sqs"])
@pytest.mark.parametrize("body", [KINESIS, TRIGGER])
def test_what_is_no_envelope_lies_in_quarantine_with_its_reason(
    now: datetime, kind: str, body: dict[str, Any]
) -> None:
    source = Source.objects.create(name=kind, kind=kind, created_at=now)
    receive_many(source_id=source.pk, bodies=[(json.dumps(body).encode(), None)], now=now)

    services.process_inbox(now=now)

    item = InboxItem.objects.get()
    assert item.state == InboxItem.State.QUARANTINED
    assert "detail is missing: this is no EventBridge envelope" in item.reason
