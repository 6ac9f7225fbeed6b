"""Readings that are wanted, as rows: ordered by events, claimed by one reader, settled or given up.

Any number of orders for a conversation are one row. An order that comes while the conversation is
being read moves the fence, so the reader who began before it cannot settle it.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.db.models import F

from conversations.domain import expectations
from conversations.domain.expectations import Expectation
from integrations import sql
from integrations.models import Reading, Wanted

# Longer than the longest request and a token before it.
LEASE: Final = timedelta(seconds=60)
# However many events come, a conversation is not read more often than this.
PACE: Final = timedelta(seconds=0.5)
# Analytics is told late: when to look again after the first, second, ... reading that did not show
# what events told.
DELAYS: Final = (
    timedelta(seconds=2),
    timedelta(seconds=4),
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=60),
)
# An id that Genesys refuses, and with it all that is asked along with it, is not asked for again
# before, however many events name it.
REFUSED_WAIT: Final = timedelta(minutes=15)
REFUSED: Final = "refused: "
MOST_EXPECTED: Final = 100
LONGEST_REASON: Final = 500

_TABLE: Final = Wanted._meta.db_table
_ROW: Final = "(%s, %s, %s, %s, %s, 0, 1, '')"
_WAITS: Final = f"{_TABLE}.reason LIKE '{REFUSED}%%' AND {_TABLE}.due_at > excluded.due_at"
# A row that is there already moves its fence, and keeps since when it is ordered unless given up.
_ORDER: Final = (
    f"INSERT INTO {_TABLE} "  # noqa: S608 - names of our own
    "(genesys_id, urgent, ordered_at, due_at, expects, attempts, fence, reason) VALUES {rows} "
    f"ON CONFLICT (genesys_id) DO UPDATE SET urgent = {_TABLE}.urgent OR excluded.urgent, "
    f"ordered_at = CASE WHEN {_TABLE}.given_up_at IS NULL THEN {_TABLE}.ordered_at "
    "ELSE excluded.ordered_at END, "
    f"due_at = CASE WHEN {_WAITS} THEN {_TABLE}.due_at ELSE excluded.due_at END, "
    f"attempts = CASE WHEN {_WAITS} THEN {_TABLE}.attempts ELSE 0 END, "
    f"reason = CASE WHEN {_WAITS} THEN {_TABLE}.reason ELSE '' END, "
    f"fence = {_TABLE}.fence + 1, given_up_at = NULL RETURNING genesys_id, expects"
)
_EXPECT: Final = f"UPDATE {_TABLE} SET expects = %s WHERE genesys_id = %s"  # noqa: S608 - ours


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
    leased_until: datetime


@transaction.atomic
def want(*, orders: Iterable[Order], now: datetime) -> int:
    """Order readings; return of how many conversations.

    Whatever was ordered before is asked for along with it, and looked for from the start again.
    """
    merged = _merged(orders)
    ids = sorted(merged)  # so that two who order the same ones do not wait in a ring
    for start in range(0, len(ids), sql.MOST_ROWS):
        some = [merged[one] for one in ids[start : start + sql.MOST_ROWS]]
        _add_expected(some, _ordered(some, now))
    return len(ids)


def claim(*, now: datetime, limit: int, urgent: bool = False) -> list[Claimed]:
    """Take readings that are due and that nobody makes, the urgent ones first: one statement."""
    at, until = sql.instant(now), now + LEASE
    taking = (
        f"UPDATE {_TABLE} SET leased_until = %s, fence = fence + 1 WHERE id IN "  # noqa: S608 - names of our own
        + sql.free_ones(
            f"SELECT id FROM {_TABLE} WHERE given_up_at IS NULL AND due_at <= %s "  # noqa: S608 - names of our own
            f"AND (leased_until IS NULL OR leased_until <= %s){' AND urgent' if urgent else ''} "
            "ORDER BY urgent DESC, due_at, id LIMIT %s"
        )
        + " RETURNING id, genesys_id, expects, attempts, fence"
    )
    with connection.cursor() as cursor:
        cursor.execute(taking, [sql.instant(until), at, at, limit])
        rows = cursor.fetchall()
    claimed = [
        Claimed(pk, genesys_id, _expects(told), attempts, fence, until)
        for pk, genesys_id, told, attempts, fence in rows
    ]
    return sorted(claimed, key=attrgetter("pk"))


@transaction.atomic
def settle(claimed: Collection[Claimed]) -> None:
    """Cross out readings that showed what was expected; what was ordered meanwhile stays."""
    fences = {one.pk: one.fence for one in claimed}
    done = [row.pk for row in _held(claimed) if row.fence == fences[row.pk]]
    Wanted.objects.filter(pk__in=done).delete()
    release(claimed)


@transaction.atomic
def release(claimed: Collection[Claimed]) -> None:
    """Give readings back as they were: they were not made, or are to be made again.

    An order moves the fence of a reading that is ours, but only another claim its lease: what
    another reader has claimed since is left alone.
    """
    leases = {one.pk: one.leased_until for one in claimed}
    mine = [row.pk for row in _held(claimed) if row.leased_until == leases[row.pk]]
    Wanted.objects.filter(pk__in=mine).update(leased_until=None)


def _held(claimed: Collection[Claimed]) -> list[Wanted]:
    """Lock rows, in the order in which they are ordered, and return them."""
    rows = Wanted.objects.select_for_update().filter(pk__in=[one.pk for one in claimed])
    return list(rows.order_by("genesys_id").only("fence", "leased_until"))


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


def put_off_refused(one: Claimed, *, why: str, now: datetime) -> None:
    """Leave an id in peace that Genesys refuses, also where it was ordered again meanwhile."""
    attempts = one.attempts + 1
    Wanted.objects.filter(pk=one.pk, leased_until=one.leased_until).update(
        attempts=attempts,
        due_at=now + REFUSED_WAIT,
        given_up_at=now if attempts > len(DELAYS) else None,
        reason=f"{REFUSED}{why}"[:LONGEST_REASON],
        leased_until=None,
    )


def come_back(one: Claimed, *, at: datetime) -> None:
    """Read once more at an instant: it shows what events told, and time will tell the rest."""
    mine = Wanted.objects.filter(pk=one.pk, fence=one.fence)
    if not mine.update(attempts=0, expects=[], due_at=at, reason="", leased_until=None):
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


def _ordered(orders: Sequence[Order], now: datetime) -> dict[str, list[Expectation]]:
    """Write orders down, and hold their rows; return what each row has expected until now.

    One statement, so that no reader can settle a row between the order and its being written.
    """
    read_at = _read_lately([one.genesys_id for one in orders], now)
    at, values = sql.instant(now), list[str | bool]()
    for one in orders:
        due_at = read_at.get(one.genesys_id, now - PACE) + PACE
        values += [
            one.genesys_id,
            one.urgent,
            at,
            sql.instant(max(now, due_at)),
            _json(one.expects),
        ]
    with connection.cursor() as cursor:
        cursor.execute(_ORDER.format(rows=", ".join([_ROW] * len(orders))), values)
        return {genesys_id: list(_expects(told)) for genesys_id, told in cursor.fetchall()}


def _add_expected(orders: Sequence[Order], known: Mapping[str, Sequence[Expectation]]) -> None:
    """Write down what orders expect beyond what the rows, which we hold, expected already."""
    changed = []
    for one in orders:
        before = known[one.genesys_id]
        wanted = list(dict.fromkeys((*before, *one.expects)))[-MOST_EXPECTED:]
        if wanted != before:
            changed.append((_json(wanted), one.genesys_id))
    if changed:
        with connection.cursor() as cursor:
            cursor.executemany(_EXPECT, changed)


def _read_lately(genesys_ids: Sequence[str], now: datetime) -> dict[str, datetime]:
    rows = Reading.objects.filter(conversation__genesys_id__in=genesys_ids, read_at__gt=now - PACE)
    found = rows.values_list("conversation__genesys_id", "read_at")
    return {genesys_id: at for genesys_id, at in found if at}


def _json(expects: Iterable[Expectation]) -> str:
    return json.dumps([one.plain() for one in expects])


def _expects(told: Any) -> tuple[Expectation, ...]:
    values = json.loads(told) if isinstance(told, str) else told
    return tuple(expectations.from_plain(values))
