"""Raw documents are kept for as long as is configured, and no longer."""

from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from conversations.models import Conversation, RawSnapshot
from conversations.retention import drop_old_documents
from integrations.genesys import ingest
from tests.documents import answered_email, raw

pytestmark = pytest.mark.django_db


def test_documents_past_their_days_go_and_their_conversations_stay(
    now: datetime, settings: Settings
) -> None:
    settings.RAW_SNAPSHOT_DAYS = 14
    for name, age in (("old", timedelta(days=14, seconds=1)), ("new", timedelta(days=14))):
        ingest.take([raw(answered_email(name))], observed_at=now - age, now=now)

    assert drop_old_documents(now=now) == 1
    assert [kept.conversation.genesys_id for kept in RawSnapshot.objects.all()] == ["new"]
    assert Conversation.objects.count() == 2
    assert drop_old_documents(now=now) == 0
