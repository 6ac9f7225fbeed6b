"""A few threads that do what is due: the world goes on meanwhile and waits for none of them."""

import heapq
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Final

Try = Callable[[], float | None]
"""One try of something. It returns after how many seconds to try again, None where it is done."""

_WORKERS: Final = 4
_MOST_WAITING: Final = 100_000
_STOP_WITHIN: Final = 10.0  # seconds


class Sender:
    """A queue of what is to be tried, each at its instant. Threads start with the first."""

    def __init__(self, *, workers: int = _WORKERS, most: int = _MOST_WAITING) -> None:
        self._workers = workers
        self._most = most
        self._planned: list[tuple[float, int, Try]] = []
        self._numbers = count()
        self._under_way = 0
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._closed = False

    @property
    def waiting(self) -> int:
        """How much is not done yet."""
        with self._changed:
            return len(self._planned) + self._under_way

    def put(self, attempt: Try, *, after: float = 0.0) -> bool:
        """Plan something in so many seconds. False: there is no room, it is forgotten."""
        with self._changed:
            if self._closed or len(self._planned) >= self._most:
                return False
            self._plan(attempt, time.monotonic() + after if after else 0.0)
            self._start()
        return True

    def flush(self, *, timeout: float) -> bool:
        """Do what waits for its first try now; return whether all was done in time."""
        with self._changed:
            self._planned = [(0.0, number, attempt) for _, number, attempt in self._planned]
            heapq.heapify(self._planned)
            self._changed.notify_all()
            return self._changed.wait_for(self._is_idle, timeout)

    def close(self) -> None:
        """Forget what waits; the threads end when what is under way has ended."""
        with self._changed:
            self._closed = True
            self._planned.clear()
            self._changed.notify_all()

    def join(self) -> None:
        """Wait for the threads' end, not for ever."""
        for thread in self._threads:
            thread.join(_STOP_WITHIN)

    def _is_idle(self) -> bool:
        return not self._planned and not self._under_way

    def _plan(self, attempt: Try, due: float) -> None:
        heapq.heappush(self._planned, (due, next(self._numbers), attempt))
        self._changed.notify()

    def _start(self) -> None:
        if not self._threads:
            self._threads = [
                threading.Thread(target=self._work, name=f"push-{number}", daemon=True)
                for number in range(self._workers)
            ]
            for thread in self._threads:
                thread.start()

    def _work(self) -> None:
        while attempt := self._next():
            again = attempt()
            with self._changed:
                self._under_way -= 1
                if again is not None and not self._closed:
                    self._plan(attempt, time.monotonic() + again)
                self._changed.notify_all()

    def _next(self) -> Try | None:
        """Wait for what is due; None once the sender is closed."""
        with self._changed:
            while not self._closed:
                due = self._planned[0][0] if self._planned else None
                wait = None if due is None else due - time.monotonic()
                if wait is not None and wait <= 0:
                    self._under_way += 1
                    return heapq.heappop(self._planned)[2]
                self._changed.wait(wait)
        return None
