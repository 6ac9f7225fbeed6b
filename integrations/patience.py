"""A wait for PostgreSQL that ends although the server hangs: stopped, swapped out, its disk gone.

Its own limits (statement_timeout, lock_timeout) do not hold then, and the network's neither: the
kernel at the other end still acknowledges what is sent.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final, TypeVar

from django.db import InterfaceError, OperationalError, connection

T = TypeVar("T")

# A little more than the limits that a server which does not hang is given.
HUNG_AFTER_S: Final = 2.25


def over(work: Callable[[], T]) -> T:
    """Do something over this thread's connection, or over a new one where that was lost.

    It is not asked first whether the connection works, which costs a round trip: the work must bear
    being done twice. Raises OperationalError where a server does not answer within HUNG_AFTER_S, or
    not within connect_timeout to who comes anew; the next one begins with a new connection.
    """
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return work()
    connection.health_check_done = True  # type: ignore[attr-defined] # the stubs forget it
    connection.ensure_connection()
    began = time.monotonic()
    try:
        with _patient():
            return work()
    except (OperationalError, InterfaceError):
        if time.monotonic() - began < HUNG_AFTER_S and _works():
            raise
        connection.close()
        if time.monotonic() - began >= HUNG_AFTER_S:
            raise
    connection.ensure_connection()
    with _patient():
        return work()


def _works() -> bool:
    with _patient():
        return connection.is_usable()


@contextmanager
def _patient() -> Iterator[None]:
    """Let every wait for an answer over the connection that is open end in time."""
    raw = connection.connection
    raw.wait = partial(raw.wait, timeout=HUNG_AFTER_S)
    try:
        yield
    finally:
        del raw.wait
