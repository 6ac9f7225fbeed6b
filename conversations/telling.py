"""Common Events as rows: each told once, whatever finds it first."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import Final

import msgspec
from django.db import transaction

from conversations import bulk, handlers
from conversations.domain import holds
from conversations.domain.events import HOLDS, About, CommonEvent
from conversations.models import Audience
from conversations.models import CommonEvent as EventRow
from conversations.tables import Row

COLUMNS: Final = ("conversation_id", "name", "subject", "at", "recorded_at", "payload")
# Called after a commit that has told something somebody listens to.
WHEN_TOLD: Final[list[Callable[[], None]]] = []
# The first three columns tell an event from all others.
Identity = tuple[int, str, str]


def rows_of(conversation_id: int, events: Iterable[CommonEvent], now: datetime) -> Iterator[Row]:
    """Yield the values of COLUMNS of each event."""
    about: About | None = None
    payload = ""
    for event in events:
        if event.about is not about:  # the events of one session share it
            about = event.about
            payload = msgspec.json.encode(dict(about), order="deterministic").decode()
        yield (conversation_id, event.name.value, event.subject, event.at, now, payload)


def write(rows: Iterable[Row], *, historic: bool = False) -> None:
    """Write events, as rows_of yields them; they wait to be announced where anybody listens.

    Extension code is called with them, but for historic ones: those are nobody's news.
    """
    called = not historic and handlers.anybody()
    if called:
        rows = list(rows)
    heard = not historic and is_heard()
    columns = (*COLUMNS, "historic", "announced")
    bulk.insert(EventRow, columns, ((*row, historic, not heard) for row in rows))
    if called:
        _call(rows)
    if heard:
        wake_up()


def _call(rows: Iterable[Row]) -> None:
    make, decode = handlers.Written._make, msgspec.json.decode
    written = [make((*row[:5], decode(row[5]), 0)) for row in rows]
    if written:
        handlers.call(written, now=written[0].recorded_at)


def call_again(row: EventRow, event: CommonEvent, now: datetime) -> None:
    """Call the extension code that asks for corrections with an event that was put right."""
    if handlers.anybody(corrections=True):
        told = (row.conversation_id, row.name, row.subject, event.at, row.recorded_at)
        put_right = handlers.Written(*told, dict(event.about), row.revision + 1)
        handlers.call([put_right], now=now, corrections=True)


def wake_up() -> None:
    """Say, once this transaction is committed, that something waits to be announced."""
    for tell in WHEN_TOLD:
        transaction.on_commit(tell)


def is_heard() -> bool:
    """Tell whether anybody is to be told of Common Events."""
    return Audience.objects.exists()


def untold(rows: Iterable[Row], told: Collection[Identity]) -> Iterator[Row]:
    """Yield the rows that are not told yet; a hold that was told goes by the name it has."""
    known = set(told)
    subjects = _hold_subjects(known)
    for row in rows:
        pk, name, subject, *rest = row
        if name in HOLDS:
            subject = holds.known_as(subject, subjects.get(pk, ()))
        if (pk, name, subject) not in known:
            known.add((pk, name, subject))
            yield (pk, name, subject, *rest)


def _hold_subjects(told: Iterable[Identity]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for pk, name, subject in told:
        if name in HOLDS:
            found.setdefault(pk, set()).add(subject)
    return found
