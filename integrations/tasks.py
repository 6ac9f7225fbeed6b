"""Ways in for Celery: a name, the clock, one call."""

from typing import Any, Final

from celery import shared_task
from celery.signals import task_postrun, worker_process_shutdown
from celery.states import FAILURE
from django.utils import timezone

from integrations import checking, deadman, gaps, heartbeat, services
from integrations.erasure import expiry
from integrations.errors import RoadBusyError
from integrations.extensions import destinations
from integrations.inbox import retention
from integrations.outbox import afterwards, relay
from integrations.outbox import retention as outbox_retention
from integrations.salesforce import ordering

# A call ends within ten seconds; then it is noted.
LONGEST_CALL_S: Final = 12.0


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


@shared_task(name="integrations.deliver", ignore_result=True)
def deliver() -> None:
    """Announce events and send what waits. Safe to run twice, and by several workers."""
    destinations.bring_about(now=timezone.now())
    relay.take_turn(now=timezone.now())


@shared_task(name="integrations.check_timers", ignore_result=True)
def check_timers() -> None:
    """Ask about SLA timers that are due, and fire them. Safe to run twice, and by several."""
    checking.check_timers(now=timezone.now())


@shared_task(name="integrations.sweep_salesforce", ignore_result=True)
def sweep_salesforce() -> None:
    """Order what time has made due for Salesforce. Safe to run twice, and by several workers."""
    ordering.sweep(now=timezone.now())


@shared_task(name="integrations.drop_old_events", ignore_result=True)
def drop_old_events() -> None:
    """Let go of what was sent to us once its time is over. Safe to run twice."""
    retention.drop_old(now=timezone.now())


@shared_task(name="integrations.drop_old_deliveries", ignore_result=True)
def drop_old_deliveries() -> None:
    """Let go of what was told to others once its time is over. Safe to run twice."""
    outbox_retention.drop_old(now=timezone.now())


@task_postrun.connect
def note_heartbeat(task: Any, retval: Any = None, state: str | None = None, **_: Any) -> None:
    """Let the health page see that a task has run, and how. What a task says it raises is fine."""
    failed = state == FAILURE and not isinstance(retval, tuple(task.throws or ()))
    error = type(retval).__name__ if failed else ""
    heartbeat.note(task.name, at=timezone.now(), error=error)


@worker_process_shutdown.connect
def finish_calls(**_: Any) -> None:
    """Note what destinations answer to a process that is about to end."""
    afterwards.HANDS.finish(within_s=LONGEST_CALL_S)


@shared_task(name="integrations.ping_deadman", ignore_result=True)
def ping_deadman() -> None:
    """Tell somebody outside that escalations work. Safe to run twice."""
    deadman.ping(now=timezone.now())


@shared_task(name="integrations.watch_roads", ignore_result=True)
def watch_roads() -> None:
    """Notice which roads do not get on. Safe to run twice."""
    gaps.watch(now=timezone.now())
