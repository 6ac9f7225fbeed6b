"""Deliveries that tell of an alert: whose alert it is, and how telling of it went."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final, NamedTuple

from chrono import instants
from conversations.domain.events import Name
from integrations.models import Attempt, Delivery
from sla.alerts import Deed, acknowledge
from sla.models import Alert

TOPICS: Final = tuple(name.value for name in Name if name.value.startswith("sla."))
_SEEN_TO: Final = frozenset({Delivery.State.DELIVERED, Delivery.State.SHOWN})


class Telling(NamedTuple):
    """How a delivery went. failing says why it has not got through yet, or was given up.

    next_try is when it is tried again, after so many attempts; None where it is not.
    """

    conversation_id: str
    topic: str
    subject: str
    destination_id: int
    destination: str
    kind: str
    state: str
    at: datetime
    attempts: int
    failing: str
    status: int | None
    next_try: datetime | None


def acknowledged(row: Delivery, *, by: str, at: datetime) -> int:
    """Acknowledge the alert that a delivery told of, in the name of who said so; return how many.

    Zero where it told of something else, or where the alert is somebody's or closed already.
    """
    about = row.payload.get("about", {})
    try:
        round_at = instants.parse(about["startedAt"])
    except (KeyError, ValueError):
        return 0
    found = Alert.objects.filter(
        conversation__genesys_id=row.conversation_id, kind=about.get("clock"), round_at=round_at
    )
    where = f"in {row.destination.name}"
    return acknowledge(alerts=list(found.values_list("pk", flat=True)), deed=Deed(by, at, where))


def tellings(conversation_ids: Collection[str]) -> list[Telling]:
    """Read how telling of alerts went, by the conversations' Genesys ids: two queries."""
    rows = Delivery.objects.filter(conversation_id__in=conversation_ids, topic__in=TOPICS)
    told = [
        row
        for row in rows.select_related("destination").order_by("ordered_at", "pk")
        if row.key.startswith(f"{row.conversation_id}:{row.topic}:")  # not a change of a message
    ]
    status = _statuses(row.pk for row in told if row.state not in _SEEN_TO)
    return [_telling(row, status.get(row.pk)) for row in told]


def _telling(row: Delivery, status: int | None) -> Telling:
    failing = _failing(row)
    waiting = row.state == Delivery.State.WAITING and not row.destination.disabled_at
    return Telling(
        conversation_id=row.conversation_id,
        topic=row.topic,
        subject=row.payload.get("subject", ""),
        destination_id=row.destination_id,
        destination=row.destination.name,
        kind=row.destination.kind,
        state=row.state,
        at=row.delivered_at or row.ordered_at,
        attempts=row.attempts,
        failing=failing,
        status=status if failing else None,
        next_try=row.due_at if waiting and failing else None,
    )


def _failing(row: Delivery) -> str:
    """Return why a delivery has not got through, or "" where it has, or nothing is wrong yet."""
    if row.state in _SEEN_TO:
        return ""
    if row.state == Delivery.State.DEAD:
        return row.reason or "given up"
    if row.destination.disabled_at:
        return f"stopped: {row.destination.disabled_reason}"
    return row.reason if row.attempts else ""


def _statuses(deliveries: Iterable[int]) -> dict[int, int]:
    """Return what HTTP said last of deliveries, by primary key."""
    tries = Attempt.objects.filter(delivery__in=list(deliveries)).order_by("pk")
    return {pk: status for pk, status in tries.values_list("delivery_id", "status") if status}
