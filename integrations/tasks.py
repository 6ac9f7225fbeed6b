"""Ways in for Celery: a name, the clock, one call."""

from typing import Any

from celery import shared_task
from celery.signals import task_postrun
from django.utils import timezone

from integrations import gaps, heartbeat, services
from integrations.erasure import expiry
from integrations.errors import RoadBusyError
from integrations.inbox import retention


@shared_task(name="integrations.derive", ignore_result=True)
def derive() -> None:
    """Compute anew what depends on changes. Safe to run twice, and by several workers."""
    services.derive(now=timezone.now())


@shared_task(
    name="integrations.strip_old_personal_data", ignore_result=True, throws=(RoadBusyError,)
)
def strip_old_personal_data() -> None:
    """Let go of personal data whose time is over. Safe to run twice."""
    expiry.strip_old(now=timezone.now())


@shared_task(name="integrations.process_inbox", ignore_result=True)
def process_inbox() -> None:
    """Work through what was sent to us. Safe to run twice, and by several workers."""
    services.process_inbox(now=timezone.now())


@shared_task(name="integrations.drop_old_events", ignore_result=True)
def drop_old_events() -> None:
    """Let go of what was sent to us once its time is over. Safe to run twice."""
    retention.drop_old(now=timezone.now())


@task_postrun.connect
def note_heartbeat(task: Any, **_: Any) -> None:
    """Let the health page see that a task has run."""
    heartbeat.note(task.name, at=timezone.now())


@shared_task(name="integrations.watch_roads", ignore_result=True)
def watch_roads() -> None:
    """Notice which roads do not get on. Safe to run twice."""
    gaps.watch(now=timezone.now())
