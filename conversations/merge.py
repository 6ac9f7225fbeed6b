"""Bringing the tables below conversations to what snapshots say, row by row and set-wise.

A row that vanished upstream is deleted, one that changed is written anew, the others are not
touched. Participants and sessions keep their pk for life.
"""

from collections.abc import Iterable, Sequence

from conversations import bulk, tables
from conversations.domain import facts
from conversations.tables import (
    METRICS,
    PARTICIPANTS,
    SEGMENTS,
    SESSIONS,
    TABLES,
    Key,
    Row,
    Stored,
    Table,
)

# Rows as they should be: pk where the table has children, both columns of the key, values.
Wanted = list[Row]


def write(pairs: Sequence[tuple[int, facts.Conversation]], stored: Stored | None) -> None:
    """Make the rows below each conversation (pk, facts) what its facts say.

    stored is what the tables hold of these conversations; None where they are new.
    """
    for table, wanted in _wanted(pairs, stored).items():
        news = _news(table, wanted, stored.rows[table]) if stored else wanted
        if news:
            bulk.insert(table.model, _columns(table), news)


def _news(table: Table, wanted: Wanted, known: dict[Key, tuple[int, Row]]) -> Wanted:
    """Return the rows to write; delete those that vanished and those that changed.

    Foreign keys are checked at commit, so a parent may go and come back in between.
    """
    gone = dict(known)
    news = []
    at = 1 if table.has_children else 0
    for row in wanted:
        key, values = row[at : at + 2], row[at + 2 :]
        if key in known and known[key][1] == values:
            del gone[key]
        else:
            news.append(row)
    bulk.delete(table.model, [pk for pk, _ in gone.values()])
    return news


def _columns(table: Table) -> tuple[str, ...]:
    columns = (table.parent, table.key, *table.columns)
    return ("id", *columns) if table.has_children else columns


def _wanted(
    pairs: Sequence[tuple[int, facts.Conversation]], stored: Stored | None
) -> dict[Table, Wanted]:
    """Return every row that these conversations should have, parents before children."""
    wanted: dict[Table, Wanted] = {table: [] for table in TABLES}
    people = [
        ((pk, participant.genesys_id), ordinal, participant)
        for pk, conversation in pairs
        for ordinal, participant in enumerate(conversation.participants)
    ]
    pks = _pks(PARTICIPANTS, (key for key, _, _ in people), stored)
    sessions: list[tuple[Key, int, int, facts.Participant, facts.Session]] = []
    for key, ordinal, participant in people:
        pk = pks[key]
        wanted[PARTICIPANTS].append((pk, *key, *tables.participant_row(ordinal, participant)))
        sessions += [
            ((key[0], session.genesys_id), pk, number, participant, session)
            for number, session in enumerate(participant.sessions)
        ]
    pks = _pks(SESSIONS, (key for key, *_ in sessions), stored)
    segments, metrics = wanted[SEGMENTS], wanted[METRICS]
    for key, participant_id, number, participant, session in sessions:
        pk = pks[key]
        row = tables.session_row(participant_id, number, participant, session)
        wanted[SESSIONS].append((pk, *key, *row))
        segments += [(pk, n, *leaf) for n, leaf in enumerate(session.segments)]
        metrics += [(pk, n, *leaf) for n, leaf in enumerate(session.metrics)]
    for pk, conversation in pairs:
        _add_late_arrivals(wanted, pk, conversation)
    return wanted


def _add_late_arrivals(
    wanted: dict[Table, Wanted], pk: int, conversation: facts.Conversation
) -> None:
    for survey in conversation.surveys:
        wanted[tables.SURVEYS].append((pk, *survey))
    for evaluation in conversation.evaluations:
        wanted[tables.EVALUATIONS].append((pk, *evaluation))
    for ordinal, resolution in enumerate(conversation.resolutions):
        wanted[tables.RESOLUTIONS].append((pk, ordinal, *resolution))


def _pks(table: Table, keys: Iterable[Key], stored: Stored | None) -> dict[Key, int]:
    """Return the pk of each key: the one it has, else a new one."""
    known = stored.rows[table] if stored else {}
    found = {key: known[key][0] if key in known else None for key in keys}
    missing = [key for key, pk in found.items() if pk is None]
    fresh = bulk.new_ids(table.model, len(missing)) if missing else iter(())
    return {key: next(fresh) if pk is None else pk for key, pk in found.items()}
