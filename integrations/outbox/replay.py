"""Telling again: what was told of some events goes out once more, in order, under its own ids."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import dropwhile
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from conversations import bulk
from conversations.models import CommonEvent
from integrations.domain.delivery import Order
from integrations.models import Delivery, Destination
from integrations.outbox import announce, orders, registry

BATCH: Final = 200
WAITING: Final = Delivery.State.WAITING


class Replayed(NamedTuple):
    """How much was, or would be, told again and for the first time; what waits does not count."""

    conversations: int = 0
    events: int = 0
    again: int = 0
    new: int = 0

    def __add__(self, other: object) -> "Replayed":
        if not isinstance(other, Replayed):
            return NotImplemented
        return Replayed(*(a + b for a, b in zip(self, other, strict=True)))


def told_between(start: datetime, end: datetime) -> QuerySet[CommonEvent]:
    """Return the events that the mirror learned of from start up to, and without, end."""
    return _told().filter(recorded_at__gte=start, recorded_at__lt=end)


def told_of(genesys_ids: Iterable[str]) -> QuerySet[CommonEvent]:
    """Return the events of conversations."""
    return _told().filter(conversation__genesys_id__in=list(genesys_ids))


def _told() -> QuerySet[CommonEvent]:
    """History was nobody's news and is not told now."""
    return CommonEvent.objects.filter(historic=False)


def replay(
    events: QuerySet[CommonEvent],
    destinations: Sequence[Destination],
    *,
    now: datetime,
    dry: bool = False,
) -> Iterator[Replayed]:
    """Order events once more for destinations; yield what was done so far, batch by batch.

    Each batch of conversations is a transaction. dry counts and writes nothing.
    """
    done, last = Replayed(), 0
    of_batch = events.order_by("conversation_id").values_list("conversation_id", flat=True)
    while pks := list(of_batch.filter(conversation_id__gt=last).distinct()[:BATCH]):
        last = pks[-1]
        rows = list(events.filter(conversation_id__in=pks).select_related("conversation"))
        rows.sort(key=lambda row: row.pk)
        done += Replayed(conversations=len(pks), events=len(rows))
        for destination in destinations:
            done += _replay(destination, rows, now, dry=dry)
        yield done


@transaction.atomic
def _replay(
    destination: Destination, rows: Sequence[CommonEvent], now: datetime, *, dry: bool
) -> Replayed:
    # As if each was told for the first time: what it was corrected to is what it says now.
    told = [announce.told_of(row)._replace(revision=0) for row in rows]
    concerning = list(announce.concerning(destination, told))
    found = registry.kind(destination.kind).orders(destination, concerning, now=now)
    wanted = {order.key: order for order in found}
    held = Delivery.objects.select_for_update().filter(destination=destination, key__in=wanted)
    known = {row.key: row for row in held.order_by("pk")}
    new = len(wanted) - len(known)
    if dry:
        return Replayed(again=sum(row.state != WAITING for row in known.values()), new=new)
    tails = [order for lane in _lanes(wanted.values()) for order in _tail(lane, known)]
    if tails:
        _put_behind(destination.pk, tails, known, now)
    return Replayed(again=orders.send_again(pks=[r.pk for r in known.values()], now=now), new=new)


def _lanes(wanted: Iterable[Order]) -> Iterable[list[Order]]:
    lanes: dict[str, list[Order]] = {}
    for order in wanted:
        lanes.setdefault(order.lane or order.key, []).append(order)
    return lanes.values()


def _tail(lane: Sequence[Order], known: Mapping[str, Delivery]) -> Iterator[Order]:
    """Yield what of a lane needs a place behind the others: from the first that is missing on.

    Within a lane the places (primary keys) say who goes first. What is under way keeps its own.
    """
    for order in dropwhile(lambda order: order.key in known, lane):
        row = known.get(order.key)
        if row is None or row.leased_until is None:
            yield order


def _put_behind(
    destination_id: int, tails: Sequence[Order], known: Mapping[str, Delivery], now: datetime
) -> None:
    """Write orders in the places behind all others; those that are known move there."""
    rows = [known.get(o.key) or orders.row_of(destination_id, o, now) for o in tails]
    left = [row.pk for row in rows]
    bulk.delete(Delivery, [pk for pk in left if pk])
    for row, place in zip(rows, bulk.new_ids(Delivery, len(rows)), strict=True):
        row.pk = place
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    for pk, row in zip(left, rows, strict=True):
        if pk:
            _take_along(pk, row.pk)


def _take_along(pk: int, place: int) -> None:
    """Have everything that names a delivery name it by its other place."""
    for relation in Delivery._meta.related_objects:
        name = relation.field.name
        rows = relation.related_model._default_manager.filter(**{name: pk})
        rows.update(**{name: place})
