"""Readings that are wanted, as rows: ordered by events, claimed by one reader, settled or given up.

Any number of orders for a conversation are one row. An order that comes while the conversation is
being read moves the fence, so the reader who began before it cannot settle it.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.db.models import F, Q

from chrono import instants
from conversations.domain import expectations
from conversations.domain.expectations import Expectation
from integrations.models import Reading, Wanted

# Longer than the longest request and a token before it.
LEASE: Final = timedelta(seconds=60)
# However many events come, a conversation is not read more often than this.
PACE: Final = timedelta(seconds=0.5)
# Analytics is told late: when to look again after the first, second, ... reading that did not show
# what events told.
DELAYS: Final = (
    timedelta(seconds=2),
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=60),
)
MOST_EXPECTED: Final = 100
LONGEST_REASON: Final = 500

_TABLE: Final = Wanted._meta.db_table


class Order(NamedTuple):
    """Read a conversation, and see that the reading shows this. urgent: somebody waits for it."""

    genesys_id: str
    expects: tuple[Expectation, ...] = ()
    urgent: bool = False


class Claimed(NamedTuple):
    """A wanted reading that is ours until its lease ends."""

    pk: int
    genesys_id: str
    expects: tuple[Expectation, ...]
    attempts: int
    fence: int


@transaction.atomic
def want(*, orders: Iterable[Order], now: datetime) -> int:
    """Order readings; return of how many conversations.

    Whatever was ordered before is asked for along with it, and looked for from the start again.
    """
    merged = _merged(orders)
    ids = sorted(merged)  # so that two who order the same ones do not wait in a ring
    Wanted.objects.bulk_create(
        [Wanted(genesys_id=one, ordered_at=now, due_at=now) for one in ids], ignore_conflicts=True
    )
    rows = list(
        Wanted.objects.select_for_update().filter(genesys_id__in=ids).order_by("genesys_id")
    )
    read_at = _read_lately(ids, now)
    for row in rows:
        _add(row, merged[row.genesys_id], now, read_at.get(row.genesys_id, now - PACE) + PACE)
    Wanted.objects.bulk_update(
        rows,
        ["urgent", "ordered_at", "due_at", "expects", "attempts", "fence", "reason", "given_up_at"],
    )
    return len(rows)


def claim(*, now: datetime, limit: int, urgent: bool = False) -> list[Claimed]:
    """Take readings that are due and that nobody makes, the urgent ones first.

    One statement; SQLite has one writer, and ignores SKIP LOCKED.
    """
    skip = " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    at = _spelt(now)
    sql = (
        f"UPDATE {_TABLE} SET leased_until = %s, fence = fence + 1 WHERE id IN ("  # noqa: S608 - names of our own
        f"SELECT id FROM {_TABLE} WHERE given_up_at IS NULL AND due_at <= %s "
        f"AND (leased_until IS NULL OR leased_until <= %s){' AND urgent' if urgent else ''} "
        f"ORDER BY urgent DESC, due_at, id LIMIT %s{skip}) "
        "RETURNING id, genesys_id, expects, attempts, fence"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [_spelt(now + LEASE), at, at, limit])
        rows = cursor.fetchall()
    claimed = [
        Claimed(pk, genesys_id, _expects(told), attempts, fence)
        for pk, genesys_id, told, attempts, fence in rows
    ]
    return sorted(claimed, key=attrgetter("pk"))


def settle(claimed: Collection[Claimed]) -> None:
    """Cross out readings that showed what was expected; what was ordered meanwhile stays."""
    if claimed:
        mine = Q(pk__in=())
        for one in claimed:
            mine |= Q(pk=one.pk, fence=one.fence)
        Wanted.objects.filter(mine).delete()
        release(claimed)


def release(claimed: Collection[Claimed]) -> None:
    """Give readings back as they were: they were not made, or are to be made again."""
    Wanted.objects.filter(pk__in=[one.pk for one in claimed]).update(leased_until=None)


def put_off(one: Claimed, *, lacking: Sequence[Expectation], reason: str, now: datetime) -> None:
    """Read again later, or give up after the last try: an administrator sees why, and may retry."""
    attempts = one.attempts + 1
    is_last = attempts > len(DELAYS)
    mine = Wanted.objects.filter(pk=one.pk, fence=one.fence)
    changed = mine.update(
        attempts=attempts,
        expects=[expected.plain() for expected in lacking],
        due_at=now if is_last else now + DELAYS[attempts - 1],
        given_up_at=now if is_last else None,
        reason=reason[:LONGEST_REASON],
        leased_until=None,
    )
    if not changed:
        release([one])


def retry(*, pks: Iterable[int], now: datetime) -> int:
    """Have readings made from the start again; return how many."""
    return Wanted.objects.filter(pk__in=list(pks)).update(
        attempts=0, due_at=now, given_up_at=None, leased_until=None, fence=F("fence") + 1
    )


def _merged(orders: Iterable[Order]) -> dict[str, Order]:
    merged: dict[str, Order] = {}
    for one in orders:
        known = merged.get(one.genesys_id, Order(one.genesys_id))
        expects = tuple(dict.fromkeys((*known.expects, *one.expects)))
        merged[one.genesys_id] = Order(one.genesys_id, expects, known.urgent or one.urgent)
    return merged


def _add(row: Wanted, order: Order, now: datetime, not_before: datetime) -> None:
    known = expectations.from_plain(row.expects)
    wanted = list(dict.fromkeys((*known, *order.expects)))[-MOST_EXPECTED:]
    row.expects = [one.plain() for one in wanted]
    row.urgent = row.urgent or order.urgent
    row.ordered_at = now if row.given_up_at else row.ordered_at
    row.due_at = max(now, not_before)
    row.attempts, row.reason, row.given_up_at = 0, "", None
    row.fence += 1


def _read_lately(genesys_ids: Sequence[str], now: datetime) -> dict[str, datetime]:
    rows = Reading.objects.filter(conversation__genesys_id__in=genesys_ids, read_at__gt=now - PACE)
    found = rows.values_list("conversation__genesys_id", "read_at")
    return {genesys_id: at for genesys_id, at in found if at}


def _expects(told: Any) -> tuple[Expectation, ...]:
    values = json.loads(told) if isinstance(told, str) else told
    return tuple(expectations.from_plain(values))


def _spelt(at: datetime) -> str:
    spell = instants.isoformat if connection.vendor == "postgresql" else instants.sqlformat
    return spell(at)
