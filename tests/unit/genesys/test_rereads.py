"""How often an ended conversation is read again."""

from datetime import datetime, timedelta

from integrations.genesys.rereads import is_due


def test_an_open_conversation_is_always_due(now: datetime) -> None:
    assert is_due(None, now, now)


def test_an_ended_one_is_due_until_it_was_read_after_its_end(now: datetime) -> None:
    assert is_due(now - timedelta(hours=1), None, now)
    assert is_due(now - timedelta(minutes=1), now - timedelta(minutes=2), now)


def test_an_ended_one_is_read_at_growing_distances(now: datetime) -> None:
    end = now - timedelta(minutes=40)

    assert is_due(end, now - timedelta(minutes=10), now)
    assert not is_due(end, now - timedelta(minutes=9), now)
