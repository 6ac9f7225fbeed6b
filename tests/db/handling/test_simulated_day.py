"""A simulated centre's morning: what it knows of its own holds is what handle time finds."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import msgspec
import pytest
from django.core.management import call_command

from chrono.instants import from_ms
from handling import mirror, services
from handling.models import AgentHandling, Interruption
from integrations.genesys import ingest
from integrations.services import derive
from simulator.documents import conversation_detail
from simulator.world.world import World

pytestmark = pytest.mark.django_db

EPOCH = datetime(2026, 3, 23, 4, 0, tzinfo=UTC)  # a Monday
NOON = EPOCH + timedelta(hours=8)


def _live_a_morning() -> World:
    """Read the centre every two hours, as a poll would, and derive what follows."""
    world = World(seed=7, epoch=EPOCH)
    for hours in (2, 4, 6, 8):
        now = EPOCH + timedelta(hours=hours)
        world.advance_to(now)
        documents = [conversation_detail(known) for known in world.conversations.values()]
        ingest.take(map(msgspec.json.encode, documents), observed_at=now, now=now)
        derive(now=now)
        services.refresh_open(now=now)
    return world


def _holds(world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    for genesys_id, told in world.truth(NOON)["conversations"].items():
        for hold in told["holds"]:
            yield genesys_id, hold


def _first_interrupter(genesys_id: str, hold: dict[str, Any]) -> str | None:
    """Return who interrupted from the very start of a hold."""
    leg = Interruption.objects.filter(
        handling__conversation__genesys_id=genesys_id,
        handling__user_id=hold["user_id"],
        started_at=from_ms(hold["started_at"]),
    )
    return leg.values_list("interrupter__genesys_id", flat=True).first()


def test_a_morning_read_in_pieces_is_right_to_the_row() -> None:
    world = _live_a_morning()

    interrupted = 0
    for genesys_id, hold in _holds(world):
        found = _first_interrupter(genesys_id, hold)
        if hold["cause"] == "interrupted":
            assert found == hold["by_conversation_id"]
            interrupted += 1
        elif hold["cause"] in {"manual", "break", "off_shift"}:
            assert found is None
    assert interrupted > 5

    report = StringIO()
    call_command("reconcile_handling", stdout=report)
    agree, total = report.getvalue().split(" sessions")[0].split(" of ")
    assert agree == total
    assert int(total) > 50

    assert AgentHandling.objects.count() > 50
    for user_id in mirror.users_with_work():
        assert services.rebuild(user_id=user_id, now=NOON).writes == 0
