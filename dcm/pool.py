"""Celery's pool, one of whose processes may be killed at any moment.

Where the broker is files, all processes of a worker take their tasks from one pipe, and whoever
waits for the next holds its lock. billiard's is a semaphore: if its holder is killed, as by a
kernel that is short of memory, it stays taken, and no process ever gets a task again. A lock of a
file is gone with its holder.
"""

import fcntl
import tempfile
from pathlib import Path
from typing import Any

from billiard.pool import Pool
from celery.concurrency import prefork


class Lock:
    """A lock among processes that were forked after it was made; their threads share it."""

    def __init__(self) -> None:
        self._file, path = tempfile.mkstemp(prefix="dcm-lock-")
        Path(path).unlink()

    def acquire(self) -> bool:
        """Wait for it."""
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        """Let the next have it."""
        fcntl.lockf(self._file, fcntl.LOCK_UN)

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class SturdyPool(Pool):
    """billiard's pool of processes around two pipes."""

    def _setup_queues(self) -> None:
        super()._setup_queues()  # type: ignore[misc]
        self._inqueue: Any
        self._outqueue: Any
        self._inqueue._rlock = Lock()  # noqa: SLF001 - whoever takes tasks
        self._outqueue._wlock = Lock()  # noqa: SLF001 - whoever tells what became of them


class TaskPool(prefork.TaskPool):
    """What CELERY_WORKER_POOL names. With Redis each process has pipes of its own."""

    BlockingPool = SturdyPool

    def did_start_ok(self) -> bool:
        """Go on where one was killed while the worker began: another takes its place, as ever.

        Celery would have the worker end. billiard gives up where they die by the hundred.
        """
        return True
