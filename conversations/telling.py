"""Common Events as rows: each told once, whatever finds it first."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Final

import msgspec

from conversations.domain import holds
from conversations.domain.events import HOLDS, About, CommonEvent
from conversations.tables import Row

COLUMNS: Final = ("conversation_id", "name", "subject", "at", "recorded_at", "payload")
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
