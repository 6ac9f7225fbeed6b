"""Threads that call handlers, each with a connection of its own that is kept for a moment.

To open a connection to PostgreSQL takes longer than what most handlers do. A thread whose call went
wrong, or came back too late, is not used again.
"""

import os
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final

from django.db import connections

KEPT_S: Final = 0.5
# Does something, and tells whether its thread may do more.
Work = Callable[[], bool]


class Hands:
    """Threads that wait for work, as many as are needed at a time. They keep no process alive."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[SimpleQueue[Work]] = []
        os.register_at_fork(after_in_child=self._idle.clear)  # no thread is there

    def take(self, work: Work) -> None:
        """Have work done. Returns at once."""
        with self._lock:
            idle = self._idle.pop() if self._idle else None
        if idle is None:
            threading.Thread(target=self._live, args=[work], name="handler", daemon=True).start()
        else:
            idle.put(work)

    def _live(self, work: Work) -> None:
        mine: SimpleQueue[Work] = SimpleQueue()
        try:
            while work():
                with self._lock:
                    self._idle.append(mine)
                try:
                    work = mine.get(timeout=KEPT_S)
                except Empty:
                    if self._leaves(mine):
                        break
                    work = mine.get()  # it was given some in this moment
        finally:
            connections.close_all()

    def _leaves(self, mine: "SimpleQueue[Work]") -> bool:
        with self._lock:
            if mine in self._idle:
                self._idle.remove(mine)
                return True
            return False


HANDS: Final = Hands()
