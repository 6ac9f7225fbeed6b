"""Whether agents who answer by hand have answered: asked of Genesys while somebody waits for it.

A ring (user.start) is no connection. Where neither an event nor a reading has told yet what became
of it, the agent's status does: one request for all that rings at an agent.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple
from urllib.parse import quote

import msgspec

from chrono import instants
from conversations import live
from conversations.domain import expectations
from conversations.domain.live import News, State
from integrations import watermarks
from integrations.errors import (
    BudgetSpentError,
    IntegrationError,
    NotFoundError,
    PermissionMissingError,
)
from integrations.genesys import orders, rings, wanted
from integrations.genesys.budget import Priority
from integrations.genesys.client import Client
from integrations.genesys.orders import Order
from integrations.genesys.rings import Claimed
from integrations.genesys.wire import Id, Word

logger = logging.getLogger(__name__)

ROAD: Final = "genesys.answered"
PATH: Final = "/api/v2/analytics/agents/{}/status"
SCOPE: Final = "/api/v2/analytics/agents"
AGENTS_A_RUN: Final = 20
# Requests of the minute's limit that are left: readings tell it too, and all else beside.
RESERVE: Final = Priority.OPEN
# Who may not ask, asks again after so many seconds: a permission may have been granted.
REFUSED_S: Final = 300.0
# What of an agent's session is a connection: as readings have it.
_CONNECTED: Final = {
    "interact": State.CONNECTED,
    "hold": State.HELD,
    "parked": State.PARKED,
}
_USER: Final = attrgetter("user_id")


class Session(msgspec.Struct, rename="camel"):
    """One session in an agent's hands, by the segment that it is in."""

    conversation_id: Id = None
    session_id: Id = None
    segment_type: Word = None
    segment_start: str | None = None


class Status(msgspec.Struct, rename="camel"):
    """What an agent does now; without a session there may be no key."""

    sessions: list[Session] | None = None


class Verified(NamedTuple):
    """How many agents a run has asked about, and how many sessions turned out to be answered."""

    asked: int = 0
    answered: int = 0

    def __str__(self) -> str:
        return f"{self.asked} agents asked about, {self.answered} sessions answered"


def verify_connected(*, client: Client, now: datetime) -> Verified:
    """Ask about the agents at whom something rings whose turn it is, within the rate limit.

    Any number of runs may go on at once. Raises TemporaryError, PermanentError: then what rings is
    asked for again, or told by the reading that its event has ordered.
    """
    if client.budget.blocked_s(SCOPE) or not client.budget.spares(RESERVE):
        return Verified()
    at = client.clock()
    claimed = rings.open_ones(rings.claim(now=at, agents=AGENTS_A_RUN), now=at)
    done, waiting = Verified(), list(claimed)
    for user_id, some in groupby(sorted(claimed, key=_USER), key=_USER):
        mine = list(some)
        if not client.budget.spares(RESERVE):
            break
        try:
            answered = _ask(client, user_id, mine, now)
        except BudgetSpentError:
            break
        except IntegrationError as error:
            _give_up(client, waiting, error)
            raise
        done = Verified(done.asked + 1, done.answered + answered)
        waiting = [one for one in waiting if one.user_id != user_id]
    rings.release(waiting)
    if done.asked:
        watermarks.note(ROAD, at=client.clock(), detail=str(done))
    return done


def _ask(client: Client, user_id: str, mine: Sequence[Claimed], now: datetime) -> int:
    """Ask about one agent; return how many sessions turned out to be answered."""
    try:
        status = client.get(PATH.format(quote(user_id, safe=""))).decode(Status)
    except NotFoundError:
        rings.settle(mine)  # nobody whom we may see: the reading tells
        return 0
    told = {(one.conversation_id, one.session_id): one for one in status.sessions or ()}
    found = {one: _answer(one, told.get(one.key)) for one in mine}
    answered = [news for news in found.values() if news]
    _record(answered, now)
    over = [one for one in mine if found[one] or _is_over(told.get(one.key))]
    rings.settle(over)
    for one in mine:
        if one not in over:
            rings.put_off(one, now=client.clock())
    return len(answered)


def _answer(one: Claimed, told: Session | None) -> News | None:
    """Return that a session is connected, where its agent's status says so; else None."""
    state = _CONNECTED.get(told.segment_type or "") if told else None
    since = _instant(told.segment_start) if told else None
    return one.answered(state, since) if state and since else None


def _is_over(told: Session | None) -> bool:
    return told is not None and told.segment_type == "wrapup"


def _instant(text: str | None) -> datetime | None:
    try:
        return instants.parse(text) if text else None
    except ValueError:
        return None


def _record(answered: Iterable[News], now: datetime) -> None:
    """Tell who is connected, and have the conversations read that must show it."""
    news = list(answered)
    if not news:
        return
    live.record_news(news=news, now=now)
    wants = [Order(one.conversation_id, (expectations.of(one),)) for one in news]
    orders.want(orders=wants, now=now)
    wanted.WAKE_UP.tell()


def _give_up(client: Client, waiting: Sequence[Claimed], error: IntegrationError) -> None:
    """Leave rings to the next run, or where we may not ask at all to readings."""
    if isinstance(error, PermissionMissingError):
        client.budget.block(REFUSED_S, SCOPE)
        rings.settle(waiting)
    else:
        rings.release(waiting)
    watermarks.note(ROAD, at=client.clock(), detail=str(error), failed=True)
