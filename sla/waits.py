"""Writing waits that are over: what reports count. They follow from the mirror as clocks do."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from conversations import bulk
from sla.domain.fold import Standing
from sla.models import Wait
from sla.subjects import Subject

Key = tuple[int, str, datetime]  # conversation, kind, start
_KEY: Final = ("conversation_id", "kind", "started_at")
_COLUMNS: Final = (
    *("policy_id", "ended_at", "target_s", "elapsed_ms", "paused_ms", "met"),
    *("queue_id", "user_id"),
)
_MS: Final = timedelta(milliseconds=1)
_SECOND: Final = timedelta(seconds=1)


def of(
    conversation: Subject, policy_pk: int, standing: Standing
) -> Iterable[tuple[Key, tuple[Any, ...]]]:
    """Yield a conversation's waits that are over: their keys and the other columns."""
    for wait in standing.finished:
        yield (
            (conversation.pk, str(wait.kind), wait.started_at),
            (
                policy_pk,
                wait.since,
                wait.target // _SECOND,
                wait.elapsed // _MS,
                wait.paused // _MS,
                wait.elapsed <= wait.target,
                conversation.queue_id,
                wait.ended_by,
            ),
        )


def put_down(waits: Mapping[Key, tuple[Any, ...]], pks: Collection[int]) -> None:
    """Write the waits that differ from what the table has, and delete those that are no more.

    Whoever calls holds the conversations (pks): nobody else writes of them meanwhile.
    """
    rows = Wait.objects.filter(bulk.Among("conversation_id", pks))
    known = {
        (pk, kind, started_at): (row, tuple(values))
        for row, pk, kind, started_at, *values in rows.values_list("pk", *_KEY, *_COLUMNS)
    }
    new = [(*key, *values) for key, values in waits.items() if key not in known]
    changed = [
        (*values, known[key][0])
        for key, values in waits.items()
        if key in known and known[key][1] != values
    ]
    gone = [row for key, (row, _) in known.items() if key not in waits]
    if new:
        bulk.insert(Wait, (*_KEY, *_COLUMNS), new)
    if changed:
        bulk.update(Wait, _COLUMNS, changed)
    for some in bulk.portions(gone):
        Wait.objects.filter(pk__in=some).delete()
