"""Web servers and workers are killed at random: what was acknowledged is there, and once."""

import json
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from integrations import services
from integrations.inbox import claims, sources
from integrations.models import GenesysEvent, InboxItem, Source, Wanted
from tests.web import ROOT, Web, environment

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SENDERS, EACH, KILLS = 4, 50, 3
# What a worker does, over and over; claims must be small for a kill to hit one.
WORKER = """
import django; django.setup()
from datetime import UTC, datetime
from time import sleep
from integrations import services
from integrations.inbox import process
process.BATCH = 5
while True:
    services.process_inbox(now=datetime.now(UTC))
    sleep(0.02)
"""


def send_all(web: Web, key: str, sender: int) -> None:
    """Send each event until it is acknowledged, as EventBridge would."""
    for number in range(EACH):
        own_id = f"{sender}-{number}"
        event = {
            "topic": "v2.detail.events.conversation.{id}.user.end",
            "conversationId": f"c-{own_id}",
            "eventTime": 1774629900000 + number,
        }
        headers = {"Authorization": f"Bearer {key}", "webhook-id": own_id}
        while not _accepted(web, json.dumps(event), headers):
            time.sleep(0.05)


def _accepted(web: Web, body: str, headers: dict[str, str]) -> bool:
    try:
        answer = requests.post(f"{web.url}/hooks/genesys/", body, headers=headers, timeout=5)
    except requests.RequestException:
        return False
    return answer.status_code == 202


def start_worker() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=environment())


def test_no_kill_loses_or_doubles_an_acknowledged_event(seed: int, key: str) -> None:
    web = Web()
    web.start()
    with ThreadPoolExecutor(SENDERS) as pool:
        sending = [pool.submit(send_all, web, key, sender) for sender in range(SENDERS)]
        kill_at_random(web, random.Random(seed))
        for one in sending:
            one.result()
    web.stop()

    own_ids = [f"{sender}-{number}" for sender in range(SENDERS) for number in range(EACH)]
    kept = [item.sender_id or "" for item in InboxItem.objects.order_by("pk")]
    assert sorted(kept) == sorted(own_ids)
    finish()
    expected = sorted(f"c-{own_id}" for own_id in own_ids)
    assert sorted(GenesysEvent.objects.values_list("conversation_id", flat=True)) == expected
    assert sorted(Wanted.objects.values_list("genesys_id", flat=True)) == expected
    assert not InboxItem.objects.exclude(state="done").exists()


@pytest.fixture
def seed() -> int:
    """Return a number that a failure shows, as an argument of its test."""
    return random.randrange(1_000_000)


@pytest.fixture
def key(db: None) -> str:
    now = datetime.now(UTC)
    source = Source.objects.create(name="s", kind=Source.Kind.GENESYS, created_at=now)
    return sources.new_key(source_id=source.pk, now=now)


def kill_at_random(web: Web, dice: random.Random) -> None:
    """Kill web processes and workers in turn, and once the web server as a whole."""
    workers = [start_worker(), start_worker()]
    for turn in range(KILLS):
        time.sleep(dice.uniform(0.8, 1.6))
        if turn == KILLS // 2:
            web.kill()
            web.start()
        else:
            web.kill_workers()
        killed = workers.pop(0)
        end(killed)
        workers.append(start_worker())
    for process in workers:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def finish() -> None:
    """Work through what killed workers have left, when their leases are over."""
    later = datetime.now(UTC)
    while InboxItem.objects.filter(state="waiting").exists():
        later += claims.LEASE + timedelta(seconds=1)
        services.process_inbox(now=later)
