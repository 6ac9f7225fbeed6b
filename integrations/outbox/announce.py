"""From Common Events to orders: whoever is to be told of one stands in the outbox afterwards."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from django.db import OperationalError, transaction
from django.db.models import QuerySet

from conversations.models import Audience, CommonEvent, Conversation
from integrations import sql
from integrations.domain.delivery import Told
from integrations.models import Destination
from integrations.outbox import orders, recall, registry
from integrations.outbox.alerts import TOPICS
from integrations.outbox.kinds import order_of

logger = logging.getLogger(__name__)

BATCH: Final = 500
# So many deliveries a transaction, about: SQLite has one writer, and others wait meanwhile.
MOST_ORDERS: Final = 2_000
_LOCK: Final = "outbox.announce"


def announce(*, now: datetime, limit: int = BATCH) -> int:
    """Order what everybody is to be told of events that wait; return how many events.

    Events are taken in the order in which they were written, by one process at a time: so each
    conversation's stand in the outbox in order. Those of waits are taken first, since their lanes
    are their own. Orders and the mark are one transaction.
    """
    if not _waiting().exists():  # asked first: a transaction takes SQLite's lock
        return 0
    with transaction.atomic():
        if not sql.alone(_LOCK):
            return 0
        destinations = list(audience())
        most = min(limit, max(1, MOST_ORDERS // max(1, len(destinations))))
        told = [told_of(row) for row in _next(most)]
        for destination in destinations:
            _order_apart(destination, told, now=now)
        recall.unsent(told=told)
        CommonEvent.objects.filter(pk__in=[one.pk for one in told]).update(announced=True)
    return len(told)


def _waiting() -> QuerySet[CommonEvent]:
    return CommonEvent.objects.filter(announced=False)


def _next(most: int) -> list[CommonEvent]:
    """Return what is announced next.

    It is held, so that what puts one right meanwhile comes after us, and has it announced again.
    """
    rows = _waiting().select_for_update(of=("self",)).select_related("conversation").order_by("pk")
    return list(rows.filter(name__in=TOPICS)[:most]) or list(rows[:most])


def _order_apart(destination: Destination, told: Sequence[Told], *, now: datetime) -> None:
    """Order what one destination is to be told, whatever its kind makes of single events.

    What it cannot order is given up with the reason, in the outbox, and holds up nobody.
    """
    try:
        with transaction.atomic():
            order(destination, told, now=now)
    except OperationalError:
        raise
    except Exception as error:
        logger.exception("outbox.not_ordered", extra={"destination": destination.pk})
        if len(told) == 1:
            reason = f"it could not be ordered ({type(error).__name__}): see the worker's log"
            orders.give_up(destination.pk, order_of(told[0]), reason=reason, now=now)
        else:
            for one in told:
                _order_apart(destination, [one], now=now)


def audience() -> QuerySet[Destination]:
    """Return whoever is to be told of anything; one that refuses us is told when it is mended."""
    return Destination.objects.exclude(mode=Destination.Mode.OFF).order_by("pk")


def order(destination: Destination, told: Sequence[Told], *, now: datetime) -> int:
    """Order what one destination is to be told of events; return how many deliveries wait."""
    wanted = list(concerning(destination, told))
    if not wanted:
        return 0
    kind = registry.kind(destination.kind)
    found = kind.orders(destination, wanted, now=now)
    return orders.write(destination_id=destination.pk, orders=found, now=now)


def told_of(row: CommonEvent) -> Told:
    """Return an event as a value."""
    return Told(
        pk=row.pk,
        name=row.name,
        subject=row.subject,
        at=row.at,
        recorded_at=row.recorded_at,
        conversation_id=row.conversation.genesys_id,
        about={**_of_conversation(row.conversation), **row.payload},
        revision=row.revision,
    )


def _of_conversation(row: Conversation) -> dict[str, str]:
    return {"mediaType": row.media_type, "queueId": row.queue_id}


def concerning(destination: Destination, told: Iterable[Told]) -> Iterator[Told]:
    """Yield the events that a destination asks for, and those that are addressed to it."""
    for event in told:
        if _is_addressed(destination, event) or _asks_for(destination, event):
            yield event


def _is_addressed(destination: Destination, event: Told) -> bool:
    """Tell whether an event names a destination, which knows what to say of it."""
    named = str(destination.pk) in event.destinations
    return named and registry.takes(destination, event.name)


def _asks_for(destination: Destination, event: Told) -> bool:
    """Tell whether a destination asks for an event; who was told of one hears it taken back."""
    about = event.about
    named = {event.name, about.get("withdraws", event.name)}
    return (
        not named.isdisjoint(destination.topics)
        and _is_in(about.get("queueId", ""), destination.queue_ids)
        and _is_in(about.get("mediaType", ""), destination.media_types)
    )


def _is_in(value: str, asked_for: Sequence[str]) -> bool:
    return not asked_for or value in asked_for


def listen(destination: Destination) -> None:
    """Have events kept for a destination, or no more: call it whenever its mode has changed."""
    if destination.mode == Destination.Mode.OFF:
        forget(destination)
    else:
        Audience.objects.get_or_create(name=_name(destination))


def forget(destination: Destination) -> None:
    """Have no events kept for a destination any more."""
    Audience.objects.filter(name=_name(destination)).delete()


def _name(destination: Destination) -> str:
    return f"destination:{destination.pk}"
