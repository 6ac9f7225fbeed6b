"""Several listeners share the topics, and none is left alone when one of them dies."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from conversations.models import Agent
from integrations.genesys.notifications import channels, gaps, leases
from integrations.models import (
    NotificationChannel,
    NotificationListener,
    NotificationTopic,
    Watermark,
)
from simulator.clock import ManualClock
from simulator.server import serving
from simulator.world import World
from tests.http.notifications.conftest import (
    EPOCH,
    QUICK,
    Stage,
    agents,
    platform_at,
    subscribed,
    until,
)


def held_by(name: str) -> int:
    return NotificationTopic.objects.filter(listener=name, state="subscribed").count()


def test_a_second_listener_gets_its_share_and_nothing_is_missed_meanwhile(stage: Stage) -> None:
    ids = agents(10)
    first = stage.start()
    until(lambda: len(subscribed()) == 30)
    topics = sorted(subscribed())

    second = stage.start()
    told = 0

    def shared() -> bool:
        nonlocal told
        for topic in topics:
            stage.tell(topic, say=f"{topic} {told}")
        told += 1
        return (held_by(first.name), held_by(second.name)) == (15, 15)

    until(shared)
    until(lambda: set(stage.said()) == {f"{t} {n}" for t in topics for n in range(told)})
    channels = stage.served.centre.channels.of("simulator")
    until(lambda: sorted(len(each.topics) for each in channels) == [15, 15])
    assert len(ids) == 10


def test_what_a_dead_listener_held_is_taken_over_and_read_since_it_was_last_heard(
    stage: Stage,
) -> None:
    agents(4)
    first, second = stage.start(), stage.start()
    until(lambda: (held_by(first.name), held_by(second.name)) == (6, 6))
    while since := gaps.ordered():
        gaps.done(since=since)
    heard = NotificationChannel.objects.get(listener=first.name).heard_at

    stage.kill(first)

    until(lambda: held_by(second.name) == 12)
    ordered = until(gaps.ordered)
    assert heard is not None
    assert ordered <= heard
    until(lambda: not NotificationListener.objects.filter(name=first.name).exists())
    until(lambda: not NotificationChannel.objects.filter(listener=first.name).exists())


def test_what_was_missed_is_ordered_in_the_transaction_that_forgets_up_to_when_it_was_heard(
    stage: Stage,
) -> None:
    """A listener that dies between the two would leave nobody who knows since when to read."""
    agents(1)
    listener = stage.start()
    until(lambda: len(subscribed()) == 3)
    stage.stop(listener)
    held, now = NotificationTopic.objects.all(), timezone.now()
    lease, died_at = timedelta(seconds=1), now - timedelta(hours=1)
    new = channels.opened(genesys_id="x", listener="y", expires_at=now, now=now, lease=lease)
    held.update(listener="y")
    Watermark.objects.filter(road=gaps.RECONCILE).delete()
    orders: list[datetime | None] = []

    def verdicts() -> Iterator[leases.Verdict]:
        orders.append(gaps.ordered())
        yield from (leases.Verdict(topic.pk) for topic in held)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        leases.settle(
            name="y",
            told=verdicts(),
            channel=new,
            retry_at=now,
            missed=gaps.Missed(died_at, "", now),
        )

    assert orders == [died_at - gaps.MARGIN]
    assert gaps.ordered() is None
    assert not held.filter(channel=new).exists()


def test_a_listener_that_is_stopped_gives_everything_back_at_once(stage: Stage) -> None:
    (one, *_) = agents(2)
    slow = replace(QUICK, lease_s=60.0)
    first = stage.start(slow)
    until(lambda: held_by(first.name) == 6)
    stage.tell(f"v2.users.{one}.conversations", say="last")
    until(lambda: any(line._leg and line._leg.events for line in first._lines))

    assert stage.stop(first) < 3.0

    assert stage.said() == ["last"]
    assert not NotificationChannel.objects.exists()
    assert not NotificationListener.objects.exists()
    assert set(NotificationTopic.objects.values_list("state", "listener")) == {("free", "")}
    assert all(not each.topics for each in stage.served.centre.channels.of("simulator"))
    second = stage.start(slow)
    until(lambda: held_by(second.name) == 6)


def test_more_topics_than_one_channel_takes_come_over_two(stage: Stage) -> None:
    ids = agents(400)
    stage.start(replace(QUICK, tend_s=0.2, lease_s=5.0))
    until(lambda: len(subscribed()) == 1200)
    channels = stage.served.centre.channels.of("simulator")
    assert sorted(len(each.topics) for each in channels) == [200, 1000]
    for id_ in (ids[0], ids[-1]):
        stage.tell(f"v2.users.{id_}.conversations", say=id_)
    until(lambda: set(stage.said()) == {ids[0], ids[-1]})


def test_a_channel_whose_row_was_cleared_away_is_replaced(stage: Stage) -> None:
    agents(1)
    stage.start()
    until(lambda: len(subscribed()) == 3)
    first = until(lambda: NotificationChannel.objects.filter(connected=True).first())
    NotificationChannel.objects.filter(pk=first.pk).delete()
    until(lambda: NotificationTopic.objects.filter(channel__connected=True).count() == 3)


def test_agents_come_and_go(stage: Stage) -> None:
    (one, other) = agents(2)
    stage.start()
    until(lambda: len(subscribed()) == 6)
    Agent.objects.filter(genesys_id=one).update(state="inactive")
    until(lambda: len(subscribed()) == 3)
    (channel,) = stage.served.centre.channels.of("simulator")
    until(lambda: all(other in topic for topic in channel.topics))
    (third,) = agents(1)
    until(lambda: any(third in topic for topic in channel.topics))


def test_without_the_platform_a_listener_waits_and_says_why(stage: Stage) -> None:
    agents(1)
    stage.served.centre.clients.clear()
    stage.start()
    told = Watermark.objects.filter(road="genesys.notifications", failing_since__isnull=False)
    until(lambda: told.filter(detail__contains="gives this OAuth client no token").exists())
    stage.served.centre.clients["simulator"] = "simulator"
    until(lambda: len(subscribed()) == 3)


def test_a_listener_that_hears_nothing_any_more_leaves_its_topics_to_others(stage: Stage) -> None:
    agents(4)
    with serving(World(seed=7, epoch=EPOCH), ManualClock(EPOCH)) as other:
        cut_off = stage.start(platform=platform_at(other.url))
        until(lambda: held_by(cut_off.name) == 12)
        healthy = stage.start()
        until(lambda: held_by(healthy.name) == 6)
    until(lambda: held_by(healthy.name) == 12)
