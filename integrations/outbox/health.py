"""How each destination does: for the health page and monitors. Reads rows, writes none."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Count, Min, QuerySet

from integrations.models import Delivery
from integrations.models import Destination as DestinationRow
from integrations.outbox import registry
from integrations.states import BACKLOG_LATE, BACKLOG_STUCK, State, judged


class Destination(NamedTuple):
    """Somebody whom we tell. stopped says why it is sent nothing any more, or is "".

    label is its kind's. failing says why it failed last, or is "" where something got through
    since; it is not tried before next_try, where that is known. shown: only rendered, not sent.
    """

    pk: int
    name: str
    kind: str
    label: str
    mode: str
    state: State
    waiting: int
    oldest: datetime | None
    given_up: int
    shown: int
    delivered_at: datetime | None
    stopped: str
    failing: str
    failures: int
    next_try: datetime | None


def destinations(*, now: datetime) -> Iterator[Destination]:
    """Yield all destinations by their names: four queries."""
    waiting = _waiting()
    given_up, shown = _counts(Delivery.State.DEAD), _counts(Delivery.State.SHOWN)
    for row in DestinationRow.objects.order_by("name", "pk"):
        queue = waiting.get(row.pk, _EMPTY)
        yield Destination(
            pk=row.pk,
            name=row.name,
            kind=row.kind,
            label=registry.label_of(row.kind),
            mode=row.mode,
            state=_sending(row, queue.oldest, now),
            waiting=queue.many,
            oldest=queue.oldest,
            given_up=given_up.get(row.pk, 0),
            shown=shown.get(row.pk, 0),
            delivered_at=row.delivered_at,
            stopped=row.disabled_reason if row.disabled_at else "",
            failing=row.failed_reason if row.failures else "",
            failures=row.failures,
            next_try=_next_try(row, queue.due),
        )


class _Queue(NamedTuple):
    """What waits for a destination; when the first of it was ordered, and is due."""

    many: int = 0
    oldest: datetime | None = None
    due: datetime | None = None


_EMPTY: Final = _Queue()


def _waiting() -> dict[int, _Queue]:
    rows = _of(Delivery.State.WAITING).annotate(Count("pk"), Min("ordered_at"), Min("due_at"))
    return {pk: _Queue(*told) for pk, *told in rows}


def _counts(state: Delivery.State) -> dict[int, int]:
    return dict(_of(state).annotate(Count("pk")))


def _of(state: Delivery.State) -> QuerySet[Any, tuple[Any, ...]]:
    """Return the destinations of what is in a state: an index leads to it, and to no other.

    Most of all deliveries have got through, and a look at them all would take seconds.
    """
    rows = Delivery.objects.filter(state=state).order_by()
    return rows.values_list("destination_id")


def _next_try(row: DestinationRow, due: datetime | None) -> datetime | None:
    """Return when what waits at a destination that fails is tried next."""
    if not row.failures or row.disabled_at or due is None:
        return None
    return max(due, row.open_until or due)


def _sending(row: DestinationRow, oldest: datetime | None, now: datetime) -> State:
    """Judge a destination: stopped or cut off, behind, not used yet, or all right."""
    if row.mode == DestinationRow.Mode.OFF:
        return State.OK
    age = now - oldest if oldest else timedelta()
    failing = row.disabled_at is not None or row.open_until is not None
    return judged(
        row.delivered_at or (now if row.mode == DestinationRow.Mode.SHADOW else None),
        now if failing or age > BACKLOG_STUCK else None,
        overdue=age > BACKLOG_LATE,
    )
