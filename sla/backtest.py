"""What a draft would have made of the mirrored history, beside what is in force: nothing is saved.

Both sides go over the same turns in one pass, a batch of conversations at a time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from chrono.spans import Span
from conversations.models import Conversation
from sla.domain.backtest import NOBODY, Escalation, Measure, counted
from sla.domain.course import Courses
from sla.domain.tally import Side, Tally
from sla.domain.terms import Terms
from sla.drafts import (
    Draft,
    InForce,
    Ladders,
    calendars_with,
    in_force,
    ladders,
    policies_with,
    touched,
)
from sla.models import Calendar, Policy
from sla.promises import Book, Promise
from sla.selectors import hours_of
from sla.subjects import Subject, subjects
from sla.turns import turns_of

BATCH: Final = 1_000
EVENTS: Final = "events"  # warnings and breaches: whoever is told of SLA events


@dataclass(frozen=True, slots=True)
class Rules:
    """One side: the policies, the one that is asked first in front, and who is told what."""

    policies: Book
    escalations: dict[int, Escalation]  # by the policy's primary key
    ways: dict[int, str]
    _measures: dict[tuple[int, Terms], Measure] = field(default_factory=dict)

    def measure(self, promise: Promise | None, span: Span) -> Measure | None:
        """Return what a policy measures by; None without one, or where its hours are unreadable."""
        if promise is None or promise.terms is None:
            return None
        key = promise.policy_id, promise.terms
        if key not in self._measures:
            escalation = self.escalations.get(promise.policy_id, NOBODY)
            self._measures[key] = Measure(promise.terms, within=span, escalation=escalation)
        return self._measures[key]

    def way_of(self, rung: int | None) -> str:
        return EVENTS if rung is None else self.ways.get(rung, EVENTS)


@dataclass(frozen=True, slots=True)
class Backtest:
    """What is compared: two sides over a span of time; zone says which day an instant is.

    touched are the policies that a draft changes, by primary key: conversations to which none of
    them applies on either side are left out.
    """

    today: Rules
    draft: Rules
    touched: frozenset[int]
    span: Span
    zone: ZoneInfo

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()


def last_days(days: int, now: datetime) -> Span:
    """Return the last so many times 24 hours."""
    return Span(now - timedelta(days=days), now)


def backtest_of(
    draft: Draft, *, beside: InForce | None = None, span: Span, zone: ZoneInfo
) -> Backtest:
    """Return a draft beside what is in force, over a span of time that is not to come.

    beside is what was in force when it was asked for; None: what is now.
    Raises HoursError where the draft's opening hours cannot be read.
    """
    beside = beside or in_force()
    before = beside.policies
    after = policies_with(draft, beside)
    changed = touched(draft, [*before, *after])
    for calendar in (_kept(policy) for policy in after if (policy.pk or 0) in changed):
        if calendar:
            hours_of(calendar)
    ladders_now, ladders_then = ladders(draft, beside.rungs)
    return Backtest(
        today=_rules(before, beside.calendars, ladders_now),
        draft=_rules(after, calendars_with(draft, beside), ladders_then),
        touched=changed,
        span=span,
        zone=zone,
    )


def _kept(policy: Policy) -> Calendar | None:
    return policy.calendar


def _rules(policies: Sequence[Policy], calendars: Mapping[int, Calendar], known: Ladders) -> Rules:
    escalations = {
        policy.pk or 0: known.escalations[policy.ladder_id]
        for policy in policies
        if policy.ladder_id in known.escalations
    }
    return Rules(Book(policies, calendars), escalations, known.ways)


def conversations(test: Backtest) -> QuerySet[Conversation]:
    """Return the conversations that were going on within a backtest's span."""
    lasted = Q(ended_at=None) | Q(ended_at__gte=test.span.start)
    return Conversation.objects.filter(lasted, started_at__lt=test.span.end)


def mirror_from(since: datetime) -> datetime | None:
    """Return when the mirror begins, where that is later than what is to be tried."""
    began = Conversation.objects.order_by("started_at").values_list("started_at", flat=True)
    first = began.first()
    return first if first and first > since else None


def count_up(test: Backtest, tally: Tally, *, after_pk: int = 0) -> Iterator[tuple[int, int]]:
    """Add batch after batch of conversations to a tally.

    Yields after each how many conversations were looked at, and the last one's primary key.
    """
    found = conversations(test).order_by("pk")
    while batch := subjects(found.filter(pk__gt=after_pk)[:BATCH]):
        after_pk = batch[-1].pk
        _count(test, tally, batch)
        yield len(batch), after_pk


def run(test: Backtest) -> Tally:
    """Return what all conversations of a backtest came to."""
    tally = Tally()
    for _ in count_up(test, tally):
        pass
    return tally


def _count(test: Backtest, tally: Tally, batch: Sequence[Subject]) -> None:
    sides = test.today.policies.promises(batch), test.draft.policies.promises(batch)
    applying = {c.pk: (sides[0][c.pk], sides[1][c.pk]) for c in batch}
    concerned = [c for c in batch if any(_pk(p) in test.touched for p in applying[c.pk])]
    idle = [c.pk for c in concerned if any(p and p.minds_idleness for p in applying[c.pk])]
    turns = turns_of(concerned, idle=idle)
    tally.conversations += len(concerned)
    for conversation in concerned:
        today, draft = applying[conversation.pk]
        if _pk(today) != _pk(draft):
            tally.add_moved(conversation.pk)
        courses = Courses(counted(turns[conversation.pk], test.span))
        for side, rules, promise in (
            (Side.TODAY, test.today, today),
            (Side.DRAFT, test.draft, draft),
        ):
            measure = rules.measure(promise, test.span)
            if measure:
                tally.add(
                    side,
                    measure.outcome(courses.under(measure.terms)),
                    pk=conversation.pk,
                    queue_id=conversation.queue_id,
                    day_of=test.day_of,
                    way_of=rules.way_of,
                )


def _pk(promise: Promise | None) -> int | None:
    return promise.policy_id if promise else None
