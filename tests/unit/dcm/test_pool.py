"""A process of the pool that is killed takes nobody with it."""

import os
import signal
from collections.abc import Iterator
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
