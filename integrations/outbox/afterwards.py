"""What is still under way when a run is over: a thread of its own notes it when it comes back."""

import logging
import threading
from typing import Final

from django.db import connection

from integrations.outbox.calls import Calls
from integrations.outbox.wakeup import WAKE_UP

logger = logging.getLogger(__name__)

TICK_S: Final = 0.1


class Hands:
    """Takes over calls. Its thread is there as long as any is under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: list[Calls] = []
        self._thread: threading.Thread | None = None

    def take(self, calls: Calls) -> None:
        """Take over what is left of a run. Returns at once."""
        if not calls:
            return
        with self._lock:
            self._taken.append(calls)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="afterwards", daemon=True)
                self._thread.start()

    def finish(self, within_s: float) -> bool:
        """Wait until all is noted, as before the process ends; return whether it is."""
        thread = self._thread
        if thread:
            thread.join(within_s)
        return thread is None or not thread.is_alive()

    def _work(self) -> None:
        try:
            while taken := self._left():
                for calls in taken:
                    self._step(calls, TICK_S / len(taken))
        finally:
            connection.close()

    def _step(self, calls: Calls, timeout_s: float) -> None:
        try:
            if calls.finish(timeout_s):
                WAKE_UP.tell()  # the next of a lane may be due now
        except Exception:
            logger.exception("outbox.not_noted")
            calls.under_way.clear()  # their leases run out
            calls.back.clear()

    def _left(self) -> list[Calls]:
        with self._lock:
            self._taken = [calls for calls in self._taken if calls]
            if not self._taken:
                self._thread = None
            return self._taken


HANDS: Final = Hands()
