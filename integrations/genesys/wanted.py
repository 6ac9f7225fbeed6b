"""Conversations that events told of, read again at once and until the reading shows it."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from celery import current_app

from conversations import live, telling
from conversations.domain import expectations, stretches
from conversations.domain.seen import Seen, look
from conversations.models import Conversation
from integrations import watermarks
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
from integrations.genesys.orders import Claimed
from integrations.genesys.pages import found
from integrations.genesys.reading import Read, note_readings, taken
from integrations.genesys.rereads import IDS_A_CALL, PATH
from integrations.inbox.wakeup import EXPIRES_S, WakeUp

logger = logging.getLogger(__name__)

WANTED: Final = "genesys.wanted"
TASK: Final = "integrations.genesys.reread_wanted"
# Requests of the minute's limit that are left to people who act, and to readings for them.
RESERVE: Final = Priority.EVENTS
BATCHES_A_RUN: Final = 40


class Refused(NamedTuple):
    """Genesys does not take this id, whatever it is asked along with."""

    why: str


# What became of a reading: the conversation, or why there is none.
Outcome = Seen | Refused | str
# A document of this age after its grace is over tells that nobody took over.
JUST_AFTER: Final = timedelta(milliseconds=100)


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
        watermarks.note(WANTED, at=client.clock(), detail=str(read))
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
    """Read what was claimed; where that is cut short, what was read counts, the rest is free."""
    outcomes: dict[str, Outcome] = {}
    try:
        return _read(client, [one.genesys_id for one in claimed], outcomes, now)
    except BudgetSpentError:
        raise
    except IntegrationError as error:
        watermarks.note(WANTED, at=client.clock(), detail=str(error), failed=True)
        raise
    finally:
        live.tell(genesys_ids=list(outcomes), now=now)
        _judge([one for one in claimed if one.genesys_id in outcomes], outcomes, client.clock())
        orders.release(claimed)


def _read(client: Client, ids: Sequence[str], outcomes: dict[str, Outcome], now: datetime) -> Read:
    """Read some by one call; where it is refused, each half, until the culprit stands alone."""
    try:
        reply = client.get(PATH, {"id": list(ids)})
    except (RefusedError, NotFoundError) as error:
        if len(ids) == 1:
            outcomes[ids[0]] = Refused(str(error))
            return Read(1)
        middle = len(ids) // 2
        halves = (_read(client, half, outcomes, now) for half in (ids[:middle], ids[middle:]))
        return sum(halves, Read(1))
    documents = [one.document for one in found(reply)]
    read = Read(1, taken(documents, reply, now))
    shown = dict.fromkeys(ids, "Genesys does not show it") | dict(
        _understood(one, reply.sent_at) for one in documents
    )
    outcomes |= {genesys_id: shown[genesys_id] for genesys_id in ids}
    known = Conversation.objects.filter(genesys_id__in=ids)
    note_readings(known.values_list("pk", flat=True), at=reply.sent_at)
    return read


def _understood(document: bytes, at: datetime) -> tuple[str, Outcome]:
    try:
        conversation = payloads.conversation(document)
    except MalformedPayloadError:
        return "", ""  # told in the log: see reading.taken
    return conversation.genesys_id, look(conversation, at)


def _judge(claimed: Iterable[Claimed], outcomes: dict[str, Outcome], now: datetime) -> None:
    """Cross out what was shown; what was not, or what time will tell more of, is read again."""
    settled, is_heard = [], telling.is_heard()
    for one in claimed:
        outcome = outcomes[one.genesys_id]
        if isinstance(outcome, Refused):
            orders.put_off_refused(one, why=outcome.why, now=now)
            continue
        if isinstance(outcome, str):
            orders.put_off(one, lacking=one.expects, reason=outcome, now=now)
            continue
        lacking = expectations.unmet(one.expects, outcome.conversation)
        over_at = stretches.due_again(outcome) if is_heard else None
        if lacking:
            reason = f"not shown yet: {', '.join(map(str, lacking))}"
            orders.put_off(one, lacking=lacking, reason=reason, now=now)
        elif over_at:
            orders.come_back(one, at=over_at + JUST_AFTER)
        else:
            settled.append(one)
    orders.settle(settled)
