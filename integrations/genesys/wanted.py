"""Conversations that events told of, read again at once and until the reading shows it."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from celery import current_app
from django.db.models import F
from django.db.models.functions import Coalesce

from conversations import live
from conversations.domain import expectations, facts
from conversations.models import Conversation
from integrations.errors import (
    BudgetSpentError,
    IntegrationError,
    MalformedPayloadError,
    NotFoundError,
    RefusedError,
)
from integrations.genesys import orders, payloads
from integrations.genesys.budget import Priority
from integrations.genesys.client import Client
from integrations.genesys.orders import Claimed, Order, want
from integrations.genesys.pages import found
from integrations.genesys.poll import Read, taken
from integrations.genesys.rereads import IDS_A_CALL, PATH
from integrations.inbox.wakeup import EXPIRES_S, WakeUp
from integrations.models import Reading, Watermark
from integrations.watermarks import LONGEST_DETAIL

__all__ = ["WAKE_UP", "Order", "reread_wanted", "want"]

logger = logging.getLogger(__name__)

WANTED: Final = "genesys.wanted"
TASK: Final = "integrations.genesys.reread_wanted"
# Requests of the minute's limit that are left to people who act, and to readings for them.
RESERVE: Final = Priority.EVENTS
BATCHES_A_RUN: Final = 40

# What became of a reading: the conversation, or why there is none.
Outcome = facts.Conversation | str


def reread_wanted(*, client: Client, now: datetime) -> Read:
    """Read the conversations that are wanted, urgent ones first, within the rate limit.

    What shows what events told is crossed out; the rest is read again later, and given up after an
    hour. Any number of runs may go on at once. Raises TemporaryError, PermanentError.
    """
    read = Read()
    for _ in range(BATCHES_A_RUN):
        claimed = _claim(client)
        if not claimed:
            break
        try:
            read += _read_or_give_back(client, claimed, now)
        except BudgetSpentError:
            break  # nothing failed: the rest of this minute is for others
    if read.requests:
        _note_road(client.clock(), str(read))
    return read


def publish() -> None:
    """Send one wake-up to the worker that reads."""
    current_app.send_task(TASK, expires=EXPIRES_S, retry=False, ignore_result=True)


# The first event is answered at once. What follows within a second shares a reading: requests are
# few, and fifty conversations fit into one.
WAKE_UP: Final = WakeUp(publish, pause_s=1.0)


def _claim(client: Client) -> list[Claimed]:
    """Claim what may be read now: nothing while Genesys bade us wait, else by what is left."""
    if client.budget.blocked_s():
        return []
    urgent = not client.budget.spares(RESERVE)
    if urgent and not client.budget.spares(0):
        return []
    return orders.claim(now=client.clock(), limit=IDS_A_CALL, urgent=urgent)


def _read_or_give_back(client: Client, claimed: list[Claimed], now: datetime) -> Read:
    try:
        outcomes: dict[str, Outcome] = {}
        read = _read(client, [one.genesys_id for one in claimed], outcomes, now)
    except BudgetSpentError:
        orders.release(claimed)
        raise
    except IntegrationError as error:
        orders.release(claimed)
        _note_road(client.clock(), str(error), failed=True)
        raise
    live.tell(genesys_ids=list(outcomes), now=now)
    _judge(claimed, outcomes, client.clock())
    return read


def _read(client: Client, ids: Sequence[str], outcomes: dict[str, Outcome], now: datetime) -> Read:
    """Read some by one call; where it is refused, each half, until the culprit stands alone."""
    try:
        reply = client.get(PATH, {"id": list(ids)})
    except (RefusedError, NotFoundError) as error:
        if len(ids) == 1:
            outcomes[ids[0]] = f"refused: {error}"
            return Read(1)
        middle = len(ids) // 2
        halves = (_read(client, half, outcomes, now) for half in (ids[:middle], ids[middle:]))
        return sum(halves, Read(1))
    documents = [one.document for one in found(reply)]
    read = Read(1, taken(documents, reply, now))
    shown = dict.fromkeys(ids, "Genesys does not show it") | dict(map(_understood, documents))
    outcomes |= {genesys_id: shown[genesys_id] for genesys_id in ids}
    _note_readings(ids, reply.sent_at)
    return read


def _understood(document: bytes) -> tuple[str, Outcome]:
    try:
        conversation = payloads.conversation(document)
    except MalformedPayloadError:
        return "", ""  # told in the log: see poll.taken
    return conversation.genesys_id, conversation


def _judge(claimed: Iterable[Claimed], outcomes: dict[str, Outcome], now: datetime) -> None:
    """Cross out what was shown; what was not is read again later."""
    settled = []
    for one in claimed:
        outcome = outcomes[one.genesys_id]
        if isinstance(outcome, str):
            orders.put_off(one, lacking=one.expects, reason=outcome, now=now)
            continue
        lacking = expectations.unmet(one.expects, outcome)
        if lacking:
            reason = f"not shown yet: {', '.join(map(str, lacking))}"
            orders.put_off(one, lacking=lacking, reason=reason, now=now)
        else:
            settled.append(one)
    orders.settle(settled)


def _note_readings(genesys_ids: Sequence[str], at: datetime) -> None:
    known = Conversation.objects.filter(genesys_id__in=genesys_ids).order_by("pk")
    pks = known.values_list("pk", flat=True)
    Reading.objects.bulk_create(
        [Reading(conversation_id=pk, read_at=at) for pk in pks],
        update_conflicts=True,
        unique_fields=["conversation"],
        update_fields=["read_at"],
    )


def _note_road(at: datetime, detail: str, *, failed: bool = False) -> None:
    """Write down how the road does: there is no lease to take, since many may read at once."""
    row, _ = Watermark.objects.get_or_create(road=WANTED)
    Watermark.objects.filter(pk=row.pk).update(
        detail=detail[:LONGEST_DETAIL],
        **(
            {"failing_since": Coalesce(F("failing_since"), at)}
            if failed
            else {"failing_since": None, "succeeded_at": at, "read_to": at}
        ),
    )
