"""The Celery app. A message is a wake-up: what must happen stands in rows."""

import os
import signal
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

from dcm.broker import take_over_filesystem

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dcm.settings")

take_over_filesystem()

app = Celery("dcm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["conversations", "integrations", "integrations.genesys", "handling", "sla"])


@worker_process_init.connect
def end_at_once(**_: Any) -> None:
    """Let SIGTERM end a pool process where it stands, as a power cut would: rows bear that.

    Left alone, billiard raises SystemExit in the middle of whatever runs, and what that line makes
    of it is logged as an error of the task.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
