"""Whether escalations work is told inside, and outside by a sign of life."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache

from integrations import deadman, heartbeat
from integrations.health import health
from integrations.models import Delivery, Destination
from tests import factories
from tests.receiving import Receiving, receiving

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def receivers() -> Iterator[Receiving]:
    with receiving() as running:
        yield running


@pytest.fixture
def told(receivers: Receiving, settings: Any, now: datetime) -> Any:
    """Return how many signs of life were heard since."""
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    settings.DEADMAN_URL = f"{receivers.url}/hooks/deadman"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    heartbeat.note(deadman.SCAN, at=now)
    before = len(receivers.heard())
    return lambda: len(receivers.heard(before))


def a_timer(due_at: datetime, **values: Any) -> None:
    begun = due_at - timedelta(hours=4)
    clock = factories.clock(factories.conversation(started_at=begun), since=begun)
    factories.timer(clock, due_at=due_at, **values)


def an_escalation(ordered_at: datetime, mode: str = "live") -> Delivery:
    to = Destination.objects.create(name="Hook", kind="webhook", mode=mode, created_at=ordered_at)
    return Delivery.objects.create(
        destination=to, key="k", topic="sla.escalated", ordered_at=ordered_at, due_at=ordered_at
    )


def backlogs(now: datetime) -> dict[str, tuple[str, int, datetime | None]]:
    return {one.name: (one.state, one.waiting, one.oldest) for one in health(now=now).backlogs}


def test_while_all_is_well_somebody_outside_hears_of_it(told: Any, now: datetime) -> None:
    a_timer(now + MINUTE)
    a_timer(now - MINUTE * 60, state="held")
    assert deadman.ping(now=now)
    assert told() == 1


@pytest.mark.parametrize("state", ["waiting", "checking"])
def test_a_timer_that_does_not_fire_is_silence(told: Any, now: datetime, state: str) -> None:
    due_at = now - MINUTE - timedelta(seconds=1)
    a_timer(due_at, state=state)
    assert backlogs(now)["timers"] == ("late", 1, due_at)
    assert deadman.troubles(now=now) == ["timers"]
    assert not deadman.ping(now=now)
    assert told() == 0


def test_a_notice_that_does_not_get_through_is_silence(told: Any, now: datetime) -> None:
    row = an_escalation(now - 11 * MINUTE)
    assert backlogs(now)["escalations"] == ("failing", 1, row.ordered_at)
    assert not deadman.ping(now=now)
    Destination.objects.update(mode="off")
    assert deadman.ping(now=now)
    assert told() == 1


def test_a_scan_that_does_not_run_is_silence(told: Any, now: datetime) -> None:
    assert deadman.troubles(now=now + MINUTE) == []
    assert deadman.troubles(now=now + MINUTE + timedelta(seconds=1)) == ["scan"]
    cache.clear()
    assert deadman.troubles(now=now) == ["scan"]


def test_without_an_address_nobody_is_told(told: Any, now: datetime, settings: Any) -> None:
    settings.DEADMAN_URL = ""
    assert not deadman.ping(now=now)
    assert told() == 0


def test_whoever_is_away_outside_harms_nothing(told: Any, now: datetime, settings: Any) -> None:
    settings.DEADMAN_URL = "http://127.0.0.1:9/"
    assert not deadman.ping(now=now)


def test_a_scan_that_fails_is_silence(told: Any, now: datetime) -> None:
    heartbeat.note(deadman.SCAN, at=now, error="HoursError")
    assert deadman.troubles(now=now) == ["scan"]
    assert not deadman.ping(now=now)
    assert told() == 0
