"""What the simulated agents were, read into the mirror: late, live, and both."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chrono.instants import to_ms
from conversations.models import PresenceSpan
from integrations.errors import PermissionMissingError
from integrations.genesys.client import Client
from integrations.genesys.presence import PATH, begin, read_presence
from integrations.inbox.receive import receive_many
from integrations.models import InboxItem, Source, Watermark
from integrations.services import process_inbox
from simulator.clock import ManualClock
from simulator.server import Served
from simulator.world.feed import Occurrence

pytestmark = pytest.mark.django_db


def _truth(centre: Served, at: datetime) -> set[tuple[str, str, str, int, int | None]]:
    told = centre.centre.world.truth(at)["presence"]
    return {
        (user_id, kind, spell["value"], spell["started_at"], spell["ended_at"])
        for user_id, kinds in told.items()
        for kind, spells in kinds.items()
        for spell in spells
    }


def _mirror() -> set[tuple[str, str, str, int, int | None]]:
    return {
        (
            row.user_id,
            row.kind,
            row.value,
            to_ms(row.started_at),
            to_ms(row.ended_at) if row.ended_at else None,
        )
        for row in PresenceSpan.objects.all()
    }


def test_the_mirror_is_the_truth_and_reading_again_writes_nothing(
    centre: Served, simulated: Client, clock: ManualClock
) -> None:
    for hours in (1, 0.1, 5, 0.1, 30, 0.5):  # thirty: a downtime longer than the day looked back
        clock.advance(hours * 3600)
        read_presence(client=simulated, now=clock.now())

    truth = _truth(centre, clock.now())
    assert len(truth) > 500
    assert _mirror() == truth
    assert read_presence(client=simulated, now=clock.now()) == 0
    mark = Watermark.objects.get(road="genesys.presence")
    assert (mark.read_to, mark.failing_since) == (clock.now(), None)


def _keep(told: list[Occurrence], now: datetime) -> None:
    """Put occurrences into the inbox as frames of a WebSocket, the latest first."""
    source = Source.objects.create(
        name="notifications", kind=Source.Kind.NOTIFICATIONS, created_at=now
    )
    frames = [json.dumps({"topicName": one.topic, "eventBody": one.body}) for one in told]
    bodies = [(frame.encode(), None) for frame in reversed(frames)]
    receive_many(source_id=source.pk, bodies=bodies, now=now)


def test_events_alone_and_late_readings_end_in_the_same_rows(
    centre: Served, simulated: Client, clock: ManualClock
) -> None:
    heard_from = to_ms(clock.now())
    heard: list[Occurrence] = []
    centre.centre.world.feed.listen(
        lambda told: heard.append(told) if told.topic.endswith(".activity") else None
    )
    clock.advance(2 * 3600)
    centre.centre.live_on()
    _keep(heard, clock.now())
    while process_inbox(now=clock.now()).done:
        pass
    assert not InboxItem.objects.exclude(state=InboxItem.State.DONE).exists()

    begun_since = {row for row in _truth(centre, clock.now()) if row[3] > heard_from}
    assert _mirror() >= begun_since > set()

    read_presence(client=simulated, now=clock.now())
    assert _mirror() == _truth(centre, clock.now())


def test_the_whole_last_day_is_read_once_an_hour() -> None:
    now = datetime(2026, 3, 27, 16, 45, tzinfo=UTC)

    assert begin(None, now) == now - timedelta(days=1)
    assert begin(now - timedelta(minutes=5), now) == now - timedelta(minutes=15)
    assert begin(now - timedelta(minutes=46), now) == now - timedelta(days=1)
    assert begin(now - timedelta(days=3), now) == now - timedelta(days=3, minutes=10)


def test_a_refusal_is_told_and_the_gap_is_read_later(
    host: Any, client: Client, now: datetime
) -> None:
    answers: list[Any] = [(403, {"code": "missing.permission"}), (200, {})]
    host.routes[PATH] = lambda stage: stage.answer(*answers.pop(0))

    with pytest.raises(PermissionMissingError):
        read_presence(client=client, now=now)
    assert Watermark.objects.get(road="genesys.presence").failing_since == now

    read_presence(client=client, now=now)
    assert Watermark.objects.get(road="genesys.presence").read_to == now


def test_null_and_unknown_values_do_no_harm(host: Any, client: Client, now: datetime) -> None:
    start = "2026-03-27T08:00:00.000Z"
    host.routes[PATH] = lambda stage: stage.answer(
        body={
            "userDetails": [
                {"userId": None, "primaryPresence": [{"startTime": start}]},
                {
                    "userId": "u",
                    "primaryPresence": [
                        {"startTime": start, "systemPresence": None},
                        {"startTime": start, "systemPresence": "ON_THE_MOON"},
                        {"startTime": None, "systemPresence": "AWAY"},
                    ],
                    "routingStatus": None,
                },
            ]
        }
    )

    read_presence(client=client, now=now)

    assert list(PresenceSpan.objects.values_list("value", flat=True)) == ["ON_THE_MOON"]
