"""What happens in the centre stands in the inbox, whatever happens to the sockets."""

from datetime import timedelta
from typing import Any

from integrations.genesys.notifications import gaps
from integrations.models import NotificationChannel, NotificationTopic, Watermark
from tests.http.notifications.conftest import Stage, agents, subscribed, until


def test_what_happens_to_an_agent_stands_in_the_inbox(stage: Stage) -> None:
    (one,) = agents(1)
    stage.start()
    until(lambda: len(subscribed()) == 3)
    until(gaps.ordered)
    until(lambda: stage.reminded)

    stage.tell(f"v2.users.{one}.conversations", say="a")
    stage.tell("v2.users.somebody-else.conversations", say="b")
    stage.tell(f"v2.detail.events.agent.{one}.state", say="c")

    until(lambda: stage.said() == ["a", "c"])
    assert stage.bodies()[0]["topicName"] == f"v2.users.{one}.conversations"
    until(lambda: stage.woken)
    row = until(lambda: Watermark.objects.get(road="genesys.notifications"))
    until(lambda: Watermark.objects.get(pk=row.pk).succeeded_at)
    assert "3 topics on 1 channels of 1 listeners" in Watermark.objects.get(pk=row.pk).detail


def test_a_line_that_goes_dead_is_connected_again_and_a_reading_is_ordered(stage: Stage) -> None:
    (one,) = agents(1)
    stage.start()
    until(lambda: len(subscribed()) == 3)
    assert gaps.done(since=until(gaps.ordered))
    stage.rules(drop_every_s=0.2)
    until(gaps.ordered)
    stage.rules()
    until(lambda: NotificationChannel.objects.filter(connected=True, reconnects__gte=1).exists())
    stage.tell(f"v2.users.{one}.activity", say="again")
    until(lambda: stage.said() == ["again"])
    assert len(stage.served.centre.channels.of("simulator")) == 1


def test_a_socket_that_falls_silent_is_given_up(stage: Stage) -> None:
    agents(1)
    stage.start()
    until(lambda: len(subscribed()) == 3)
    stage.rules(silent=True)
    until(lambda: NotificationChannel.objects.filter(detail__startswith="no heartbeat").exists())
    stage.rules()
    until(lambda: NotificationChannel.objects.filter(connected=True, reconnects__gte=1).exists())


def test_a_planned_close_loses_nothing(stage: Stage) -> None:
    (one,) = agents(1)
    stage.start()
    until(lambda: len(subscribed()) == 3)
    first = NotificationChannel.objects.get().genesys_id
    stage.rules(closing_every_s=0.5, closing_grace_s=1.5)
    told = 0
    topic = f"v2.users.{one}.conversations"

    def moved() -> bool:
        nonlocal told
        stage.tell(topic, say=told)
        told += 1
        return not NotificationChannel.objects.filter(genesys_id=first).exists()

    until(moved)
    stage.rules()
    until(lambda: set(stage.said()) == set(range(told)))


def test_a_channel_that_is_gone_is_replaced(stage: Stage) -> None:
    (one,) = agents(1)
    stage.start()
    until(lambda: len(subscribed()) == 3)
    first = NotificationChannel.objects.get().genesys_id
    channels = stage.served.centre.channels
    channels._close(channels.get(first))
    until(lambda: NotificationChannel.objects.filter(connected=True).exclude(genesys_id=first))
    stage.tell(f"v2.users.{one}.conversations", say="here")
    until(lambda: stage.said() == ["here"])


def test_an_access_token_that_ends_takes_the_channel_along_and_another_is_taken(
    stage: Stage,
) -> None:
    (one,) = agents(1)
    stage.start()
    until(lambda: len(subscribed()) == 3)
    first = NotificationChannel.objects.get().genesys_id
    stage.served.centre.access.revoke_all()
    until(
        lambda: (
            NotificationChannel.objects.filter(connected=True).exclude(genesys_id=first).exists()
        )
    )
    stage.tell(f"v2.users.{one}.conversations", say="here")
    until(lambda: stage.said() == ["here"])


def test_rejected_and_unoffered_topics_are_told_with_what_is_missing(stage: Stage) -> None:
    (one,) = agents(1)
    stage.rules(
        rejected={"*.activity": ["presence:user:view"]},
        not_offered=["v2.detail.events.agent.{id}.state"],
    )
    stage.start()
    until(lambda: subscribed() == {f"v2.users.{one}.conversations"})
    rows: dict[str, Any] = {row.name: row for row in NotificationTopic.objects.all()}
    rejected = rows[f"v2.users.{one}.activity"]
    assert rejected.state == "rejected"
    assert "lacks presence:user:view" in rejected.reason
    assert rejected.retry_at is not None
    left_out = rows[f"v2.detail.events.agent.{one}.state"]
    assert left_out.state == "not_offered"
    assert "does not offer" in left_out.reason

    stage.rules()
    NotificationTopic.objects.filter(pk=rejected.pk).update(
        retry_at=rejected.retry_at.replace(year=2020)
    )
    until(lambda: f"v2.users.{one}.activity" in subscribed())


def test_a_line_over_which_far_too_little_comes_is_told_and_given_up(stage: Stage) -> None:
    (one,) = agents(1)
    stage.start()
    until(lambda: len(subscribed()) == 3)
    for number in range(100):
        stage.tell(f"v2.users.{one}.activity", say=number)
    until(lambda: NotificationChannel.objects.filter(events_a_minute__gt=1).exists())
    first = NotificationChannel.objects.get().genesys_id

    stage.ahead = timedelta(minutes=3)

    silent = NotificationChannel.objects.filter(silent_since__isnull=False, connected=True)
    until(lambda: silent.exclude(genesys_id=first).exists())
    stage.tell(f"v2.users.{one}.activity", say="again")
    until(lambda: not silent.exists())


def test_frames_wait_for_a_database_that_is_away(stage: Stage) -> None:
    (one,) = agents(1)
    stage.start()
    until(lambda: len(subscribed()) == 3)
    stage.failures = 3
    for number in range(20):
        stage.tell(f"v2.users.{one}.activity", say=number)
    until(lambda: sorted(stage.said()) == list(range(20)))
    assert stage.failures == 0
