"""Whoever reads the clock and then waits for the database fires nothing that fell due since."""

from datetime import UTC, datetime, timedelta

import pytest

from conversations.models import CommonEvent
from sla.firing import ask, checking, fire
from sla.models import Timer
from sla.services import refresh
from tests import factories

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
MS = timedelta(milliseconds=1)


@pytest.mark.django_db
def test_who_read_the_clock_before_an_instant_fires_nothing_of_it() -> None:
    factories.policy(next_response_s=3_600, warnings=[], position=1)
    made = factories.conversation(started_at=START)
    refresh(conversation_ids=[made.pk], now=START)
    assert ask(now=START + HOUR + MS, limit=9, read=lambda _: None) == 1
    [one] = checking()

    assert fire(verified={one.pk: True}, now=START + HOUR) == 0
    assert Timer.objects.get().state == "checking"
    assert not CommonEvent.objects.exists()
    assert fire(verified={one.pk: True}, now=START + HOUR + MS) == 1
    assert Timer.objects.get().fired_at == START + HOUR + MS
