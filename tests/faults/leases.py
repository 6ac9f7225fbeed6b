"""What the dead hold runs out as soon as nobody alive can hold it: in life that takes a minute."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import QuerySet

from integrations.models import Delivery
from integrations.outbox.claims import LEASE, URGENT_LEASE


def end_those_of_the_dead(*, after: timedelta) -> None:
    """End the leases on deliveries that are so old."""
    now = datetime.now(UTC)
    held = Delivery.objects.filter(state="waiting", leased_until__gt=now)
    for urgent, lease in ((False, LEASE), (True, URGENT_LEASE)):
        old = held.filter(urgent=urgent, leased_until__lt=now + lease - after)
        put(old, leased_until=now)


def put(rows: QuerySet[Any], **values: Any) -> None:
    """Change those rows that nobody holds: who waits for rows in an order of its own deadlocks."""
    if rows.exists():  # asked first: a transaction takes SQLite's lock
        patiently(lambda: _put(rows, values))


def patiently(work: Callable[[], Any]) -> None:
    """Do something in a transaction, as often as SQLite's one place is taken meanwhile."""
    while True:
        try:
            with transaction.atomic():
                work()
        except OperationalError as error:
            if "locked" not in str(error):
                raise
        else:
            return


def _put(rows: QuerySet[Any], values: dict[str, Any]) -> None:
    free = rows.select_for_update(skip_locked=True).values_list("pk", flat=True)
    rows.model._default_manager.filter(pk__in=list(free)).update(**values)
