"""Take Genesys Cloud's events from an SQS queue, until told to stop."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from integrations.errors import IntegrationError
from integrations.eventbridge import sqs
from integrations.eventbridge.queue import Queue, region_of
from integrations.inbox.receive import receive_many
from integrations.inbox.wakeup import WAKE_UP
from integrations.management.talking import TalkingCommand


class Stopped(BaseException):
    """A signal came while nothing was in hand. No Exception: nobody else is to catch it."""


class Command(TalkingCommand):
    """Runs for ever; any number of it may run beside one another."""

    help = (
        "Take the events that Amazon EventBridge puts into an SQS queue (DCM_SQS_QUEUE_URL), and "
        "store them in the inbox. Runs until SIGTERM or Ctrl-C; any number may run at once. "
        "Exit code 1, with what to do, where the queue or the credentials are not right."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        queue = _queue()
        source = sqs.source_of(queue, now=timezone.now())
        if not source.active:
            raise CommandError(
                f"the source {source.name!r} is switched off: switch it on under Admin, Sources"
            )
        consumer = sqs.Consumer(
            queue, partial(_store, source.pk), WAKE_UP.tell, timezone.now, tell=self._tell
        )
        with _hearing_signals(consumer):
            self._tell(f"taking events from {queue.url}")
            try:
                consumer.run()
            except Stopped:
                pass
            except IntegrationError as error:
                raise CommandError(str(error)) from error
        self._tell(f"stopped; {consumer.told}")


@contextmanager
def _hearing_signals(consumer: sqs.Consumer) -> Iterator[None]:
    """Finish the batch in hand at a signal; stop at once where there is none, or at another."""

    def heard(_number: int, _frame: FrameType | None) -> None:
        again = consumer.stop.is_set()
        consumer.stop.set()
        if consumer.waiting or again:
            raise Stopped

    before = {number: signal.signal(number, heard) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _queue() -> Queue:
    url = settings.SQS_QUEUE_URL
    if not url:
        raise CommandError(
            "DCM_SQS_QUEUE_URL is not set: write the queue's URL, such as "
            "https://sqs.eu-central-1.amazonaws.com/123456789012/genesys-events"
        )
    region = settings.SQS_REGION or region_of(url)
    if not region:
        raise CommandError("DCM_SQS_REGION is not set, and the queue's URL names no region")
    try:
        return Queue(url, region=region, endpoint_url=settings.SQS_ENDPOINT_URL)
    except ValueError as error:
        raise CommandError(f"DCM_SQS_REGION or DCM_SQS_ENDPOINT_URL: {error}") from error


def _store(source_id: int, bodies: Sequence[tuple[bytes, str | None]]) -> int:
    return receive_many(source_id=source_id, bodies=bodies, now=timezone.now())
