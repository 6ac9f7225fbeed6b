"""Calling a handler: in a thread and a transaction of its own, for so long and no longer.

A thread cannot be ended from outside. So one that takes too long is left behind: what it has
written is undone, and it writes nothing any more. Only so many of a handler are left behind.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection, transaction

from conversations import handlers
from conversations.events import Event, Handler
from conversations.models import HandlerFailure
from integrations.domain.delivery import Outcome, Result
from integrations.extensions.hands import HANDS

# Less than a lease: no run of the relay waits longer for a handler than for a webhook.
DEADLINE_S: Final = 10.0
MOST_LEFT_BEHIND: Final = 4

_LEFT_BEHIND: Final[Counter[str]] = Counter()
_LOCK: Final = threading.Lock()
_OF_TRANSACTIONS: Final = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT")
# A write that changes nothing.
_TAKE_LOCK: Final = f"DELETE FROM {HandlerFailure._meta.db_table} WHERE 0"  # noqa: S608 - our name


class TooLateError(Exception):
    """A handler has come back when nobody waited any more: what it wrote is undone."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A call under way. keep: what the handler writes is to stay."""

    handler: Handler
    event: Event
    keep: bool
    done: "Future[None]" = field(default_factory=Future)
    abandoned: threading.Event = field(default_factory=threading.Event)
    opened: list[Any] = field(default_factory=list)  # its connection, below Django's

    def run(self) -> bool:
        """Call the handler; whatever happens, done is told. Return whether all is well here."""
        try:
            connection.close_if_unusable_or_obsolete()
            connection.ensure_connection()
            self.opened.append(connection.connection)
            with _locking_late(), transaction.atomic(durable=True):
                _unlock_in_time()
                handlers.run(self.handler, self.event, then=self._check)
                if not self.keep:
                    transaction.set_rollback(True)
        except BaseException as error:  # noqa: BLE001 - it ends with this thread, and is told
            self.done.set_exception(error)
            return False
        self.done.set_result(None)
        return not self.abandoned.is_set()

    def _check(self) -> None:
        if self.abandoned.is_set():
            raise TooLateError


def call(handler: Handler, event: Event, *, keep: bool = True) -> Outcome:
    """Call a handler with an event, and return what became of it.

    What it wrote is committed where it returns in time, and keep is set; else it is undone.
    """
    if _LEFT_BEHIND[handler.name] >= MOST_LEFT_BEHIND:
        reason = f"{MOST_LEFT_BEHIND} earlier calls have not come back: it waits for something"
        return Outcome(Result.FAILED, reason)
    made = _Call(handler, event, keep)
    HANDS.take(made.run)
    if not wait([made.done], DEADLINE_S).done:
        return _leave(made)
    error = made.done.exception()
    return _failed(error) if error else Outcome(Result.DELIVERED)


def _failed(error: BaseException) -> Outcome:
    """Return the outcome of an error. Its message may name people: that is not in the reason."""
    where = handlers.place_of(error)
    reason = f"{type(error).__name__} at {where}" if where else type(error).__name__
    return Outcome(Result.FAILED, reason, said=str(error).replace("\0", "␀"))


def _leave(made: _Call) -> Outcome:
    """Leave a call behind; it is counted until it comes back."""
    made.abandoned.set()
    if connection.vendor == "sqlite":  # PostgreSQL sees to that by itself: _unlock_in_time
        for opened in made.opened:
            opened.close()
    name = made.handler.name
    _count(name, 1)
    made.done.add_done_callback(lambda _: _count(name, -1))
    reason = f"it took longer than {DEADLINE_S:g} s, so what it wrote is undone"
    return Outcome(Result.LOST, reason)


def _count(name: str, change: int) -> None:
    with _LOCK:
        _LEFT_BEHIND[name] += change


@contextmanager
def _locking_late() -> Iterator[None]:
    """On SQLite take the one writer's lock with the first query, not while others are asked.

    With a query that reads it would be too early: what has read cannot wait for the lock.
    """
    if connection.vendor != "sqlite":
        yield
        return
    connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]
    with connection.execute_wrapper(_LockFirst()):
        yield


class _LockFirst:
    """What stands around each statement: the first that asks for rows takes the lock before."""

    def __init__(self) -> None:
        self.locked = False

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: Any, context: Any
    ) -> Any:
        if not self.locked and not sql.startswith(_OF_TRANSACTIONS):
            self.locked = True
            execute(_TAKE_LOCK, None, False, context)
        return execute(sql, params, many, context)


def _unlock_in_time() -> None:
    """On PostgreSQL have the server end what takes too long, and let go of what it has locked."""
    if connection.vendor == "postgresql":
        most = f"{DEADLINE_S * 1000:.0f}ms"
        with connection.cursor() as cursor:
            for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
                cursor.execute("SELECT set_config(%s, %s, true)", [name, most])
