"""Calling extension code where events are written: each call in a savepoint of its own.

What a handler fails in is undone to its savepoint and noted; the event, and everything else that is
written with it, stays.
"""

import logging
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.apps import apps
from django.db import connection, transaction
from django.db.models import F

from conversations import events
from conversations.domain.typed import Event, event_of, key_of
from conversations.events import Handler, Timing
from conversations.models import Conversation, HandlerFailure

logger = logging.getLogger(__name__)

# Handlers that have broken a transaction: this process does not call them any more.
SUSPENDED: Final[set[str]] = set()


class TransactionBrokenError(Exception):
    """A handler has done what no savepoint undoes: nothing of the transaction is written.

    It is not called again by this process, so another try of the same gets through.
    """


class Written(NamedTuple):
    """An event as it stands in its row; conversation_id is the primary key."""

    conversation_id: int
    name: str
    subject: str
    at: datetime
    recorded_at: datetime
    about: dict[str, Any]
    revision: int = 0


class _Failure(NamedTuple):
    handler: str
    error: str
    place: str
    key: str


def anybody(*, corrections: bool = False) -> bool:
    """Tell whether any handler is to be called in transactions: for events, or corrections."""
    return bool(_wanted(corrections=corrections))


def call(written: Iterable[Written], *, now: datetime, corrections: bool = False) -> None:
    """Call every handler in the transaction with the events that it asks for, in order of time.

    Raises TransactionBrokenError where what one did cannot be undone.
    """
    wanted = _wanted(corrections=corrections)
    some = sorted((one for one in written if one.name in wanted), key=attrgetter("at"))
    rows = Conversation.objects.filter(pk__in={one.conversation_id for one in some})
    columns = ("pk", "genesys_id", "media_type", "queue_id")
    known = {row[0]: row[1:] for row in (rows.values_list(*columns) if some else ())}
    tried = [_call(to, one, known) for one in some for to in wanted[one.name]]
    failures = [failure for failure in tried if failure]
    if failures:
        # After the commit: nobody waits for this row, and a handler that fails does so often.
        transaction.on_commit(partial(_note, failures, now), robust=True)


def _wanted(*, corrections: bool) -> dict[str, list[Handler]]:
    found: dict[str, list[Handler]] = {}
    for handler in events.handlers(Timing.IN_TRANSACTION):
        for topic in handler.topics if handler.corrections or not corrections else ():
            found.setdefault(topic, []).append(handler)
    return found


def _call(to: Handler, one: Written, known: Mapping[int, tuple[str, str, str]]) -> _Failure | None:
    """Call a handler with an event; return how it failed."""
    genesys_id, media_type, queue_id = known[one.conversation_id]
    key = key_of(genesys_id, one.name, one.subject)
    if to.name in SUSPENDED:
        return _Failure(to.name, TransactionBrokenError.__name__, "", key)
    failure: Exception | None = None
    try:
        event = _event(one, genesys_id, {"mediaType": media_type, "queueId": queue_id})
        run(to, event, then=lambda: _check(to))
    except Exception as error:  # noqa: BLE001 - whatever ails it, the event is written
        failure = error
    if connection.needs_rollback or connection.closed_in_transaction:
        SUSPENDED.add(to.name)
        logger.critical("extension.suspended", extra={"handler": to.name})
        raise TransactionBrokenError(f"extension code {to.name} broke a transaction") from failure
    return _failure(to, key, failure) if failure else None


def run(to: Handler, event: Event, *, then: Callable[[], None]) -> None:
    """Call a handler in a savepoint, and then what may refuse, by raising, what it did.

    One that has swallowed an error of the database has failed: what it wrote would not be there.
    """
    with transaction.atomic():
        to.call(event)
        if transaction.get_rollback():
            raise TransactionBrokenError("it has left its transaction to be rolled back")
        then()


def _check(to: Handler) -> None:
    """Raise where a row that a handler wrote names another that is not there.

    The database looks at that when it commits, and then would write nothing at all.
    """
    if connection.vendor == "postgresql":
        connection.check_constraints()
    elif tables := _tables_of(to.call.__module__):
        connection.check_constraints(tables)


@cache
def _tables_of(module: str) -> tuple[str, ...]:
    """Return the tables of the app that a module belongs to: SQLite looks through each."""
    app = apps.get_containing_app_config(module)
    return tuple(model._meta.db_table for model in app.get_models()) if app else ()


def _event(one: Written, genesys_id: str, of_conversation: Mapping[str, str]) -> Event:
    return event_of(
        one.name,
        {**of_conversation, **one.about},
        conversationId=genesys_id,
        subject=one.subject,
        at=one.at,
        recordedAt=one.recorded_at,
        revision=one.revision,
    )


def _failure(to: Handler, key: str, error: Exception) -> _Failure:
    """Return what may be told of an error: its message may name people, so that stays out."""
    failure = _Failure(to.name, type(error).__name__, place_of(error), key)
    logger.error("extension.failed", extra=failure._asdict())
    return failure


def place_of(error: BaseException) -> str:
    """Return the line in which an error was raised, as handlers.py:17."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name[:150]}:{frames[-1].lineno}" if frames else ""


def _note(failures: Sequence[_Failure], now: datetime) -> None:
    """Count failures in the rows of their handlers, in a transaction of its own."""
    for last in {failure.handler: failure for failure in failures}.values():
        many = sum(failure.handler == last.handler for failure in failures)
        told = {"error": last.error, "place": last.place, "key": last.key, "failed_at": now}
        HandlerFailure.objects.get_or_create(handler=last.handler, defaults={**told, "since": now})
        HandlerFailure.objects.filter(handler=last.handler).update(**told, count=F("count") + many)
