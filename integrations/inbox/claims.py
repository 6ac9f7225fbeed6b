"""Who works on which items: a lease and a fence in the row, taken by one UPDATE … RETURNING.

Attempts are counted at the claim, so that an item which kills its worker is counted too. What was
claimed before and never finished is claimed alone from then on: it may be what killed the worker,
and what was claimed beside it must not be blamed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import F, QuerySet

from integrations import sql
from integrations.models import InboxItem, Source

LEASE: Final = timedelta(seconds=30)
MOST_ATTEMPTS: Final = 5
# The pause after the first, second, ... failure.
PAUSES: Final = (timedelta(seconds=2), timedelta(seconds=10), timedelta(minutes=1))
LAST_PAUSE: Final = timedelta(minutes=5)
# Nothing is ever put off for longer: what is due later was received by a clock that was ahead.
AHEAD: Final = 2 * LAST_PAUSE
LONGEST_REASON: Final = 1000
DIED: Final = (
    f"the worker died {MOST_ATTEMPTS} times while it worked on this, or its work was lost"
    " each time: look at the worker's log, then replay it"
)

_TABLE: Final = InboxItem._meta.db_table
_FREE: Final = "state = 'waiting' AND due_at <= %s AND (leased_until IS NULL OR leased_until <= %s)"


class Claimed(NamedTuple):
    """An item that is ours until its lease ends."""

    pk: int
    source_id: int
    kind: str
    body: bytes
    attempts: int
    fence: int


def claim(*, now: datetime, limit: int) -> list[Claimed]:
    """Take items that nobody works on, oldest first; empty where there are none.

    Either new ones, or a single one that somebody has worked on before.
    """
    claimed = _claim("attempts = 0", now, limit) or _claim("attempts > 0", now, 1)
    return sorted(claimed, key=lambda item: item.pk)


def make_due(*, now: datetime) -> int:
    """Make due what lies too far ahead, as after a clock was set back; return how many items."""
    ahead = InboxItem.objects.filter(state=InboxItem.State.WAITING, due_at__gt=now + AHEAD)
    return ahead.update(due_at=now)


def _claim(which: str, now: datetime, limit: int) -> list[Claimed]:
    """Claim in one statement."""
    at = sql.instant(now)
    taking = (
        f"UPDATE {_TABLE} SET leased_until = %s, fence = fence + 1, attempts = attempts + 1 "  # noqa: S608 - names of our own
        "WHERE id IN "
        + sql.free_ones(
            f"SELECT id FROM {_TABLE} WHERE {_FREE} AND {which} "  # noqa: S608 - names of our own
            "ORDER BY due_at, id LIMIT %s"
        )
        + " RETURNING id, source_id, body, attempts, fence"
    )
    with connection.cursor() as cursor:
        cursor.execute(taking, [sql.instant(now + LEASE), at, at, limit])
        rows = cursor.fetchall()
    kinds = _kinds({row[1] for row in rows})
    return [
        Claimed(pk, source_id, kinds[source_id], bytes(body), attempts, fence)
        for pk, source_id, body, attempts, fence in rows
    ]


def _kinds(source_ids: set[int]) -> dict[int, str]:
    if not source_ids:
        return {}
    return dict(Source.objects.filter(pk__in=source_ids).values_list("pk", "kind"))


def hold(items: Sequence[Claimed]) -> list[Claimed]:
    """Lock items to the end of the transaction; return those that are still ours.

    Who holds an item may finish it: nobody can take it away before the commit.
    """
    rows = InboxItem.objects.filter(
        pk__in=[item.pk for item in items], state=InboxItem.State.WAITING
    )
    fences = dict(rows.select_for_update().order_by("pk").values_list("pk", "fence"))
    return [item for item in items if fences.get(item.pk) == item.fence]


def done(items: Sequence[Claimed], *, now: datetime) -> None:
    """Mark items that are held as worked through."""
    InboxItem.objects.filter(pk__in=[item.pk for item in items]).update(
        state=InboxItem.State.DONE, processed_at=now, leased_until=None, reason=""
    )


def release(items: Iterable[Claimed], *, now: datetime) -> int:
    """Give items back as if they had never been claimed; return how many were still ours."""
    due_at = now + PAUSES[0]
    return sum(
        _mine(item).update(leased_until=None, attempts=item.attempts - 1, due_at=due_at)
        for item in items
    )


def quarantine(item: Claimed, *, reason: str, now: datetime) -> bool:
    """Set an item aside until an administrator replays it; False where it is no longer ours."""
    return bool(
        _mine(item).update(
            state=InboxItem.State.QUARANTINED,
            reason=reason[:LONGEST_REASON],
            leased_until=None,
            processed_at=now,
        )
    )


def put_off(item: Claimed, *, reason: str, now: datetime) -> bool:
    """Write down a failure and try again later; return False where it was the last attempt."""
    if item.attempts >= MOST_ATTEMPTS:
        quarantine(item, reason=reason, now=now)
        return False
    pause = dict(enumerate(PAUSES, start=1)).get(item.attempts, LAST_PAUSE)
    _mine(item).update(leased_until=None, reason=reason[:LONGEST_REASON], due_at=now + pause)
    return True


def replay(*, pks: Iterable[int], now: datetime) -> int:
    """Have quarantined items worked through anew, as if they had just come; return how many."""
    rows = InboxItem.objects.filter(pk__in=list(pks), state=InboxItem.State.QUARANTINED)
    return rows.update(
        state=InboxItem.State.WAITING,
        attempts=0,
        due_at=now,
        leased_until=None,
        processed_at=None,
        fence=F("fence") + 1,
    )


def _mine(item: Claimed) -> QuerySet[InboxItem]:
    return InboxItem.objects.filter(pk=item.pk, fence=item.fence, state=InboxItem.State.WAITING)
