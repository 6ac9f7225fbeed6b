"""Agents' presence and routing status, read from analytics: it completes what events told."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Final

import msgspec

from chrono import instants
from chrono.spans import Span
from conversations import presence as mirror
from conversations.domain import presence as domain
from conversations.presence import SpanTold
from integrations import watermarks
from integrations.errors import MalformedAnswerError
from integrations.genesys.client import PAGE_SIZE, Client, Reply
from integrations.genesys.queries import DAY, interval
from integrations.genesys.wire import Id, Word
from integrations.watermarks import Run, Told, quiet

PRESENCE: Final = "genesys.presence"
PATH: Final = "/api/v2/analytics/users/details/query"
OVERLAP: Final = timedelta(minutes=10)


class Spell(msgspec.Struct, rename="camel"):
    """One presence or routing status. A state without its start tells nothing."""

    start_time: str | None = None
    end_time: str | None = None
    system_presence: Word = None
    organization_presence_id: Id = None
    routing_status: Word = None


class User(msgspec.Struct, rename="camel"):
    user_id: Id = None
    primary_presence: list[Spell] | None = None
    routing_status: list[Spell] | None = None


class Page(msgspec.Struct, rename="camel"):
    """An answer; where nobody has any state there is no key."""

    user_details: list[User] | None = None


def read_presence(*, client: Client, now: datetime, tell: Told = quiet) -> int:
    """Read what agents were since the last run, once an hour the whole last day.

    After a downtime that is the whole gap. Returns how many rows differ. Raises RoadBusyError while
    another run is going on, TemporaryError where it is to be tried again, PermanentError where
    somebody must act.
    """
    with watermarks.run(PRESENCE, clock=client.clock) as run:
        differ = 0
        for window in windows(Span(begin(run.read_to, now), now)):
            part = _read(run, client, window, now)
            run.advance(window.end)
            tell(f"{window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M}: {part} differ")
            differ += part
        run.detail = f"{differ} states new or changed"
    return differ


def begin(read_to: datetime | None, now: datetime) -> datetime:
    """Return from when to read: the last day once an hour, what is new otherwise, or the gap."""
    if read_to is None:
        return now - DAY
    first_of_hour = now.replace(minute=0, second=0, microsecond=0) > read_to
    since = read_to - OVERLAP
    return min(since, now - DAY) if first_of_hour else min(since, now)


def windows(span: Span) -> Iterator[Span]:
    """Cut a span into windows of at most a day."""
    start = span.start
    while start < span.end:
        end = min(start + DAY, span.end)
        yield Span(start, end)
        start = end


def _read(run: Run, client: Client, window: Span, now: datetime) -> int:
    differ = 0
    for number in count(1):
        run.go_on()
        paging = {"pageSize": PAGE_SIZE, "pageNumber": number}
        reply = client.ask(PATH, {"interval": interval(window), "order": "asc", "paging": paging})
        users = reply.decode(Page).user_details or []
        spans = [span for user in users for span in _spans(user, reply)]
        differ += mirror.record_spans(told=spans, within=window, now=now)
        if len(users) < PAGE_SIZE:
            break
    return differ


def _spans(user: User, reply: Reply) -> Iterator[SpanTold]:
    if not user.user_id:
        return
    for kind, spells in (
        (domain.PRESENCE, user.primary_presence),
        (domain.ROUTING, user.routing_status),
    ):
        for spell in spells or ():
            value = spell.system_presence if kind == domain.PRESENCE else spell.routing_status
            start = _instant(spell.start_time, reply)
            if value and start:
                yield SpanTold(
                    user.user_id,
                    kind,
                    value,
                    spell.organization_presence_id or "",
                    start,
                    _instant(spell.end_time, reply),
                )


def _instant(text: str | None, reply: Reply) -> datetime | None:
    try:
        return instants.parse(text) if text else None
    except ValueError as error:
        raise MalformedAnswerError(f"{reply.where}: {error}") from error
