"""When to try again, when a silence is no chance, and which topics can be had."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from integrations.domain.silence import Rate
from integrations.genesys.notifications.pace import Backoff, Pace
from integrations.genesys.notifications.topics import OF_AN_AGENT, Offered, refusals

NOW = datetime(2026, 3, 27, 16, 45, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_the_first_try_follows_at_once_and_none_later_than_a_minute() -> None:
    backoff = Backoff(Pace(), Random(1))
    waits = [backoff.next_s() for _ in range(100)]
    assert waits[0] < 0.5
    assert sum(waits[:3]) < 10
    assert max(waits) <= 60
    assert min(waits[7:]) >= 30
    assert len(set(waits)) == 100
    backoff.held(Pace().stable_s)
    assert backoff.next_s() < 0.5


def test_a_connection_that_soon_breaks_is_tried_neither_at_once_nor_late() -> None:
    backoff = Backoff(Pace(), Random(1))
    waits = []
    for _ in range(10):
        backoff.held(Pace().stable_s - 1)
        waits.append(backoff.next_s())
    assert 4 <= waits[-1] <= 8


def test_a_steady_rate_is_found_and_forgotten() -> None:
    rate = Rate(0.0, NOW)
    for ten in range(1, 200):
        rate = rate.after(5, now=after(ten * 10))
    assert rate.per_s == pytest.approx(0.5, rel=0.05)
    assert rate.after(0, now=rate.at + timedelta(hours=2)).per_s < 0.001
    assert rate.after(5, now=rate.at) == rate


@pytest.mark.parametrize(
    ("per_minute", "quiet_s", "silent"),
    [(30, 59, False), (30, 61, True), (6, 90, False), (6, 101, True), (0.1, 3600, False)],
)
def test_a_silence_counts_once_enough_events_are_missing(
    per_minute: float, quiet_s: float, *, silent: bool
) -> None:
    assert Rate(per_minute / 60, NOW).is_silent(quiet_s) is silent


def test_a_kind_of_topic_is_polled_instead_where_it_cannot_be_had_and_the_reason_is_told() -> None:
    conversations, activity, state = OF_AN_AGENT
    offered = [
        Offered(conversations, transports=["Websocket"]),
        Offered(activity, transports=["EventBridge"]),
    ]
    told = refusals(offered)
    assert set(told) == {activity, state}
    assert "by WebSocket" in told[activity]
    assert "does not offer" in told[state]
    assert refusals([Offered(kind) for kind in OF_AN_AGENT]) == {}
    only_users = [Offered(kind, requires_current_user=True) for kind in OF_AN_AGENT]
    assert set(refusals(only_users)) == set(OF_AN_AGENT)
