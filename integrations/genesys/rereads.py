"""Known conversations, read again by their ids: the open ones, and those that ended just now."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import F, Q

from conversations.models import Conversation
from integrations import watermarks
from integrations.errors import NotFoundError, RefusedError
from integrations.genesys.budget import Priority
from integrations.genesys.client import Client
from integrations.genesys.pages import found
from integrations.genesys.reading import Read, note_readings, taken
from integrations.watermarks import Run

logger = logging.getLogger(__name__)

REREAD_OPEN: Final = "genesys.reread_open"
PATH: Final = "/api/v2/analytics/conversations/details"
IDS_A_CALL: Final = 50
RESERVE: Final = Priority.OPEN
# After-call work, metrics and wrap-up codes arrive after the end, mostly soon.
SETTLES_WITHIN: Final = timedelta(hours=2)
# Ended two minutes ago: after half a minute; ended an hour ago: after a quarter of an hour.
SETTLING_PACE: Final = 4


class Known(NamedTuple):
    """A conversation of the mirror, and when it was last asked for."""

    pk: int
    genesys_id: str
    ended_at: datetime | None
    read_at: datetime | None


def reread_open(*, client: Client, now: datetime) -> Read:
    """Read the open conversations again, longest unread first, and those that have just ended.

    Leaves a part of the rate limit to others; what it does not get to comes first in the next run.
    Raises RoadBusyError while another run is going on, TemporaryError, PermanentError.
    """
    with watermarks.run(REREAD_OPEN, clock=client.clock) as run:
        read, _ = reread_known(run, client, now=now)
        run.advance(now)
        run.detail = str(read)
    return read


def reread_known(run: Run, client: Client, *, now: datetime) -> tuple[Read, int]:
    """Read what is due again; return with what was read how many are left for want of budget."""
    read, due = Read(), _due(now)
    for start in range(0, len(due), IDS_A_CALL):
        if not client.budget.spares(RESERVE):
            logger.info("genesys.reread_cut_short", extra={"rate_limit_left": RESERVE})
            return read, len(due) - start
        run.go_on()
        read += _reread(client, due[start : start + IDS_A_CALL], now=now)
    return read, 0


def is_due(ended_at: datetime | None, read_at: datetime | None, now: datetime) -> bool:
    """Tell whether to read again: always while open, at growing distances after the end."""
    if ended_at is None or read_at is None or read_at < ended_at:
        return True
    return now - read_at >= (now - ended_at) / SETTLING_PACE


def _due(now: datetime) -> list[Known]:
    lately = Q(ended_at__isnull=True) | Q(ended_at__gt=now - SETTLES_WITHIN)
    rows = (
        Conversation.objects.filter(lately)
        .order_by(F("reading__read_at").asc(nulls_first=True), "pk")
        .values_list("pk", "genesys_id", "ended_at", "reading__read_at")
    )
    return [known for known in map(Known._make, rows) if is_due(known.ended_at, known.read_at, now)]


def _reread(client: Client, some: Sequence[Known], *, now: datetime) -> Read:
    """Read some by one call; where it is refused, each half, until the culprit stands alone."""
    try:
        reply = client.get(PATH, {"id": [known.genesys_id for known in some]})
    except (RefusedError, NotFoundError) as error:
        if len(some) == 1:
            logger.warning("genesys.reread_refused", extra={"reason": str(error)})
            note_readings([known.pk for known in some], at=client.clock())
            return Read(1)
        middle = len(some) // 2
        halves = [_reread(client, half, now=now) for half in (some[:middle], some[middle:])]
        return sum(halves, Read(1))
    documents = found(reply)
    told = {one.genesys_id for one in documents}
    missing = sum(known.genesys_id not in told for known in some)
    if missing:
        logger.warning("genesys.conversations_missing", extra={"count": missing})
    read = Read(1, taken([one.document for one in documents], reply, now))
    note_readings([known.pk for known in some], at=reply.sent_at)
    return read
