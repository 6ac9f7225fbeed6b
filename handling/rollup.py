"""The daily rollup: handle time by day of completion, agent, queue and medium."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import TypeAlias

from handling.models import AgentHandling, DailyHandling

BATCH = 500
_SUMMED = (
    "gross_ms",
    "adjusted_ms",
    "interrupted_ms",
    "other_hold_ms",
    "acw_ms",
    "shared_ms",
)
_COLUMNS = ("handled", "interrupted", *_SUMMED)

_Key: TypeAlias = tuple[date, str, str]  # day, queue, medium


def roll(user_id: str, days: Collection[date | None]) -> int:
    """Sum up one agent's days anew; return how many rows were written.

    What took no handle time, such as an unanswered ring, was not handled and does not count.
    """
    chosen = [day for day in days if day is not None]
    wanted: dict[_Key, DailyHandling] = {}
    stored: dict[_Key, DailyHandling] = {}
    for at in range(0, len(chosen), BATCH):
        batch = chosen[at : at + BATCH]
        wanted |= _summed(user_id, batch)
        for row in DailyHandling.objects.filter(user_id=user_id, date__in=batch):
            stored[row.date, row.queue_id, row.media_type] = row
    return _write(stored, wanted)


def days_of(user_id: str) -> set[date | None]:
    """Return the days that one agent has handle time or sums on."""
    rows = AgentHandling.objects.filter(user_id=user_id).values_list("completed_on", flat=True)
    sums = DailyHandling.objects.filter(user_id=user_id).values_list("date", flat=True)
    return {*rows.distinct(), *sums.distinct()}


def _summed(user_id: str, days: list[date]) -> dict[_Key, DailyHandling]:
    sums: dict[_Key, list[int]] = defaultdict(lambda: [0] * len(_COLUMNS))
    rows = AgentHandling.objects.filter(user_id=user_id, completed_on__in=days, gross_ms__gt=0)
    for day, queue_id, media_type, *figures in rows.values_list(
        "completed_on", "queue_id", "media_type", *_SUMMED
    ):
        total = sums[day, queue_id, media_type]
        interrupted = figures[_SUMMED.index("interrupted_ms")] > 0
        for at, figure in enumerate((1, int(interrupted), *figures)):
            total[at] += figure
    return {
        (day, queue_id, media_type): DailyHandling(
            date=day,
            user_id=user_id,
            queue_id=queue_id,
            media_type=media_type,
            **dict(zip(_COLUMNS, total, strict=True)),
        )
        for (day, queue_id, media_type), total in sums.items()
    }


def _write(stored: dict[_Key, DailyHandling], wanted: dict[_Key, DailyHandling]) -> int:
    created = [row for key, row in wanted.items() if key not in stored]
    updated = []
    for key, row in wanted.items():
        old = stored.get(key)
        if old is not None and _says(old) != _says(row):
            row.pk = old.pk
            updated.append(row)
    gone = [row.pk for key, row in stored.items() if key not in wanted]
    DailyHandling.objects.bulk_create(created, batch_size=BATCH)
    DailyHandling.objects.bulk_update(updated, _COLUMNS, batch_size=BATCH)
    for at in range(0, len(gone), BATCH):
        DailyHandling.objects.filter(pk__in=gone[at : at + BATCH]).delete()
    return len(created) + len(updated) + len(gone)


def _says(row: DailyHandling) -> tuple[int, ...]:
    return tuple(getattr(row, name) for name in _COLUMNS)
