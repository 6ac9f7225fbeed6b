"""Who sends which deliveries: a lease and a fence in the row, taken by one UPDATE … RETURNING.

The destination's row is held while its deliveries are claimed: so its pace, and how many are under
way at a time, hold across all processes. Attempts are counted at the claim. A lease that ran out
tells that somebody died, or was too slow, between sending and noting it: then nobody knows whether
it got through.
"""

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from integrations import sql
from integrations.domain.delivery import BREAKS_AFTER, PROBE, Pace, Parcel
from integrations.models import Delivery, Destination
from integrations.outbox import lanes

# Longer than any kind takes to send: integrations.outbound caps a call at ten seconds.
LEASE: Final = timedelta(seconds=60)
# Of what is urgent: two calls, for a kind that looks first whether it got through.
URGENT_LEASE: Final = timedelta(seconds=25)
# However long nothing was sent, no more than this is sent at once: a second's worth.
BURST: Final = timedelta(seconds=1)
SENDING: Final = (Destination.Mode.SHADOW, Destination.Mode.LIVE)

# The branch that is never taken tells PostgreSQL what the others are.
_LEASED: Final = "CASE WHEN urgent THEN %s WHEN NOT urgent THEN %s ELSE due_at END"
_TAKE: Final = (
    f"UPDATE {lanes.TABLE} SET in_doubt = (in_doubt OR leased_until IS NOT NULL), "  # noqa: S608 - names of our own
    f"leased_until = {_LEASED}, fence = fence + 1, attempts = attempts + 1 WHERE id IN ("
    f"SELECT id FROM {lanes.TABLE} WHERE id IN ({{marks}}) AND {lanes.FREE} "
    "ORDER BY id{skip_locked}) RETURNING id, key, topic, conversation_id, payload, version, "
    "attempts, in_doubt, remote_id, fence, destination_id"
)


class Taken(NamedTuple):
    """A destination as it is now (None: it may be sent nothing), and what was claimed for it.

    is_all: nothing else can be claimed before something that is under way has come back.
    """

    destination: Destination | None = None
    parcels: tuple[Parcel, ...] = ()
    is_all: bool = True


class Work(NamedTuple):
    """A destination for which something is due, and when its pace allows the next one."""

    destination_id: int
    kind: str
    next_at: datetime


def with_work(*, now: datetime, without: Collection[int] = ()) -> list[Work]:
    """Return the destinations for which something is due, and that may be sent it within BURST.

    What is due may still wait for another of its lane: claim tells. `without` are not looked at.
    """
    due = Delivery.objects.filter(
        Q(leased_until=None) | Q(leased_until__lte=now),
        destination=OuterRef("pk"),
        state=Delivery.State.WAITING,
        due_at__lte=now,
    )
    rows = _open(now + BURST).exclude(pk__in=without).filter(Exists(due)).order_by("pk")
    return [
        Work(pk, kind, max(now, next_at or now, open_until or now))
        for pk, kind, next_at, open_until in rows.values_list("pk", "kind", "next_at", "open_until")
    ]


def _open(now: datetime) -> QuerySet[Destination]:
    return Destination.objects.filter(
        Q(open_until=None) | Q(open_until__lte=now),
        Q(next_at=None) | Q(next_at__lte=now),
        mode__in=SENDING,
        disabled_at=None,
    )


def presses(destination_id: int) -> bool:
    """Tell whether something urgent waits for a destination."""
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING, urgent=True)
    return waiting.filter(destination=destination_id).exists()


def hurry(*, now: datetime) -> None:
    """Have whoever is away asked after soon where something urgent has come to wait for him."""
    away = Destination.objects.filter(open_until__gt=now + PROBE)
    for pk in away.values_list("pk", flat=True):
        if presses(pk):
            away.filter(pk=pk).update(open_until=now + PROBE)


def claim(
    *, destination_id: int, pace: Pace, now: datetime, most: int | None = None
) -> tuple[Parcel, ...]:
    """Take what a destination may be sent now, oldest first; empty where its pace is used up.

    most is how many the caller can carry.
    """
    return take(destination_id=destination_id, pace=pace, now=now, most=most).parcels


@transaction.atomic
def take(*, destination_id: int, pace: Pace, now: datetime, most: int | None = None) -> Taken:
    """Claim, and return the destination as it is now beside what was claimed."""
    row = hold(_open(now), destination_id)
    if row is None:
        return Taken()
    free = _free(row, pace, now)
    limit = min(free, _by_rate(row, pace, now), free if most is None else most)
    found = lanes.first(destination_id, now=now, limit=limit) if limit > 0 else []
    taken = _take(found, now) if found else []
    if taken:
        since = max(row.next_at or now, now - BURST)
        row.next_at = since + timedelta(seconds=len(taken) / pace.per_s)
        row.save(update_fields=["next_at"])
    parcels = sorted(taken, key=lambda parcel: parcel.pk)
    return Taken(row, tuple(parcels), is_all=len(found) < limit or limit in {0, free})


def hold(rows: QuerySet[Destination], pk: int) -> Destination | None:
    """Return this one of some destinations, held to the end of the transaction; None: not there.

    What points to it may be written meanwhile.
    """
    return rows.select_for_update(no_key=True).filter(pk=pk).first()


def _take(pks: list[int], now: datetime) -> list[Parcel]:
    """Take what is still free; who holds a row just now is ordering it anew."""
    statement = _TAKE.format(marks=", ".join(["%s"] * len(pks)), skip_locked=sql.skip_locked())
    at = sql.instant(now)
    with connection.cursor() as cursor:
        leases = [sql.instant(now + lease) for lease in (URGENT_LEASE, LEASE)]
        cursor.execute(statement, [*leases, *pks, at, at])
        return [_parcel(columns) for columns in cursor.fetchall()]


def _free(row: Destination, pace: Pace, now: datetime) -> int:
    """Return how many may be under way beside what is; one that failed lately is tried with one."""
    calls = _under_way(row, pace, now)
    if row.failures >= BREAKS_AFTER:
        return 1 if calls == 0 else 0
    return (pace.at_once - calls) * pace.batch


def _by_rate(row: Destination, pace: Pace, now: datetime) -> int:
    """Return how many a destination's pace allows now: at least one, since its time has come."""
    since = max(row.next_at or now - BURST, now - BURST)
    return max(1, int((now - since).total_seconds() * pace.per_s))


def _under_way(row: Destination, pace: Pace, now: datetime) -> int:
    """Return how many calls are under way: what was claimed together has one lease."""
    leased = Delivery.objects.filter(destination=row, leased_until__gt=now)
    claims = leased.values_list("leased_until").annotate(Count("pk")).order_by()
    return sum(-(-count // pace.batch) for _, count in claims)


def _parcel(columns: tuple[Any, ...]) -> Parcel:
    parcel = Parcel._make(columns)
    payload: Any = parcel.payload  # PostgreSQL's driver reads JSON, SQLite's leaves it as text
    known = json.loads(payload) if isinstance(payload, str) else payload
    return parcel._replace(payload=known, in_doubt=bool(parcel.in_doubt))
