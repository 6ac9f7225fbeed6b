"""The mirror's tables as rows of plain tuples: how facts become rows, and rows facts again.

The leaves (segments, metrics, resolutions) are their facts, column for column.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
from django.db.models import Model

from conversations import bulk
from conversations import models as mirror
from conversations.domain import facts

Row = tuple[Any, ...]
Key = tuple[int, Any]


class Table(NamedTuple):
    """A table below the conversation. A row's key is its parent's pk and one more column."""

    model: type[Model]
    parent: str
    key: str
    columns: tuple[str, ...]  # beside id, parent and key
    has_children: bool = False


PARTICIPANTS: Final = Table(
    mirror.Participant,
    "conversation_id",
    "genesys_id",
    ("ordinal", *facts.Participant._fields[1:-1]),
    has_children=True,
)
SESSIONS: Final = Table(
    mirror.Session,
    "conversation_id",
    "genesys_id",
    (
        *("participant_id", "ordinal", "purpose", "user_id", "started_at", "ended_at"),
        *facts.Session._fields[1:-2],
    ),
    has_children=True,
)
SEGMENTS: Final = Table(mirror.Segment, "session_id", "ordinal", facts.Segment._fields)
METRICS: Final = Table(mirror.Metric, "session_id", "ordinal", facts.Metric._fields)
SURVEYS: Final = Table(mirror.Survey, "conversation_id", "genesys_id", facts.Survey._fields[1:])
EVALUATIONS: Final = Table(
    mirror.Evaluation, "conversation_id", "genesys_id", facts.Evaluation._fields[1:]
)
RESOLUTIONS: Final = Table(
    mirror.Resolution, "conversation_id", "ordinal", facts.Resolution._fields
)
# Parents before children.
TABLES: Final = (
    PARTICIPANTS,
    SESSIONS,
    SEGMENTS,
    METRICS,
    SURVEYS,
    EVALUATIONS,
    RESOLUTIONS,
)

_REST: Final = len(facts.Session._fields) - 2


def participant_row(ordinal: int, participant: facts.Participant) -> Row:
    return (ordinal, *participant[1:-1])


def session_row(
    participant_id: int, ordinal: int, participant: facts.Participant, session: facts.Session
) -> Row:
    return (
        participant_id,
        ordinal,
        participant.purpose,
        participant.user_id,
        session.started_at,
        session.ended_at,
        *session[1:_REST],
    )


class Stored(NamedTuple):
    """The rows below some conversations: by table, key -> (pk, values)."""

    rows: dict[Table, dict[Key, tuple[int, Row]]]

    def conversations(self, parents: Sequence[mirror.Conversation]) -> list[facts.Conversation]:
        """Put the facts of conversations together again, in the order given."""
        segments = _below(self.rows[SEGMENTS], facts.Segment._make)
        metrics = _below(self.rows[METRICS], facts.Metric._make)
        sessions = _sessions(self.rows[SESSIONS], segments, metrics)
        participants = _participants(self.rows[PARTICIPANTS], sessions)
        surveys = _named(self.rows[SURVEYS], facts.Survey)
        evaluations = _named(self.rows[EVALUATIONS], facts.Evaluation)
        resolutions = _below(self.rows[RESOLUTIONS], facts.Resolution._make)
        return [
            facts.Conversation(
                genesys_id=parent.genesys_id,
                started_at=parent.started_at,
                ended_at=parent.ended_at,
                originating_direction=parent.originating_direction,
                external_tag=parent.external_tag,
                division_ids=tuple(parent.division_ids),
                message_type=parent.message_type,
                skill_ids=tuple(parent.skill_ids),
                language_id=parent.language_id,
                participants=tuple(participants.get(parent.pk, ())),
                surveys=tuple(surveys.get(parent.pk, ())),
                evaluations=tuple(evaluations.get(parent.pk, ())),
                resolutions=tuple(resolutions.get(parent.pk, ())),
            )
            for parent in parents
        ]


def stored(conversation_ids: Sequence[int]) -> Stored:
    """Read all rows below some conversations: one query a table, but for very many rows."""
    rows: dict[Table, dict[Key, tuple[int, Row]]] = {}
    session_ids: list[int] = []
    for table in TABLES:
        parents = session_ids if table.parent == "session_id" else conversation_ids
        rows[table] = _read(table, parents)
        if table is SESSIONS:
            session_ids = [pk for pk, _ in rows[table].values()]
    return Stored(rows)


def _read(table: Table, parents: Sequence[int]) -> dict[Key, tuple[int, Row]]:
    json_at = table.columns.index("attributes") if "attributes" in table.columns else None
    rows: dict[Key, tuple[int, Row]] = {}
    for some in bulk.portions(parents):
        found = (
            table.model._default_manager.filter(**{f"{table.parent}__in": some})
            .order_by(table.parent, "pk")
            .values_list("pk", table.parent, table.key, *table.columns)
        )
        for pk, parent, key, *values in found:
            rows[parent, key] = pk, _as_written(values, json_at)
    return rows


def _as_written(values: list[Any], json_at: int | None) -> Row:
    """Return a row as it was given to the database: JSON as text with sorted keys."""
    if json_at is not None:
        values[json_at] = msgspec.json.encode(values[json_at], order="deterministic").decode()
    return tuple(values)


def _below(rows: dict[Key, tuple[int, Row]], make: Any) -> dict[int, list[Any]]:
    """Gather leaves by parent, in the order of their ordinals."""
    found: dict[int, list[Any]] = {}
    for (parent, _), (_, values) in sorted(rows.items()):
        found.setdefault(parent, []).append(make(values))
    return found


def _named(rows: dict[Key, tuple[int, Row]], kind: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for (parent, genesys_id), (_, values) in rows.items():
        found.setdefault(parent, []).append(kind(genesys_id, *values))
    return found


def _sessions(
    rows: dict[Key, tuple[int, Row]],
    segments: dict[int, list[facts.Segment]],
    metrics: dict[int, list[facts.Metric]],
) -> dict[int, list[facts.Session]]:
    """Gather sessions by participant, in the order in which Genesys listed them."""
    found: dict[int, list[tuple[int, facts.Session]]] = {}
    for (_, genesys_id), (pk, (participant_id, ordinal, _, _, _, _, *rest)) in rows.items():
        below = (tuple(segments.get(pk, ())), tuple(metrics.get(pk, ())))
        session = facts.Session._make((genesys_id, *rest, *below))
        found.setdefault(participant_id, []).append((ordinal, session))
    return {parent: _in_order(some) for parent, some in found.items()}


def _participants(
    rows: dict[Key, tuple[int, Row]], sessions: dict[int, list[facts.Session]]
) -> dict[int, list[facts.Participant]]:
    found: dict[int, list[tuple[int, facts.Participant]]] = {}
    for (parent, genesys_id), (pk, (ordinal, *rest)) in rows.items():
        participant = facts.Participant._make((genesys_id, *rest, tuple(sessions.get(pk, ()))))
        found.setdefault(parent, []).append((ordinal, participant))
    return {parent: _in_order(some) for parent, some in found.items()}


def _in_order(some: list[tuple[int, Any]]) -> list[Any]:
    return [fact for _, fact in sorted(some, key=lambda pair: pair[0])]
