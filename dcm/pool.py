"""Celery's pool, one of whose processes may be killed at any moment.

Where the broker is files, all processes of a worker take their tasks from one pipe, and whoever
waits for the next holds its lock. billiard's is a semaphore: if its holder is killed, as by a
kernel that is short of memory, it stays taken, and no process ever gets a task again. A lock of a
file is gone with its holder. And billiard's pipe is a stream: if a task comes as its reader dies,
half of it is gone, and nobody can read what is left. Here it is whole messages, and whoever waits
takes nothing yet.
"""

import fcntl
import logging
import os
import socket
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from billiard.connection import Connection, wait
from billiard.pool import Pool
from billiard.queues import SimpleQueue
from celery.concurrency import prefork

logger = logging.getLogger(__name__)

_LARGEST: Final = 1 << 17  # bytes; Linux lets a socket hold half as much again, unless told less


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


class End(Connection):
    """An end of a socket that keeps messages apart. Ours name a task; none is large."""

    def _send_bytes(self, message: bytes) -> None:
        if len(message) > _LARGEST:  # an OSError would end the thread that gives out tasks
            logger.error("pool.message_too_large", extra={"bytes": len(message)})
            raise ValueError(f"{len(message)} bytes are more than the {_LARGEST} of a message")
        os.write(self.fileno(), message)

    def _recv_bytes(self, maxsize: int | None = None) -> BytesIO:
        wait([self])  # who is killed while it waits in os.read may take a message with it
        if message := os.read(self.fileno(), _LARGEST):
            return BytesIO(message)
        raise EOFError


class Queue(SimpleQueue):  # type: ignore[type-arg]  # generic in its stub alone
    """Messages from any of some processes to any of others."""

    def __init__(self) -> None:
        reader, writer = socket.socketpair(type=socket.SOCK_SEQPACKET)
        self._reader = End(reader.detach(), writable=False)
        self._writer = End(writer.detach(), readable=False)
        self._rlock, self._wlock = Lock(), Lock()


class SturdyPool(Pool):
    """billiard's pool of processes, around two queues as above."""

    def _setup_queues(self) -> None:
        tasks, results = Queue(), Queue()
        self._inqueue, self._outqueue = tasks, results
        self._quick_put, self._quick_get = tasks._writer.send, results._reader.recv  # noqa: SLF001
        self._poll_result = self._result_within

    def _result_within(self, timeout: float) -> tuple[bool, Any]:
        ready = self._outqueue._reader.poll(timeout)  # noqa: SLF001
        return ready, self._quick_get() if ready else None


class TaskPool(prefork.TaskPool):
    """What CELERY_WORKER_POOL names. With Redis each process has pipes of its own."""

    BlockingPool = SturdyPool

    def did_start_ok(self) -> bool:
        """Go on where one was killed while the worker began: another takes its place, as ever.

        Celery would have the worker end. billiard gives up where they die by the hundred.
        """
        return True
