"""A process of the pool that is killed takes nobody with it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from celery import current_app
from celery.concurrency.prefork import TaskPool as Prefork

from dcm import settings
from dcm.pool import SturdyPool, TaskPool


@pytest.fixture
def pool() -> Iterator[Any]:
    made = SturdyPool(processes=2, threads=True)
    yield made
    made.terminate()
    made.join()


def test_whoever_is_killed_while_waiting_for_a_task_leaves_the_lock_to_others(pool: Any) -> None:
    one, other = (process.pid for process in pool._pool)  # one holds it, the other waits for it
    os.kill(one, signal.SIGKILL)
    assert pool.apply_async(os.getpid).get(timeout=20) != one
    os.kill(other, signal.SIGKILL)
    assert pool.apply_async(os.getpid).get(timeout=20) not in {one, other}


@contextmanager
def busy(processor: int) -> Iterator[None]:
    """Keep a processor from whoever runs only when nobody else wants to."""
    spins = "print(flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", spins], stdout=subprocess.PIPE) as hog:
        assert hog.stdout
        hog.stdout.readline()
        os.sched_setaffinity(hog.pid, {processor})
        try:
            yield
        finally:
            hog.kill()


def test_whoever_is_killed_as_a_task_comes_leaves_it_to_others(pool: Any) -> None:
    processor = min(os.sched_getaffinity(0))
    for _ in range(5):  # with billiard's own pipe, one in two fails
        time.sleep(0.5)  # until both wait
        doomed = {process.pid for process in pool._pool}
        for pid in doomed:
            os.sched_setaffinity(pid, {processor})
            os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
        with busy(processor):
            for pid in doomed:
                os.kill(pid, signal.SIGKILL)
            asked = pool.apply_async(os.getpid)
            assert pool._inqueue._reader.poll(5)  # it came before they died
        assert asked.get(timeout=20) not in doomed


def test_messages_are_as_large_as_they_may_be_and_no_larger(pool: Any) -> None:
    assert pool.apply_async(bytes, (100_000,)).get(timeout=20) == bytes(100_000)
    assert pool.apply_async(len, (bytes(100_000),)).get(timeout=20) == 100_000
    with pytest.raises(ValueError, match="200000 bytes are more than the 131072 of a message"):
        pool._inqueue._writer.send_bytes(bytes(200_000))
    assert pool.apply_async(len, (b"next",)).get(timeout=20) == 4


def test_a_worker_begins_though_one_was_killed_before_it_was_ready() -> None:
    initargs = (current_app, "worker")
    pool: Any = TaskPool(2, threads=False, initargs=initargs)  # as with Redis
    pool.start()
    first, second = pool._pool._pool
    pool._pool._terminate.cancel()  # no loop runs by which it would end
    try:
        os.kill(first.pid, signal.SIGKILL)
        first.join()
        assert pool.did_start_ok()
    finally:
        os.kill(second.pid, signal.SIGKILL)
        second.join()


def test_a_worker_takes_this_pool() -> None:
    assert issubclass(TaskPool, Prefork)
    assert f"{TaskPool.__module__}:{TaskPool.__name__}" == settings.CELERY_WORKER_POOL
