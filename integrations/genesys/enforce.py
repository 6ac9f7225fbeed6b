"""Ending agents' sessions that were left untouched: read, asked once, and read again.

The only place that takes something away from somebody in Genesys. docs/adr/0013 says why each step
stands where it stands.
"""

import logging
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import quote

from conversations.domain import live
from conversations.domain.expectations import Expectation
from integrations import watermarks
from integrations.errors import (
    CredentialsError,
    IntegrationError,
    NotFoundError,
    PermanentError,
    PermissionMissingError,
    RateLimitedError,
    RefusedError,
    TemporaryError,
)
from integrations.genesys import anew, orders, standing
from integrations.genesys.budget import Priority
from integrations.genesys.client import Client
from integrations.genesys.orders import Order
from sla.forcing import candidates, steps
from sla.models import Enforcement, ForcedEnd

logger = logging.getLogger(__name__)

ROAD: Final = "genesys.enforce"
MOST_A_RUN: Final = 50
# Requests of the minute's limit that are left to people who act: one row takes about six.
RESERVE: Final = Priority.EVENTS
# After a failure of a moment, and after one that somebody must mend.
SOON: Final = timedelta(minutes=1)
LATER: Final = timedelta(minutes=15)
_PATH: Final = "/api/v2/conversations/{media}/{conversation}/participants/{participant}"
_MEDIA: Final = {"email": "emails", "message": "messages"}
# After these nothing was done.
_NOT_DONE: Final = (RateLimitedError, PermissionMissingError, CredentialsError)
State = ForcedEnd.State


class Enforced(NamedTuple):
    """What a run did: rounds planned, rows looked at, and how often Genesys was asked to act."""

    planned: int = 0
    looked_at: int = 0
    asked: int = 0

    def __str__(self) -> str:
        return f"{self.planned} planned, {self.looked_at} looked at, {self.asked} asked of Genesys"


def enforce(*, client: Client, now: datetime) -> Enforced:
    """Plan what is due, and bring each row a step further, within the rate limit.

    Any number of runs may go on at once. A row that fails keeps no other from being looked at; then
    the last error is raised. Raises TemporaryError, PermanentError.
    """
    run, failed = Enforced(candidates.plan(now=now)), None
    while run.looked_at < MOST_A_RUN and _may_ask(client):
        row = steps.claim(now=client.clock())
        if row is None:
            break
        before = row.tries
        try:
            _advance(client, row, now)
        except IntegrationError as error:
            failed = error
        run = Enforced(run.planned, run.looked_at + 1, run.asked + (row.tries > before))
    _note(client, run, failed)
    if failed:
        raise failed
    return run


def _may_ask(client: Client) -> bool:
    return not client.budget.blocked_s() and client.budget.spares(RESERVE)


def _note(client: Client, run: Enforced, failed: IntegrationError | None) -> None:
    if failed:
        watermarks.note(ROAD, at=client.clock(), detail=str(failed), failed=True)
    elif any(run):
        watermarks.note(ROAD, at=client.clock(), detail=str(run))


def _advance(client: Client, row: ForcedEnd, now: datetime) -> None:
    """Bring a row that is ours a step further; where that fails, it says so and is put off."""
    planned = row.state == State.PLANNED
    try:
        if planned:
            _check(client, row, now)
        else:
            _look(client, row)
    except IntegrationError as error:
        until = client.clock() + (LATER if isinstance(error, PermanentError) else SOON)
        if row.state == State.PLANNED:
            steps.put_off(row, str(error), until=until)
        else:
            steps.unseen(row, str(error), until=until)
        raise


def _check(client: Client, row: ForcedEnd, now: datetime) -> None:
    """Read everything anew; where nothing has changed, end it, or say that it would be ended."""
    if row.tries and _is_over(client, row):
        return  # the last try had its effect after all, late
    if until := steps.full_until(row, now=client.clock()):
        steps.put_off(row, steps.held_back(row.enforcement), until=until)
        return
    read_at = anew.read(client, row.conversation, now=now)
    why = steps.objection(row, read_at=read_at, now=client.clock())
    if why:
        steps.settle(row, State.REFUSED, why, now=client.clock())
        return
    before = standing.of(client, row.conversation.genesys_id, row.session_id)
    if not before.connected:
        why = f"no agent is connected any more: {before.told['state']}"
        steps.settle(row, State.REFUSED, why, now=client.clock(), before=before.told)
    elif row.dry_run:
        found = {"before": before.told, "checked_at": read_at}
        steps.settle(row, State.WOULD_HAVE, steps.note_of(row), now=client.clock(), **found)
    elif steps.begin(row, before=before.told, read_at=read_at, now=client.clock()):
        _act(client, row)


def _act(client: Client, row: ForcedEnd) -> None:
    """Ask Genesys, once, and read what came of it."""
    logger.warning("sla.forcing", extra={"forced_end": row.pk, "action": row.action})
    try:
        _ask(client, row)
    except _NOT_DONE as error:
        steps.not_sent(row, str(error), until=client.clock() + SOON)
        raise
    except (NotFoundError, RefusedError) as error:
        _refused(client, row, error)
        return
    except (TemporaryError, PermanentError) as error:
        steps.sent(row, State.IN_DOUBT, f"no answer was heard: {error}", now=client.clock())
    else:
        told = "Genesys has accepted it: that is not yet done"
        steps.sent(row, State.ACCEPTED, told, now=client.clock())
    _look(client, row)


def _ask(client: Client, row: ForcedEnd) -> None:
    path = _PATH.format(
        media=_MEDIA[row.media_type],
        conversation=quote(row.conversation.genesys_id, safe=""),
        participant=quote(row.participant_id, safe=""),
    )
    if row.action == Enforcement.Action.REQUEUE:
        client.change("POST", f"{path}/replace", {"queueId": row.queue_id})
    else:
        client.change("PATCH", path, {"state": "disconnected"})


def _refused(client: Client, row: ForcedEnd, error: IntegrationError) -> None:
    """Find out whether Genesys refused because it was over already, or for another reason."""
    why, state, told = f"Genesys refuses it: {error}", State.FAILED, {}
    try:
        seen = standing.of(client, row.conversation.genesys_id, row.session_id)
    except IntegrationError as unread:
        why = f"{why}; how it stands cannot be read: {unread}"
    else:
        told = seen.told
        if seen.over:
            why, state = "somebody else ended it first", State.REFUSED
    steps.settle(row, state, why, now=client.clock(), after=told)


def _look(client: Client, row: ForcedEnd) -> None:
    """See whether a session is over that Genesys was asked to end."""
    if row.state == State.CHECKED:  # whoever asked has not come back
        told = "whether Genesys was asked is not known"
        steps.sent(row, State.IN_DOUBT, told, now=client.clock())
    if not _is_over(client, row):
        steps.still_there(row, now=client.clock())


def _is_over(client: Client, row: ForcedEnd) -> bool:
    """Read how a session stands after an act, and where it is over write down that it is done."""
    seen = standing.of(client, row.conversation.genesys_id, row.session_id)
    now = client.clock()
    if not seen.over:
        steps.seen(row, after=seen.told)
        return False
    ended_at = seen.ended_at or row.acted_at or now
    if steps.done(row, after=seen.told, at=ended_at, now=now):
        over = Expectation(row.session_id, live.State.ENDED.value)
        orders.want(orders=[Order(row.conversation.genesys_id, (over,), urgent=True)], now=now)
    return True
