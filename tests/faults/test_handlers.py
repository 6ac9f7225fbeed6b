"""A worker that is killed after extension code has done its work, and before that is noted."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conversations.models import Queue
from integrations.models import Attempt, Delivery
from tests.documents import answered_email
from tests.web import environment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROOT = Path(__file__).parents[2]
HANDLERS = """
import os, pathlib, signal
from django.db import transaction
from conversations.events import ConversationEnded, on
from conversations.models import Queue

LOG = pathlib.Path(__file__).with_name("called")

@on(ConversationEnded)
def work(event: ConversationEnded) -> None:
    called = LOG.read_text().split() if LOG.exists() else []
    LOG.write_text("\\n".join([*called, event.key]))
    Queue.objects.get_or_create(genesys_id=event.key)
    if not called:
        transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
"""
WORKER = """
import sys
import django
django.setup()
from datetime import timedelta
from django.core.management import call_command
from django.utils import timezone
from integrations.outbox import relay
from integrations.tasks import deliver
if sys.argv[1] == "first":
    deliver()
    call_command("import_conversations", sys.argv[2])
    deliver()
else:
    print(relay.relay(now=timezone.now() + timedelta(seconds=61)).through)
"""


def work(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    own = {"DCM_EXTENSIONS": "killed_dcm", "PYTHONPATH": str(tmp_path)}
    own |= {"DCM_VAR_DIR": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "dcm.settings"}
    return subprocess.run(
        [sys.executable, "-c", WORKER, *arguments],
        cwd=ROOT,
        env=environment() | own,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_is_called_again_with_the_same_key(tmp_path: Path) -> None:
    package = tmp_path / "killed_dcm"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "handlers.py").write_text(HANDLERS)
    calls = tmp_path / "calls.json"
    calls.write_text(json.dumps([answered_email()]))

    first = work(tmp_path, "first", str(calls))
    assert first.returncode == -signal.SIGKILL, first.stderr
    assert Queue.objects.count() == 1
    row = Delivery.objects.get()
    assert (row.state, row.attempts, Attempt.objects.count()) == ("waiting", 1, 0)

    second = work(tmp_path, "second")
    assert (second.returncode, second.stdout) == (0, "1\n"), second.stderr
    key = "c1:conversation.ended:1"
    assert (package / "called").read_text().split() == [key, key]
    row.refresh_from_db()
    assert (row.state, row.attempts, row.in_doubt) == ("delivered", 2, False)
    assert Queue.objects.get().genesys_id == key
