"""Reading Genesys while everything goes wrong, and several processes within one rate limit."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.cache import cache

from conversations.models import Conversation, Participant
from integrations.errors import IntegrationError
from integrations.genesys.client import Client, Credentials
from integrations.genesys.nightly import nightly
from integrations.genesys.poll import find_open, last_day, poll
from integrations.genesys.rereads import reread_open
from integrations.models import HistoryDay
from simulator.api.access import Access
from simulator.clock import ManualClock
from simulator.server import Served, serving
from simulator.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
EPOCH = datetime(2026, 3, 28, 4, tzinfo=UTC)  # a Saturday
SEED = 11
READER = """
import sys, time
import django
django.setup()
from datetime import UTC, datetime
from integrations.errors import BudgetSpentError, RateLimitedError
from integrations.genesys.client import Client, Credentials
from integrations.genesys.transport import Request
url, token, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
client = Client(Credentials(url, "a", "b"), clock=lambda: datetime.now(UTC))
ask = Request("GET", url + "/api/v2/organizations/me", {"Authorization": "Bearer " + token}, {})
sent = refused = 0
until = time.monotonic() + seconds
while time.monotonic() < until:
    try:
        client.send(ask)
        sent += 1
    except BudgetSpentError as error:
        time.sleep(min(error.retry_after, 0.1))
    except RateLimitedError:
        refused += 1
        time.sleep(0.1)
print(sent, refused)
"""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(EPOCH + timedelta(hours=10))


@pytest.fixture
def centre(clock: ManualClock, settings: Any) -> Iterator[Served]:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    with serving(World(seed=7, epoch=EPOCH), clock) as served:
        yield served


def _go_wrong(centre: Served) -> None:
    """Let every fault happen to a tenth of the requests; nobody waits real seconds here."""
    order = {"probability": 0.1, "seconds": 0.05, "seed": SEED}
    requests.post(f"{centre.url}/simulator/faults/all", json=order, timeout=10)
    faults = centre.centre.faults
    faults.rules = [
        rule for rule in faults.rules if rule.retry_after is None and rule.reset is None
    ]


def test_with_every_fault_at_a_tenth_the_mirror_comes_to_the_truth(
    centre: Served, clock: ManualClock
) -> None:
    sys.stdout.write(f"seed {SEED}\n")
    centre.centre.access = Access(allowed=0)
    client = Client(Credentials(centre.url, "simulator", "simulator"), clock=clock.now)
    _go_wrong(centre)
    for _ in range(20):
        clock.advance(60)
        for read in (poll, find_open, reread_open, last_day):
            with contextlib.suppress(IntegrationError):
                read(client=client, now=clock.now())
    clock.advance(20 * 3_600)
    for _ in range(80):
        clock.advance(120)
        with contextlib.suppress(IntegrationError):
            nightly(client=client, now=clock.now())
    assert HistoryDay.objects.exclude(state="done").count() == 0
    until = (EPOCH + timedelta(hours=10)).timestamp() * 1000
    world = [c for c in centre.centre.world.conversations.values() if c.start < until]
    assert {c.id for c in world} <= set(Conversation.objects.values_list("genesys_id", flat=True))
    told = {
        p.id: p.attributes
        for c in world
        for p in c.participants
        if p.attributes and p.sessions[0].segments[0].start < until
    }
    rows = Participant.objects.filter(genesys_id__in=told)
    assert dict(rows.values_list("genesys_id", "attributes")) == told


def test_several_processes_share_one_limit_and_meet_next_to_no_429(
    centre: Served, tmp_path: Path
) -> None:
    centre.centre.access = Access(allowed=60, window=2.0)
    token = centre.centre.access.issue().value
    own = {"DCM_VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "dcm.settings"}
    own |= {"REDIS_URL": os.environ.get("TEST_REDIS_URL", "")}
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, centre.url, token, "5"],
            cwd=ROOT,
            env={**os.environ, **own},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    counts = [[int(n) for n in reader.communicate(timeout=60)[0].split()] for reader in readers]
    sent, refused = (sum(column) for column in zip(*counts, strict=True))
    assert sent > 100
    assert refused <= sent / 100
