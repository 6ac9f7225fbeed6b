"""Celery's way in to reading Genesys Cloud, and what the worker that does it prepares.

Every task may run twice, or at once with itself: the second finds the road busy and goes home.
"""

from typing import Any, Final

from celery import current_app, shared_task
from celery.signals import worker_init, worker_ready
from django.utils import timezone

from integrations.errors import IntegrationError
from integrations.genesys import (
    correspondence,
    enforce,
    feedback,
    gdpr,
    nightly,
    poll,
    presence,
    recover,
    rereads,
    sdk,
    verify,
    wanted,
    writers,
)
from integrations.genesys import synchronise as directory
from integrations.genesys.budget import Priority
from integrations.genesys.client import connect

QUEUE: Final = "genesys"
# In this order a newcomer sees names first, then conversations, then who wrote.
AT_START: Final = (
    "synchronise",
    "poll",
    "find_open",
    "reread_open",
    "read_messages",
    "read_presence",
    "read_feedback",
    "mirror_erasures",
)


@shared_task(name="integrations.genesys.poll", ignore_result=True, throws=(IntegrationError,))
def poll_conversations() -> None:
    """Read what started or ended since the last run."""
    poll.poll(client=connect(timezone.now, Priority.EVENTS), now=timezone.now())


@shared_task(name="integrations.genesys.find_open", ignore_result=True, throws=(IntegrationError,))
def find_open() -> None:
    """Read whatever Genesys has open, known or not."""
    poll.find_open(client=connect(timezone.now, Priority.OPEN), now=timezone.now())


@shared_task(name="integrations.genesys.last_day", ignore_result=True, throws=(IntegrationError,))
def last_day() -> None:
    """Read the last 26 hours once more."""
    poll.last_day(client=connect(timezone.now, Priority.BACKGROUND), now=timezone.now())


@shared_task(name="integrations.genesys.nightly", ignore_result=True, throws=(IntegrationError,))
def read_last_week() -> None:
    """Bring this night's reconciliation of the last seven days further."""
    nightly.nightly(client=connect(timezone.now, Priority.BACKGROUND), now=timezone.now())


@shared_task(name="integrations.genesys.reconcile", ignore_result=True, throws=(IntegrationError,))
def reconcile() -> None:
    """Read what may have been missed, where somebody ordered it."""
    recover.reconcile(client=connect(timezone.now, Priority.EVENTS), now=timezone.now())


@shared_task(
    name="integrations.genesys.read_feedback", ignore_result=True, throws=(IntegrationError,)
)
def read_feedback() -> None:
    """Read surveys and evaluations, which come late."""
    feedback.read_feedback(client=connect(timezone.now, Priority.BACKGROUND), now=timezone.now())


@shared_task(
    name="integrations.genesys.reread_open", ignore_result=True, throws=(IntegrationError,)
)
def reread_open() -> None:
    """Read the open conversations again."""
    rereads.reread_open(client=connect(timezone.now, Priority.OPEN), now=timezone.now())


@shared_task(
    name="integrations.genesys.reread_wanted", ignore_result=True, throws=(IntegrationError,)
)
def reread_wanted() -> None:
    """Read the conversations that events told of."""
    wanted.reread_wanted(client=connect(timezone.now), now=timezone.now())


@shared_task(
    name="integrations.genesys.verify_connected", ignore_result=True, throws=(IntegrationError,)
)
def verify_connected() -> None:
    """Ask whether agents at whom something rings have answered."""
    verify.verify_connected(client=connect(timezone.now), now=timezone.now())


@shared_task(name="integrations.genesys.enforce", ignore_result=True, throws=(IntegrationError,))
def enforce_policies() -> None:
    """End agents' sessions that were left untouched for too long, where a policy has it so."""
    enforce.enforce(client=connect(timezone.now), now=timezone.now())


@shared_task(
    name="integrations.genesys.read_messages", ignore_result=True, throws=(IntegrationError,)
)
def read_messages() -> None:
    """Read who wrote in digital conversations."""
    correspondence.read_messages(
        client=connect(timezone.now, Priority.BACKGROUND), now=timezone.now()
    )


@shared_task(
    name="integrations.genesys.read_writers", ignore_result=True, throws=(IntegrationError,)
)
def read_writers() -> None:
    """Read who wrote where somebody is about to be told that nobody did."""
    writers.read_writers(client=connect(timezone.now), now=timezone.now())


@shared_task(
    name="integrations.genesys.read_presence", ignore_result=True, throws=(IntegrationError,)
)
def read_presence() -> None:
    """Read what agents were: presence and routing status."""
    presence.read_presence(client=connect(timezone.now, Priority.OPEN), now=timezone.now())


@shared_task(
    name="integrations.genesys.synchronise", ignore_result=True, throws=(IntegrationError,)
)
def synchronise() -> None:
    """Read the directory and the settings."""
    directory.synchronise(client=connect(timezone.now, Priority.BACKGROUND), now=timezone.now())


@shared_task(
    name="integrations.genesys.mirror_erasures", ignore_result=True, throws=(IntegrationError,)
)
def mirror_erasures() -> None:
    """Forget whom Genesys was asked to delete."""
    gdpr.mirror_erasures(client=connect(timezone.now, Priority.OPEN), now=timezone.now())


@worker_init.connect
def load_sdk(**_: Any) -> None:
    """Load the SDK before the pool forks, so that its 200 MB are shared, where it is needed."""
    if _reads_genesys():
        sdk.load()


@worker_ready.connect
def look_at_once(**_: Any) -> None:
    """Do not wait for beat's first tick, minutes away."""
    if _reads_genesys():
        for name in AT_START:
            current_app.send_task(f"integrations.genesys.{name}")


def _reads_genesys() -> bool:
    return QUEUE in current_app.amqp.queues.consume_from
