"""Consumers of SQS as processes: killed between commit and delete, stopped, several at once."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from integrations.models import InboxItem
from tests.http.eventbridge.conftest import REGION, moto_port, sqs, wait_for

__all__ = ["moto_port", "sqs"]
ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def consumer(sqs: Any, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start manage.py consume_sqs on the tests' database."""
    named = connection.settings_dict
    where = {"DATABASE_URL": f"sqlite:///{named['NAME']}"}
    if connection.vendor == "postgresql":
        host = f"{named['HOST']}:{named['PORT'] or 5432}"
        where = {"DATABASE_URL": f"postgres://{named['USER']}@{host}/{named['NAME']}"}
    env = os.environ | where
    env |= {"DCM_SQS_QUEUE_URL": sqs.url, "DCM_SQS_REGION": REGION, "DCM_VAR_DIR": str(tmp_path)}
    env |= {"DCM_SQS_ENDPOINT_URL": sqs.gate.url, "DJANGO_SETTINGS_MODULE": "dcm.settings"}
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "consume_sqs"]
        started.append(subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_consumer_killed_between_commit_and_delete_loses_and_doubles_nothing(
    sqs: Any, consumer: Callable[[], subprocess.Popen[bytes]]
) -> None:
    """Its delete never arrives; the messages come again to the next one and are known."""
    sqs.send(*(f'{{"id": "e{n}"}}' for n in range(5)))
    sqs.gate.held.add("DeleteMessageBatch")
    first = consumer()
    wait_for(lambda: "DeleteMessageBatch" in sqs.gate.seen)
    assert InboxItem.objects.exists()
    first.kill()
    assert first.wait(20) == -signal.SIGKILL
    sqs.gate.held.clear()
    _come_again(sqs)

    second = consumer()
    wait_for(lambda: not sqs.left)

    second.terminate()
    assert second.wait(20) == 0
    assert Counter(InboxItem.objects.values_list("sender_id", flat=True)) == {
        f"e{n}": 1 for n in range(5)
    }


def test_consumers_share_a_queue_and_end_at_once_when_they_are_told_to(
    sqs: Any, consumer: Callable[[], subprocess.Popen[bytes]]
) -> None:
    sqs.send(*(f'{{"id": "e{n}"}}' for n in range(60)))
    both = [consumer(), consumer()]
    wait_for(lambda: not sqs.left)
    # Now both are in a long poll of twenty seconds.
    time.sleep(0.3)

    told_at = time.monotonic()
    for process, number in zip(both, (signal.SIGTERM, signal.SIGINT), strict=True):
        process.send_signal(number)
    said = [process.communicate(timeout=10)[0].decode() for process in both]

    assert time.monotonic() - told_at < 10
    assert [process.returncode for process in both] == [0, 0]
    assert all("stopped; queue genesys-" in words for words in said)
    ids = Counter(InboxItem.objects.values_list("sender_id", flat=True))
    assert ids == {f"e{n}": 1 for n in range(60)}


def _come_again(sqs: Any) -> None:
    """Have what the killed one held become visible now, not in a minute."""
    hidden = sqs.gate.receipts
    for receipt in hidden:
        sqs.client.change_message_visibility(
            QueueUrl=sqs.url, ReceiptHandle=receipt, VisibilityTimeout=0
        )
