"""Telling a worker that the inbox has something, off the path of whoever put it there.

A thread of its own speaks to the broker, so a broker that is gone or hangs delays nobody. Nothing
depends on its getting through: the sweep of beat finds the rows a moment later.
"""

import logging
import os
import threading
from collections.abc import Callable
from typing import Final

from celery import current_app

logger = logging.getLogger(__name__)

TASK: Final = "integrations.process_inbox"
# What comes within so many seconds is one wake-up.
PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 30.0
# A wake-up nobody took in this time is worth nothing: the sweep was there meanwhile.
EXPIRES_S: Final = 10


def publish() -> None:
    """Send one wake-up. It may take as long as the broker's timeouts, and raise what it likes."""
    current_app.send_task(TASK, expires=EXPIRES_S, retry=False, ignore_result=True)


class WakeUp:
    """A thread that publishes when it is told to, made when it is first needed.

    A process that is forked afterwards has no thread: it makes one of its own.
    """

    def __init__(self, send: Callable[[], object] = publish, *, pause_s: float = PAUSE_S) -> None:
        self._send = send
        self._pause_s = pause_s
        self._come = threading.Event()
        self._lock = threading.Lock()
        self._pid = 0

    def tell(self) -> None:
        """Say that something has come. Returns at once, whatever the broker does."""
        if self._pid != os.getpid():
            self._start()
        self._come.set()

    def _start(self) -> None:
        with self._lock:
            if self._pid == os.getpid():
                return
            self._come = threading.Event()
            thread = threading.Thread(target=self._run, name="inbox-wakeup", daemon=True)
            self._pid = os.getpid()
            thread.start()

    def _run(self) -> None:
        never, failures = threading.Event(), 0
        while True:
            self._come.wait()
            self._come.clear()
            failures = 0 if self._sent(first=failures == 0) else failures + 1
            pause_s = min(self._pause_s * 2**failures, LONGEST_PAUSE_S)
            never.wait(pause_s)  # what comes meanwhile is told of once, afterwards

    def _sent(self, *, first: bool) -> bool:
        try:
            self._send()
        except Exception as error:  # noqa: BLE001 - whatever ails the broker, this thread lives on
            if first:
                logger.warning("inbox.not_woken", extra={"error": type(error).__name__})
            return False
        return True


WAKE_UP: Final = WakeUp()
