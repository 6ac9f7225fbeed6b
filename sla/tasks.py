"""Ways in for Celery: a name, the clock, one call."""

from celery import shared_task
from django.utils import timezone

from sla import backtesting, recomputing, retention, tending


@shared_task(name="sla.drop_old_timers", ignore_result=True)
def drop_old_timers() -> None:
    """Let go of timers that told nothing once nobody asks for them. Safe to run twice."""
    retention.drop_old(now=timezone.now())


@shared_task(name="sla.drop_old_alerts", ignore_result=True)
def drop_old_alerts() -> None:
    """Let go of alerts that were closed long ago, with all of theirs. Safe to run twice."""
    retention.drop_old_alerts(now=timezone.now())


@shared_task(name="sla.work_off_backtests", ignore_result=True)
def work_off_backtests() -> None:
    """Try the drafts that somebody asked about. Safe to run twice, and by several workers."""
    backtesting.work_off(now=timezone.now())


@shared_task(name="sla.recompute", ignore_result=True)
def recompute() -> None:
    """Compute clocks anew, as far as some seconds go. Safe to run twice, and by several workers."""
    recomputing.work_off(now=timezone.now())


@shared_task(name="sla.tend_alerts", ignore_result=True)
def tend_alerts() -> None:
    """Wake, open again and close alerts. Safe to run twice, and by several workers."""
    tending.tend(now=timezone.now())
