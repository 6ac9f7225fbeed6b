"""Reading what clocks are made of: policies with their opening hours, and conversations' turns."""

import json
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from django.db.models import Q

from chrono.business import BusinessTime
from chrono.errors import HoursError
from chrono.hours import Hours
from chrono.schedules import ScheduleHours, Written
from conversations.domain.events import Name
from conversations.models import CommonEvent, Conversation, Message
from sla.domain.terms import Terms
from sla.domain.turns import AgentWrote, Closed, Created, CustomerWrote, Reopened, Turn
from sla.models import Calendar, Policy, Schedule

logger = logging.getLogger(__name__)

NO_MESSAGE = "none of its messages is known, so the clock runs from its start to its end"
_SENDERS: dict[str, type[CustomerWrote | AgentWrote]] = {
    Message.Sender.CUSTOMER: CustomerWrote,
    Message.Sender.AGENT: AgentWrote,
}


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """An active policy as read once for many conversations. terms None: hours are unreadable."""

    pk: int
    media_types: frozenset[str]
    queue_ids: frozenset[str]
    terms: Terms | None

    def covers(self, conversation: Conversation) -> bool:
        return (not self.media_types or conversation.media_type in self.media_types) and (
            not self.queue_ids or conversation.queue_id in self.queue_ids
        )


def policies_in_force() -> list[PolicyInForce]:
    """Return active policies, the one that applies first in front."""
    active = Policy.objects.filter(active=True).select_related("calendar")
    policies = list(active.order_by("position", "pk"))
    schedules = _schedules(policy.calendar for policy in policies)
    return [
        PolicyInForce(
            pk=policy.pk,
            media_types=frozenset(policy.media_types),
            queue_ids=frozenset(policy.queue_ids),
            terms=_terms_or_none(policy, schedules),
        )
        for policy in policies
    ]


def hours_of(calendar: Calendar) -> BusinessTime:
    """Return a calendar's opening hours. Raises HoursError where they cannot be read."""
    return _hours(calendar, _schedules([calendar]))


def terms_of(policy: Policy, hours: BusinessTime) -> Terms:
    """Return what a policy promises within opening hours."""
    return Terms(
        hours=hours,
        first_response=_seconds(policy.first_response_s),
        next_response=_seconds(policy.next_response_s),
        resolution=_seconds(policy.resolution_s),
        warn_after=_seconds(policy.warn_s),
        waiting_on_customer_pauses=policy.waiting_on_customer_pauses,
    )


def turns_of(conversations: Sequence[Conversation]) -> dict[int, list[Turn]]:
    """Return the turns of conversations by primary key. Costs two queries."""
    pks = [conversation.pk for conversation in conversations]
    written, endings = _written_turns(pks), _ends_and_reopenings(pks)
    return {
        conversation.pk: [
            *_beginning(conversation, with_messages=conversation.pk in written),
            *written.get(conversation.pk, ()),
            *endings.get(conversation.pk, ()),
            *([Closed(at=conversation.ended_at)] if conversation.ended_at else ()),
        ]
        for conversation in conversations
    }


def _beginning(conversation: Conversation, *, with_messages: bool) -> Iterable[Turn]:
    """Whoever begins a conversation writes first."""
    at = conversation.started_at
    yield Created(at=at, note="" if with_messages else NO_MESSAGE)
    if conversation.originating_direction == "outbound":
        yield AgentWrote(at=at)


def _written_turns(pks: Collection[int]) -> dict[int, list[Turn]]:
    """Return who wrote when, for conversations with a known message; automatic ones say nothing."""
    turns: dict[int, list[Turn]] = defaultdict(list)
    rows = Message.objects.filter(conversation_id__in=pks).order_by("sent_at", "pk")
    for pk, sender, sent_at in rows.values_list("conversation_id", "sender", "sent_at"):
        kind = _SENDERS.get(sender)
        turns[pk] += [kind(at=sent_at)] if kind else []
    return turns


def _ends_and_reopenings(pks: Collection[int]) -> dict[int, list[Turn]]:
    """Return each reopening, and the ends before them: the last end is the conversation's own."""
    names = Q(name=Name.CONVERSATION_ENDED) | Q(name=Name.CONVERSATION_REOPENED)
    events = CommonEvent.objects.filter(names, conversation_id__in=pks).order_by("-at", "-pk")
    turns: dict[int, list[Turn]] = defaultdict(list)
    for pk, name, at in events.values_list("conversation_id", "name", "at"):
        if name == Name.CONVERSATION_REOPENED:
            turns[pk].insert(0, Reopened(at=at))
        elif turns[pk]:
            turns[pk].insert(0, Closed(at=at))
    return turns


def _terms_or_none(policy: Policy, schedules: dict[str, Schedule]) -> Terms | None:
    """Return a policy's terms; None, and a line in the log, where its hours cannot be read.

    One unreadable schedule must not stop the clocks of all other policies.
    """
    try:
        return terms_of(policy, _hours(policy.calendar, schedules))
    except HoursError as error:
        logger.error(  # noqa: TRY400 - the message says it all
            "sla.hours_unreadable",
            extra={"calendar": policy.calendar_id, "policy": policy.pk, "reason": str(error)},
        )
        return None


def _schedules(calendars: Iterable[Calendar]) -> dict[str, Schedule]:
    """Return the active schedules that schedule groups name, by Genesys id."""
    groups = [calendar for calendar in calendars if calendar.genesys_id]
    ids = {
        genesys_id
        for group in groups
        for named in (group.open_schedules, group.closed_schedules, group.holiday_schedules)
        for genesys_id in named
    }
    if not ids:
        return {}
    found = Schedule.objects.filter(genesys_id__in=ids)
    return {row.genesys_id: row for row in found if row.state in {"", "active"}}


def _hours(calendar: Calendar, schedules: dict[str, Schedule]) -> BusinessTime:
    if not calendar.genesys_id:
        written = (calendar.hours, calendar.holidays, calendar.overrides, calendar.breaks)
        return _written_hours(calendar.timezone, json.dumps(written, sort_keys=True))
    closing = (*calendar.closed_schedules, *calendar.holiday_schedules)
    return _scheduled_hours(
        calendar.timezone,
        _keys(calendar.open_schedules, schedules),
        _keys(closing, schedules),
    )


def _keys(genesys_ids: Iterable[str], schedules: dict[str, Schedule]) -> tuple[Written, ...]:
    rows = (schedules[genesys_id] for genesys_id in genesys_ids if genesys_id in schedules)
    return tuple(Written(str(row), row.starts, row.ends, row.rrule) for row in rows)


# A table of intervals takes milliseconds to build and serves every conversation: keep it.
@lru_cache(maxsize=64)
def _written_hours(timezone: str, written: str) -> Hours:
    hours, holidays, overrides, breaks = json.loads(written)
    return Hours.of(
        timezone=timezone, hours=hours, holidays=holidays, overrides=overrides, breaks=breaks
    )


@lru_cache(maxsize=64)
def _scheduled_hours(
    timezone: str, opening: tuple[Written, ...], closing: tuple[Written, ...]
) -> ScheduleHours:
    return ScheduleHours.of(timezone=timezone, opening=opening, closing=closing)


def _seconds(amount: int | None) -> timedelta | None:
    return None if amount is None else timedelta(seconds=amount)
