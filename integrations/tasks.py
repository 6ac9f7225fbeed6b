"""Ways in for Celery: a name, the clock, one call."""

from celery import shared_task
from django.utils import timezone

from integrations import retention, services
from integrations.errors import RoadBusyError


@shared_task(name="integrations.derive", ignore_result=True)
def derive() -> None:
    """Compute anew what depends on changes. Safe to run twice, and by several workers."""
    services.derive(now=timezone.now())


@shared_task(
    name="integrations.strip_old_personal_data", ignore_result=True, throws=(RoadBusyError,)
)
def strip_old_personal_data() -> None:
    """Let go of personal data whose time is over. Safe to run twice."""
    retention.strip_old(now=timezone.now())
