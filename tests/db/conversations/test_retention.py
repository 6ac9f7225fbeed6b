"""Raw documents are kept for as long as is configured, and no longer."""

from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from conversations import retention
from conversations.models import Conversation, PresenceSpan, RawSnapshot, RoutingNote
from conversations.retention import drop_old_documents
from integrations.genesys import ingest
from tests import factories
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


def test_presence_goes_after_its_days_and_what_lasts_stays(
    now: datetime, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PRESENCE_DAYS = 30
    monkeypatch.setattr(retention, "BATCH", 2)
    day = timedelta(days=1)
    for number, age in enumerate((50, 45, 0, 31, 29)):
        PresenceSpan.objects.create(
            user_id=f"u{number}",
            kind="presence",
            value="AWAY",
            started_at=now - 60 * day,
            ended_at=now - age * day if age else None,
            heard_at=now,
        )

    assert retention.drop_old_presence(now=now) == 3
    assert retention.drop_old_presence(now=now) == 0
    assert set(PresenceSpan.objects.values_list("user_id", flat=True)) == {"u2", "u4"}


def test_how_conversations_were_routed_goes_with_presence_but_for_those_that_are_open(
    now: datetime, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PRESENCE_DAYS = 30
    monkeypatch.setattr(retention, "BATCH", 2)
    day = timedelta(days=1)
    factories.conversation(genesys_id="open", started_at=now - 60 * day)
    factories.conversation(genesys_id="over", started_at=now - 60 * day, ended_at=now - 50 * day)
    notes = {"open": 60, "over": 60, "not mirrored": 31, "third": 40, "kept": 30}
    for genesys_id, age in notes.items():
        RoutingNote.objects.create(conversation_id=genesys_id, priority=5, at=now - age * day)

    assert retention.drop_old_presence(now=now) == 3
    assert retention.drop_old_presence(now=now) == 0
    assert set(RoutingNote.objects.values_list("conversation_id", flat=True)) == {"open", "kept"}
