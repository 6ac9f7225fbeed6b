"""Timers of SLA clocks: their conversations are read once more before anybody is told of them.

SLA knows no network, so it says which timers are due and fires those that it is told to; here it is
found out what Genesys says meanwhile.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from django.conf import settings
from django.db import DatabaseError, transaction

from conversations.bulk import Among
from integrations import sql
from integrations.genesys import orders, wanted, writers
from integrations.genesys.correspondence import READERS
from integrations.genesys.orders import Order
from integrations.models import Reading
from sla import firing
from sla.firing import Asked
from sla.telling import Due

logger = logging.getLogger(__name__)

# Where no reading comes about within this time, it is told without: "not verified".
CHECK_FOR: Final = timedelta(seconds=30)
BATCH: Final = 1_000
_LOCK: Final = "timers.ask"


class Read(NamedTuple):
    """When a conversation was read last, and when who wrote in it."""

    media_type: str
    read_at: datetime | None
    messages_read_at: datetime | None

    def since(self, asked_at: datetime) -> bool:
        """Tell whether all that a clock depends on was read after an instant."""
        wrote = self.messages_read_at if self.media_type in READERS else self.read_at
        return all(at is not None and at >= asked_at for at in (self.read_at, wrote))


def check_timers(*, now: datetime) -> int:
    """Ask about timers that are due, and fire those of which it is known; return how many fired.

    Safe to run twice, and by any number of processes at once: a timer fires once. One that cannot
    be fired holds back no other; what is wrong with the first such one is raised at the end.
    """
    _ask(now)
    asked = firing.checking()
    portions = (asked[start : start + BATCH] for start in range(0, len(asked), BATCH))
    judged = (dict(_judged(some, now)) for some in portions)
    wrong: list[Exception] = []
    fired = sum(_fire(some, now, wrong) for some in judged if some)
    if wrong:
        raise wrong[0]
    return fired


def _fire(some: Mapping[int, bool], now: datetime, wrong: list[Exception]) -> int:
    """Fire timers; where that fails halve them until the one is alone that is to blame."""
    try:
        return firing.fire(verified=some, now=now)
    except DatabaseError:  # nobody's fault here
        raise
    except Exception as error:
        if len(some) == 1:
            logger.exception("timers.not_fired", extra={"timer_id": next(iter(some))})
            wrong.append(error)
            return 0
    timers = list(some.items())
    half = len(timers) // 2
    return sum(_fire(dict(part), now, wrong) for part in (timers[:half], timers[half:]))


def _ask(now: datetime) -> None:
    """Order urgent readings of what is due. One process at a time: two orders are two readings."""
    while firing.is_any_due(now=now):  # asked first: a transaction takes SQLite's lock
        with transaction.atomic():
            read = partial(_order, now=now)
            asked = sql.alone(_LOCK) and firing.ask(now=now, limit=BATCH, read=read)
        if not asked:
            return
        if can_read():
            wanted.WAKE_UP.tell()
            writers.WAKE_UP.tell()


def _order(timers: Sequence[Due], now: datetime) -> None:
    if can_read():
        ids = {timer.genesys_id for timer in timers}
        orders.want(orders=[Order(one, urgent=True) for one in sorted(ids)], now=now)


def can_read() -> bool:
    """Tell whether there is any Genesys that could be asked."""
    return bool(settings.GENESYS_CLIENT_ID and settings.GENESYS_CLIENT_SECRET)


def _judged(asked: Sequence[Asked], now: datetime) -> Iterator[tuple[int, bool]]:
    """Yield the timers that may fire, with whether Genesys has confirmed them."""
    pks = {one.conversation_id for one in asked}
    columns = ("conversation_id", "conversation__media_type", "read_at", "messages_read_at")
    rows = Reading.objects.filter(Among("conversation_id", pks)).values_list(*columns)
    read = {pk: Read(*told) for pk, *told in rows}
    may_be_read = can_read()
    for one in asked:
        known = read.get(one.conversation_id)
        if known and known.since(one.asked_at):
            yield one.pk, True
        elif not may_be_read or now - one.asked_at >= CHECK_FOR:
            yield one.pk, False
