"""Which events of Genesys are known: each by its natural key, whichever road brought it first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db import connection

from conversations import bulk
from conversations.models import ID_LENGTH
from integrations import sql
from integrations.domain.events import Event, Heard
from integrations.errors import MalformedPayloadError
from integrations.models import GenesysEvent

LONGEST_TOPIC: Final = 100
_IDS: Final = ("conversation_id", "participant_id", "session_id", "user_id")
_COLUMNS: Final = ("key", "topic", *_IDS, "at", "heard_at", "source_id")


class Told(NamedTuple):
    """An event, and who told it."""

    source_id: int
    heard: Heard


def checked(event: Event) -> Event:
    """Return an event that the ledger can keep.

    Raises MalformedPayloadError where a text of it is longer than any of Genesys's.
    """
    if len(event.topic) > LONGEST_TOPIC:
        raise MalformedPayloadError(f"the topic has {len(event.topic)} characters: it is none")
    for name in _IDS:
        if len(getattr(event, name)) > ID_LENGTH:
            raise MalformedPayloadError(f"{name} has more than {ID_LENGTH} characters: it is no id")
    return event


def add(told: Sequence[Told], *, now: datetime) -> list[Heard]:
    """Write down events; return those that were not known, in the order given.

    Those without a key are hints: none of them is ever taken for a repetition of another.
    """
    keyed = {one.heard.event.key: one for one in reversed(told) if one.heard.event.key}
    # In the order of the keys, so that two workers that tell the same ones do not deadlock.
    new = _inserted([keyed[key] for key in sorted(keyed)], now)
    hints = [one for one in told if one.heard.event.key is None]
    _inserted(hints, now)
    return [
        one.heard
        for one in told
        if (key := one.heard.event.key) is None or (key in new and keyed[key] is one)
    ]


def _inserted(told: Sequence[Told], now: datetime) -> set[str]:
    """Insert events whose keys are not there yet; return the keys that were new."""
    new: set[str] = set()
    for some in bulk.portions(told, sql.MOST_ROWS):
        marks = ", ".join([f"({', '.join(['%s'] * len(_COLUMNS))})"] * len(some))
        adding = (
            f"INSERT INTO {GenesysEvent._meta.db_table} ({', '.join(_COLUMNS)}) VALUES {marks} "  # noqa: S608 - names of our own
            "ON CONFLICT (key) DO NOTHING RETURNING key"
        )
        with connection.cursor() as cursor:
            cursor.execute(adding, [value for one in some for value in _row(one, now)])
            new |= {key for (key,) in cursor.fetchall() if key}
    return new


def _row(told: Told, now: datetime) -> tuple[str | int | None, ...]:
    event = told.heard.event
    ids = (event.conversation_id, event.participant_id, event.session_id, event.user_id)
    at = sql.instant(event.at) if event.at else None
    return (event.key, event.topic, *ids, at, sql.instant(now), told.source_id)
