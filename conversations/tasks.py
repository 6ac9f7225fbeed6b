"""Ways in for Celery: a name, the clock, one call."""

from celery import shared_task
from django.utils import timezone

from conversations import retention


@shared_task(name="conversations.drop_old_documents", ignore_result=True)
def drop_old_documents() -> None:
    """Let go of raw documents whose time is over. Safe to run twice."""
    retention.drop_old_documents(now=timezone.now())


@shared_task(name="conversations.drop_old_news", ignore_result=True)
def drop_old_news() -> None:
    """Let go of what events told once its time is over. Safe to run twice."""
    retention.drop_old_news(now=timezone.now())


@shared_task(name="conversations.drop_old_presence", ignore_result=True)
def drop_old_presence() -> None:
    """Let go of what agents were once its time is over. Safe to run twice."""
    retention.drop_old_presence(now=timezone.now())
