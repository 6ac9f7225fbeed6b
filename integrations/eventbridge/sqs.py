"""EventBridge by way of SQS: messages into the inbox, and off the queue once they stand there.

A message is deleted only after the commit that stores it, so a consumer that dies leaves it to be
delivered again, and the inbox knows it then. A batch that cannot be stored is kept hidden and
tried again: giving it back would count as one more delivery towards the dead-letter queue.
"""

import logging
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, close_old_connections
from django.db.models import F
from django.db.models.functions import Coalesce

from integrations.errors import IntegrationError, TemporaryError, in_words
from integrations.eventbridge.queue import Message, Queue
from integrations.models import Source, Watermark
from integrations.watermarks import Told, quiet

logger = logging.getLogger(__name__)

ROAD: Final = "eventbridge.sqs"
DELETE_TRIES: Final = 4
LONGEST_PAUSE_S: Final = 60.0
NOTE_EVERY: Final = timedelta(seconds=10)

Store = Callable[[Sequence[tuple[bytes, str | None]]], int]


def pause_s(failures: int) -> float:
    """Return how long to wait after so many failures in a row: longer each time, never in step."""
    longest = min(LONGEST_PAUSE_S, 2.0 ** min(failures - 1, 10))
    return random.uniform(longest / 2, longest)  # noqa: S311 - no secret


@dataclass(slots=True)
class Consumer:
    """Takes what a queue has until stop is set. Any number of them may share a queue.

    store writes bodies with their sender's ids and returns how many are new; wake tells whoever
    works the inbox. While waiting is set nothing is in hand, and an interruption loses nothing.
    """

    queue: Queue
    store: Store
    wake: Callable[[], None]
    clock: Callable[[], datetime]
    tell: Told = quiet
    pause_s: Callable[[int], float] = pause_s
    stop: threading.Event = field(default_factory=threading.Event)
    waiting: bool = True
    received: int = 0
    new: int = 0
    _noted_at: datetime | None = None
    _told_of: int = 0

    def run(self) -> None:
        """Take batch after batch; what passes by itself is waited for.

        Raises PermanentError where somebody must act.
        """
        failures = 0
        while not self.stop.is_set():
            try:
                self._take_some()
            except TemporaryError as error:
                failures += 1
                self._failed(error)
                self.stop.wait(error.retry_after or self.pause_s(failures))
            except Exception as error:
                self._failed(error)
                raise
            else:
                failures = 0
                self._went_well()

    @property
    def told(self) -> str:
        return f"queue {self.queue.name}: {self.received:,} received, {self.new:,} new"

    def _take_some(self) -> None:
        """Take one batch through: receive, store, delete, wake."""
        self.waiting = True
        messages = self.queue.receive()
        self.waiting = False
        if not messages:
            return
        with self._kept_hidden(messages):
            if self._stored(messages):
                self.wake()
                self._delete(messages)

    def _stored(self, messages: Sequence[Message]) -> bool:
        """Store a batch, however often that takes; give it back where we are stopped before."""
        failures = 0
        while True:
            try:
                self.new += self.store([(one.body, one.sender_id) for one in messages])
            except (InterfaceError, OperationalError) as error:
                failures += 1
                logger.warning("sqs.not_stored", extra={"error": type(error).__name__})
                close_old_connections()
            else:
                self.received += len(messages)
                return True
            if self.stop.wait(self.pause_s(failures)):
                self._give_back(messages)
                return False

    def _delete(self, messages: Sequence[Message]) -> None:
        """Delete a batch. What is left after some tries comes again and is known then."""
        left = list(messages)
        for tried in range(1, DELETE_TRIES + 1):
            try:
                left = self.queue.delete(left)
            except TemporaryError as error:
                logger.info("sqs.delete_put_off", extra={"reason": str(error)})
            if not left:
                return
            if tried < DELETE_TRIES:
                self.stop.wait(self.pause_s(tried) / 4)
        logger.warning("sqs.not_deleted", extra={"messages": len(left)})

    def _give_back(self, messages: Sequence[Message]) -> None:
        try:
            self.queue.hide(messages, 0)
        except IntegrationError as error:
            logger.info("sqs.not_given_back", extra={"reason": str(error)})

    @contextmanager
    def _kept_hidden(self, messages: Sequence[Message]) -> Iterator[None]:
        """Keep a batch from other consumers for as long as the work on it lasts."""
        done = threading.Event()
        keeper = threading.Thread(target=self._keep_hidden, args=(messages, done), daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()

    def _keep_hidden(self, messages: Sequence[Message], done: threading.Event) -> None:
        while not done.wait(self.queue.visibility_s / 2):
            try:
                self.queue.hide(messages, self.queue.visibility_s)
            except IntegrationError as error:
                logger.warning("sqs.not_kept_hidden", extra={"reason": str(error)})

    def _went_well(self) -> None:
        now = self.clock()
        if self._noted_at is None or now - self._noted_at >= NOTE_EVERY:
            self._noted_at = now
            _note(detail=self.told, succeeded_at=now, failing_since=None)
            if self.received != self._told_of:
                self._told_of = self.received
                self.tell(self.told)

    def _failed(self, error: Exception) -> None:
        told = in_words(error)
        logger.warning("sqs.failed", extra={"reason": told})
        self._noted_at = None
        self.tell(f"failing: {told}")
        _note(detail=told, failing_since=Coalesce(F("failing_since"), self.clock()))


def source_of(queue: Queue, *, now: datetime) -> Source:
    """Return the inbox's source of a queue; it is made where there is none."""
    source, _ = Source.objects.get_or_create(
        name=f"SQS {queue.name}"[:100],
        defaults={
            "kind": Source.Kind.SQS,
            "authentication": Source.Authentication.NONE,
            "created_at": now,
        },
    )
    return source


def _note(**columns: object) -> None:
    """Write down how the road goes; a database that is away must not end the consumer."""
    try:
        Watermark.objects.get_or_create(road=ROAD)
        Watermark.objects.filter(road=ROAD).update(**columns)
    except DatabaseError as error:
        logger.warning("sqs.not_noted", extra={"error": type(error).__name__})
        close_old_connections()
