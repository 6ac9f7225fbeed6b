"""Open conversations are read again by their ids, longest unread first, within the rate limit."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache

from conversations.models import Conversation
from integrations.genesys.client import Client
from integrations.genesys.rereads import reread_open
from integrations.models import Reading

pytestmark = pytest.mark.django_db


def _open(analytics: Any, now: datetime, count: int) -> None:
    started = (now - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    for i in range(count):
        analytics.add(f"c-{i:03}", started)
        Conversation.objects.create(
            genesys_id=f"c-{i:03}",
            started_at=now - timedelta(hours=1),
            observed_at=now - timedelta(hours=1),
            content_hash=b"x" * 16,
        )


def test_open_ones_are_read_fifty_a_call(analytics: Any, client: Client, now: datetime) -> None:
    _open(analytics, now, 120)

    read = reread_open(client=client, now=now)

    assert [len(ids) for ids in analytics.batches] == [50, 50, 20]
    assert sum(read.taken.recorded) == 120
    assert Reading.objects.filter(read_at=now).count() == 120


def _tell_used(client: Client, count: int) -> None:
    client.budget.note(
        {
            "inin-ratelimit-count": str(count),
            "inin-ratelimit-allowed": "300",
            "inin-ratelimit-reset": "60",
        }
    )


def test_nothing_is_read_again_while_others_need_the_rate_limit(
    analytics: Any, client: Client, now: datetime
) -> None:
    _open(analytics, now, 3)
    _tell_used(client, 250)

    assert reread_open(client=client, now=now).requests == 0
    assert analytics.batches == []


def test_what_was_not_got_to_comes_first_next_time(
    host: Any, analytics: Any, client: Client, now: datetime
) -> None:
    _open(analytics, now, 120)
    path = "/api/v2/analytics/conversations/details"

    def last_one(stage: Any) -> None:
        _tell_used(client, 299)
        analytics.batch(stage)

    host.routes[path] = last_one
    reread_open(client=client, now=now)
    cache.clear()  # the next minute
    host.routes[path] = analytics.batch
    reread_open(client=client, now=now)

    assert [ids[0] for ids in analytics.batches] == ["c-000", "c-050", "c-100", "c-030"]


def test_a_batch_that_is_refused_is_halved_until_the_culprit_stands_alone(
    analytics: Any, client: Client, now: datetime
) -> None:
    _open(analytics, now, 8)
    analytics.poison = "c-005"

    read = reread_open(client=client, now=now)

    assert sum(read.taken.recorded) == 7
    assert Reading.objects.count() == 8


def test_an_ended_one_is_read_again_for_a_while_and_then_left(
    analytics: Any, client: Client, now: datetime
) -> None:
    _open(analytics, now, 3)
    for genesys_id, hours in (("c-001", 1), ("c-002", 3)):
        Conversation.objects.filter(genesys_id=genesys_id).update(
            started_at=now - timedelta(hours=4), ended_at=now - timedelta(hours=hours)
        )

    reread_open(client=client, now=now)

    assert analytics.batches == [["c-000", "c-001"]]


def test_one_that_genesys_no_longer_shows_does_not_stop_the_others(
    analytics: Any, client: Client, now: datetime
) -> None:
    _open(analytics, now, 3)
    del analytics.conversations[1]

    read = reread_open(client=client, now=now)

    assert sum(read.taken.recorded) == 2
