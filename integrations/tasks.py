"""Ways in for Celery: a name, the clock, one call."""

from celery import shared_task
from django.utils import timezone

from integrations import gaps, services


@shared_task(name="integrations.derive", ignore_result=True)
def derive() -> None:
    """Compute anew what depends on changes. Safe to run twice, and by several workers."""
    services.derive(now=timezone.now())


@shared_task(name="integrations.watch_roads", ignore_result=True)
def watch_roads() -> None:
    """Notice which roads do not get on. Safe to run twice."""
    gaps.watch(now=timezone.now())
