"""What the tests of the SLA's admin share: who looks, a customer who waits, and forms."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversations.models import Conversation
from sla.services import refresh

AT = datetime(2026, 3, 27, 16, 45, tzinfo=UTC)
# What a policy's form always sends.
CHOSEN = {"time_unit": "business", "on_change": "recompute", "reopening": "continue"}


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss"))
    return client


@pytest.fixture
def asked() -> Conversation:
    conversation = Conversation.objects.create(
        genesys_id="c1", started_at=AT, media_type="email", observed_at=AT
    )
    refresh(conversation_ids=[conversation.pk], now=AT)
    return conversation


def page(browser: Client, path: str) -> str:
    response = browser.get(f"/admin/sla/{path}")
    assert response.status_code == 200
    return response.content.decode()


def fields(**changed: Any) -> dict[str, Any]:
    """The form of a calendar, as the page sends it."""
    return {
        "name": "Office hours",
        "timezone": "Europe/Berlin",
        "hours": '{"mon": [["09:00", "17:00"]]}',
        "holidays": "[]",
        "overrides": "{}",
        "breaks": "{}",
    } | changed
