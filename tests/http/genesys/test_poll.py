"""Polling finds what started, ended or is open, whatever the interval rule makes of a window."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from conversations.models import Conversation
from integrations.errors import PermissionMissingError, RefusedError
from integrations.genesys.client import Client
from integrations.genesys.poll import find_open, poll
from integrations.models import Watermark

pytestmark = pytest.mark.django_db


def _mirror() -> set[str]:
    return set(Conversation.objects.values_list("genesys_id", flat=True))


def _at(now: datetime, **before: float) -> str:
    at = now - timedelta(**before)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_the_first_poll_looks_back_and_reads_every_page(
    analytics: Any, client: Client, now: datetime
) -> None:
    for i in range(250):
        analytics.add(f"today-{i}", _at(now, minutes=i))
    analytics.add("yesterday", _at(now, days=1))
    analytics.add("too-old", _at(now, days=5))

    read = poll(client=client, now=now)

    assert len(_mirror()) == 251
    assert read.taken.recorded.new == 251
    assert "too-old" not in _mirror()
    assert Watermark.objects.get(road="genesys.poll").read_to == now


def test_a_second_poll_asks_little_and_writes_nothing(
    analytics: Any, client: Client, now: datetime
) -> None:
    for i in range(1000):
        analytics.add(f"c-{i}", _at(now, minutes=i / 2), _at(now, minutes=i / 2 - 0.4))
    poll(client=client, now=now)
    analytics.queries.clear()

    read = poll(client=client, now=now + timedelta(minutes=1))

    assert len(analytics.queries) <= 4
    assert (read.taken.recorded.new, read.taken.recorded.changed) == (0, 0)


def test_a_poll_finds_what_started_and_what_ended_since(
    analytics: Any, client: Client, now: datetime
) -> None:
    analytics.add("running", _at(now, hours=3))
    poll(client=client, now=now)
    later = now + timedelta(minutes=1)
    analytics.conversations[0]["conversationEnd"] = _at(later, seconds=20)
    analytics.add("new", _at(later, seconds=10))

    read = poll(client=client, now=later)

    assert Conversation.objects.get(genesys_id="running").ended_at == later - timedelta(seconds=20)
    assert (read.taken.recorded.new, read.taken.recorded.changed) == (1, 1)


def test_what_analytics_tells_late_is_caught_by_the_overlap(
    analytics: Any, client: Client, now: datetime
) -> None:
    poll(client=client, now=now)
    analytics.add("late", _at(now, minutes=6))

    poll(client=client, now=now + timedelta(minutes=1))

    assert _mirror() == {"late"}


def test_a_window_over_midnight_is_asked_day_by_day(
    analytics: Any, client: Client, now: datetime
) -> None:
    midnight = now.replace(hour=0, minute=0)
    poll(client=client, now=midnight - timedelta(minutes=5))
    analytics.add("before", _at(midnight, minutes=1))
    analytics.add("after", _at(midnight, minutes=-1))

    poll(client=client, now=midnight + timedelta(minutes=5))

    assert _mirror() == {"before", "after"}


def test_a_day_with_too_many_results_is_cut_into_smaller_windows(
    analytics: Any, client: Client, now: datetime
) -> None:
    analytics.cap = 200
    for i in range(500):
        analytics.add(f"c-{i}", _at(now, minutes=i))

    poll(client=client, now=now)

    assert len(_mirror()) == 500


def test_conversations_that_never_fit_are_told_not_lost_silently(
    analytics: Any, client: Client, now: datetime
) -> None:
    analytics.cap = 100
    for i in range(300):
        analytics.add(f"c-{i}", _at(now, seconds=60 + i / 10))

    with pytest.raises(RefusedError, match="pagination"):
        poll(client=client, now=now)
    row = Watermark.objects.get(road="genesys.poll")
    assert row.failing_since == now
    assert row.read_to == now.replace(hour=0, minute=0)


def test_a_run_that_stops_goes_on_from_the_window_where_it_stopped(
    host: Any, analytics: Any, client: Client, now: datetime
) -> None:
    analytics.add("yesterday", _at(now, days=1))
    analytics.add("today", _at(now, hours=1))
    answer = analytics.query

    def refuse_today(stage: Any) -> None:
        denied = stage.body.count(now.strftime("%Y-%m-%d").encode())
        stage.answer(403, {"message": "a:b:c"}) if denied else answer(stage)

    host.routes["/api/v2/analytics/conversations/details/query"] = refuse_today
    with pytest.raises(PermissionMissingError):
        poll(client=client, now=now)
    assert _mirror() == {"yesterday"}

    host.routes["/api/v2/analytics/conversations/details/query"] = answer
    analytics.queries.clear()
    poll(client=client, now=now)

    assert _mirror() == {"yesterday", "today"}
    assert all(q["interval"] > "2026-03-26T23" for q in analytics.queries[:2])


def test_a_damaged_document_keeps_no_other_from_being_read(
    analytics: Any, client: Client, now: datetime
) -> None:
    analytics.add("good", _at(now, hours=1))
    analytics.add("bad", _at(now, hours=1), participants="none")
    analytics.add("worse", _at(now, hours=1), conversationId=7)

    read = poll(client=client, now=now)

    assert _mirror() == {"good"}
    assert len(read.taken.refused) == 2


def test_going_back_by_hand_does_not_move_the_watermark_back(
    analytics: Any, client: Client, now: datetime
) -> None:
    poll(client=client, now=now)
    analytics.add("old", _at(now, days=9))

    poll(client=client, now=now, since=now - timedelta(days=10))

    assert _mirror() == {"old"}
    assert Watermark.objects.get(road="genesys.poll").read_to == now


def test_open_conversations_are_found_however_old_and_whether_reopened(
    analytics: Any, client: Client, now: datetime
) -> None:
    analytics.add("old-and-open", _at(now, days=20))
    analytics.add("old-and-ended", _at(now, days=20), _at(now, days=19))
    analytics.add("reopened", _at(now, days=12), _at(now, days=11))
    poll(client=client, now=now, since=now - timedelta(days=13))
    del analytics.conversations[2]["conversationEnd"]
    client.clock = lambda: now + timedelta(minutes=1)

    find_open(client=client, now=now)

    assert _mirror() == {"old-and-open", "reopened"}
    assert Conversation.objects.get(genesys_id="reopened").ended_at is None


def test_where_a_week_is_too_long_an_interval_days_are_asked_for(
    analytics: Any, client: Client, now: datetime
) -> None:
    analytics.most_days = 1
    analytics.add("old-and-open", _at(now, days=20))

    find_open(client=client, now=now)

    assert _mirror() == {"old-and-open"}
