"""What the dead hold runs out as soon as nobody alive can hold it: in life that takes a minute."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from integrations.models import Delivery
from integrations.outbox.claims import LEASE


def end_those_of_the_dead(*, after: timedelta) -> None:
    """End the leases on deliveries that are so old."""
    now = datetime.now(UTC)
    held = Delivery.objects.filter(state="waiting", leased_until__gt=now)
    put(held.filter(leased_until__lt=now + LEASE - after), leased_until=now)


def put(rows: QuerySet[Any], **values: Any) -> None:
    """Change those rows that nobody holds: who waits for rows in an order of its own deadlocks."""
    if rows.exists():  # asked first: a transaction takes SQLite's lock
        with transaction.atomic():
            free = rows.select_for_update(skip_locked=True).values_list("pk", flat=True)
            rows.model._default_manager.filter(pk__in=list(free)).update(**values)
