"""Ways in for Celery: a name, the clock, one call."""

from typing import Any

from celery import shared_task
from celery.signals import task_postrun
from django.utils import timezone

from integrations import heartbeat, services


@shared_task(name="integrations.derive", ignore_result=True)
def derive() -> None:
    """Compute anew what depends on changes. Safe to run twice, and by several workers."""
    services.derive(now=timezone.now())


@task_postrun.connect
def note_heartbeat(task: Any, **_: Any) -> None:
    """Let the health page see that a task has run."""
    heartbeat.note(task.name, at=timezone.now())
