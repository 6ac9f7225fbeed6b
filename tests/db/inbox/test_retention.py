from datetime import datetime, timedelta
from typing import Any

import pytest

from conversations import retention as mirror
from integrations.inbox import retention
from integrations.models import GenesysEvent, InboxItem, Source, Wanted

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def item(source: Source, at: datetime, state: str) -> None:
    InboxItem.objects.create(source=source, body=b"", received_at=at, due_at=at, state=state)


def test_what_is_done_goes_after_its_days_and_what_waits_stays(
    source: Source, now: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INBOX_DAYS = 7
    monkeypatch.setattr(mirror, "BATCH", 3)
    for age in (40, 31, 29, 9, 8, 6, 1):
        for state in ("done", "quarantined", "waiting"):
            item(source, now - age * DAY, state)
        GenesysEvent.objects.create(topic="t", source=source, heard_at=now - age * DAY)

    assert retention.drop_old(now=now) == 5 + 2 + 5
    assert retention.drop_old(now=now) == 0
    left = {state: InboxItem.objects.filter(state=state).count() for state in retention_states()}
    assert left == {"done": 2, "quarantined": 5, "waiting": 7}
    assert GenesysEvent.objects.count() == 2


def test_a_reading_that_was_given_up_goes_and_one_that_is_wanted_stays(now: datetime) -> None:
    for name, at in (("old", now - 31 * DAY), ("new", now - 29 * DAY), ("wanted", None)):
        Wanted.objects.create(
            genesys_id=name, ordered_at=now - 40 * DAY, due_at=now, given_up_at=at
        )

    assert retention.drop_old(now=now) == 1
    assert set(Wanted.objects.values_list("genesys_id", flat=True)) == {"new", "wanted"}


def retention_states() -> list[str]:
    return [state.value for state in InboxItem.State]
