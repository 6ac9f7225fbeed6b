"""Ways in for Celery: a name, the clock, one call."""

from celery import shared_task
from django.utils import timezone

from handling import services


@shared_task(name="handling.refresh_open", ignore_result=True)
def refresh_open() -> None:
    """Bring what is still open up to now. Safe to run twice, and by several workers."""
    services.refresh_open(now=timezone.now())
