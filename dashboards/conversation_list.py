"""Finding conversations: by id or the start of one, by queue, channel, agent and day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from conversations.models import Agent, Conversation, Queue
from dashboards import choices, days, names
from dashboards import format as write
from dashboards.agent_rows import window
from dashboards.choices import Choice
from dashboards.timeline import media_name

PAGE_SIZE: Final = 50
WHOLE_ID: Final = 36
CHANNELS: Final = ("voice", "callback", "chat", "email", "message")


@dataclass(frozen=True, slots=True)
class Query:
    """The list's filter; empty means all. before is where an older page goes on."""

    text: str = ""
    queue: str = ""
    channel: str = ""
    agent: str = ""
    state: str = ""
    day: date | None = None
    before: tuple[datetime, int] | None = None
    errors: tuple[str, ...] = ()

    @classmethod
    def of(cls, told: Mapping[str, str]) -> "Query":
        """Read a query string; a day that is none is named in errors."""
        day: date | None = None
        errors: tuple[str, ...] = ()
        if written := told.get("day", ""):
            try:
                day = days.day_of(written)
            except ValueError as error:
                errors = (f"“Day” {error}: write it as 2026-11-20.",)
        return cls(
            text=told.get("q", "").strip(),
            queue=told.get("queue", ""),
            channel=told.get("channel", ""),
            agent=told.get("agent", ""),
            state=told.get("state", ""),
            day=day,
            before=_before(told.get("before", "")),
            errors=errors,
        )

    def filtered(self, zone: ZoneInfo) -> QuerySet[Conversation]:
        """Return the conversations that the filter keeps, the latest first."""
        found = Conversation.objects.order_by("-started_at", "-pk")
        columns = {
            "genesys_id__startswith": self.text,
            "queue_id": self.queue,
            "media_type": self.channel,
            "sessions__user_id": self.agent,
        }
        found = found.filter(**{column: value for column, value in columns.items() if value})
        if self.state in {"open", "ended"}:
            found = found.filter(ended_at__isnull=self.state == "open")
        if self.day:
            day = window(self.day, zone)
            found = found.filter(started_at__gte=day.start, started_at__lt=day.end)
        if self.before:
            at, pk = self.before
            found = found.filter(Q(started_at__lt=at) | Q(started_at=at, pk__lt=pk))
        return found.distinct() if self.agent else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    genesys_id: str
    short_id: str
    started: str
    length: str
    state: str
    word: str
    direction: str
    queue: str
    channel: str
    user_id: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    rows: tuple[Row, ...]
    older: str
    query: Query
    queues: tuple[Choice, ...]
    channels: tuple[Choice, ...]
    agents: tuple[Choice, ...]
    empty: str


def page(query: Query, *, zone: ZoneInfo, now: datetime) -> Page:
    """Read one page of conversations: five queries."""
    found = list(query.filtered(zone)[: PAGE_SIZE + 1])
    listed = found[:PAGE_SIZE]
    queues = names.of_queues(c.queue_id for c in listed)
    agents = names.of_agents(c.user_id for c in listed)
    every_queue = dict(Queue.objects.filter(deleted=False).values_list("genesys_id", "name"))
    every_agent = dict(Agent.objects.values_list("genesys_id", "name"))
    last = listed[-1] if len(found) > PAGE_SIZE else None
    return Page(
        rows=tuple(_row(c, queues, agents, zone=zone, now=now) for c in listed),
        older=f"{last.started_at.isoformat()}_{last.pk}" if last else "",
        query=query,
        queues=choices.by_name(every_queue, every_queue, query.queue),
        channels=choices.channels(CHANNELS, query.channel),
        agents=choices.by_name(every_agent, every_agent, query.agent),
        empty=_empty(query),
    )


def whole_id(text: str) -> str | None:
    """Return a text that is the whole id of a conversation in the mirror; else None."""
    if len(text) < WHOLE_ID or not Conversation.objects.filter(genesys_id=text).exists():
        return None
    return text


def _row(
    conversation: Conversation,
    queues: Mapping[str, str],
    agents: Mapping[str, str],
    *,
    zone: ZoneInfo,
    now: datetime,
) -> Row:
    length: timedelta = (conversation.ended_at or now) - conversation.started_at
    return Row(
        genesys_id=conversation.genesys_id,
        short_id=write.short_id(conversation.genesys_id),
        started=write.dated(conversation.started_at, zone),
        length=write.span(max(length, timedelta())),
        state="on-track" if conversation.ended_at else "due-soon",
        word="Ended" if conversation.ended_at else "Open",
        direction=conversation.originating_direction,
        queue=names.named(conversation.queue_id, queues),
        channel=media_name(conversation.media_type),
        user_id=conversation.user_id,
        agent=names.named(conversation.user_id, agents),
    )


def _before(written: str) -> tuple[datetime, int] | None:
    at, _, pk = written.rpartition("_")
    try:
        instant = datetime.fromisoformat(at)
        return (instant, int(pk)) if instant.tzinfo else None
    except ValueError:
        return None


def _empty(query: Query) -> str:
    if query == Query():
        return "No conversations yet: the first poll of Genesys Cloud runs within a minute."
    if query.text:
        return f"No conversation whose id starts with “{query.text}” matches. Ids are looked up \
from their first character on."
    return "No conversation matches this filter. Reset it to see the latest ones."
