"""Ways in for Celery: a name, the clock, one call."""

from celery import shared_task
from django.utils import timezone

from integrations import services
from integrations.inbox import retention


@shared_task(name="integrations.derive", ignore_result=True)
def derive() -> None:
    """Compute anew what depends on changes. Safe to run twice, and by several workers."""
    services.derive(now=timezone.now())


@shared_task(name="integrations.process_inbox", ignore_result=True)
def process_inbox() -> None:
    """Work through what was sent to us. Safe to run twice, and by several workers."""
    services.process_inbox(now=timezone.now())


@shared_task(name="integrations.drop_old_events", ignore_result=True)
def drop_old_events() -> None:
    """Let go of what was sent to us once its time is over. Safe to run twice."""
    retention.drop_old(now=timezone.now())
