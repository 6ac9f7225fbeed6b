"""Ordering deliveries: one row a destination and key, however often it is ordered."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F

from integrations import sql
from integrations.domain.delivery import Order
from integrations.models import Delivery

WAITING: Final = Delivery.State.WAITING
LONGEST_LANE: Final = 200


@transaction.atomic
def write(*, destination_id: int, orders: Iterable[Order], now: datetime) -> int:
    """Write orders down; return how many deliveries wait because of it.

    A key that is known changes nothing, unless its order says again and its payload differs: then
    there is a new version to send. Of two orders with one key the later counts.
    """
    wanted = {order.key: order for order in orders}
    keys = list(wanted)
    return sum(
        _write(destination_id, [wanted[key] for key in keys[start : start + sql.MOST_ROWS]], now)
        for start in range(0, len(keys), sql.MOST_ROWS)
    )


def _write(destination_id: int, orders: Sequence[Order], now: datetime) -> int:
    rows = Delivery.objects.select_for_update().filter(
        destination_id=destination_id, key__in=[order.key for order in orders]
    )
    known = {row.key: row for row in rows.order_by("pk")}
    new = [order for order in orders if order.key not in known]
    Delivery.objects.bulk_create(
        [row_of(destination_id, order, now) for order in new], ignore_conflicts=True
    )
    return len(new) + _order_again(orders, known, now)


def lane_of(order: Order) -> str:
    """Return the lane of an order: what waits for nothing has one to itself.

    So whoever claims need not look through all that waits for what has none.
    """
    return order.lane or order.key[:LONGEST_LANE]


def row_of(destination_id: int, order: Order, now: datetime) -> Delivery:
    """Return the row of an order that is new; it is not saved."""
    return Delivery(
        destination_id=destination_id,
        key=order.key,
        lane=lane_of(order),
        topic=order.topic,
        conversation_id=order.conversation_id,
        payload=dict(order.payload),
        urgent=order.urgent,
        ordered_at=now,
        due_at=order.due_at or now,
    )


def _order_again(orders: Iterable[Order], known: Mapping[str, Delivery], now: datetime) -> int:
    count = 0
    for order in orders:
        row = known.get(order.key)
        if row and order.again and row.payload != dict(order.payload):
            count += 1
            Delivery.objects.filter(pk=row.pk).update(
                payload=dict(order.payload),
                version=F("version") + 1,
                state=WAITING,
                attempts=0,
                ordered_at=now,
                due_at=order.due_at or now,
                reason="",
            )
    return count


def give_up(destination_id: int, order: Order, *, reason: str, now: datetime) -> None:
    """Write down what cannot be sent, so that somebody sees it and can send it again."""
    row = row_of(destination_id, order, now)
    row.state, row.reason = Delivery.State.DEAD, reason
    Delivery.objects.bulk_create([row], ignore_conflicts=True)


def send_again(*, pks: Iterable[int], now: datetime) -> int:
    """Send what was given up, shown or delivered once more, under its own id; return how many."""
    rows = Delivery.objects.filter(pk__in=list(pks)).exclude(state=WAITING)
    return rows.update(
        state=WAITING, attempts=0, due_at=now, leased_until=None, reason="", fence=F("fence") + 1
    )
