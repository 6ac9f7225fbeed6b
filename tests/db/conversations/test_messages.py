"""Messages are written once, corrected when told otherwise, and never lost."""

from datetime import datetime, timedelta

import pytest

from conversations.domain.messages import Message
from conversations.messages import known_ids, record_messages
from conversations.models import Change, Conversation
from conversations.models import Message as Row

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(now: datetime) -> Conversation:
    return Conversation.objects.create(
        genesys_id="c", started_at=now, observed_at=now, content_hash=b"x" * 16
    )


def test_the_same_messages_again_write_nothing(conversation: Conversation, now: datetime) -> None:
    told = [Message("a", now, "customer"), Message("b", now, "agent", "u")]

    assert record_messages(conversation_id=conversation.pk, messages=told, now=now) == 2
    assert record_messages(conversation_id=conversation.pk, messages=told, now=now) == 0

    assert known_ids(conversation.pk) == {"a", "b"}
    assert Change.objects.count() == 1


def test_what_is_told_otherwise_is_corrected_and_has_the_clocks_computed_anew(
    conversation: Conversation, now: datetime
) -> None:
    for sender, user_id in (("automatic", ""), ("agent", "u")):
        told = [Message("a", now, sender, user_id)]
        assert record_messages(conversation_id=conversation.pk, messages=told, now=now) == 1

    assert Row.objects.values_list("sender", "user_id").get() == ("agent", "u")
    change = Change.objects.latest("pk")
    assert (change.conversation_id, change.user_ids, change.recorded_at) == (
        conversation.pk,
        [],
        now,
    )


def test_a_message_that_is_not_told_of_again_stays(
    conversation: Conversation, now: datetime
) -> None:
    first, second = Message("a", now, "customer"), Message("b", now + timedelta(1), "customer")
    record_messages(conversation_id=conversation.pk, messages=[first], now=now)
    record_messages(conversation_id=conversation.pk, messages=[second], now=now)

    assert known_ids(conversation.pk) == {"a", "b"}
