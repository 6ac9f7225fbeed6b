"""What a policy and the hours it goes by said when: stretches of time, each with its terms."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, NamedTuple

from chrono.always import ALWAYS
from chrono.business import BusinessTime
from chrono.errors import HoursError
from sla.domain.terms import PromisedBy, Terms
from sla.domain.turns import Cause, TermsChanged
from sla.models import Calendar, CalendarVersion, Policy, PolicyVersion, TimeUnit
from sla.selectors import (
    Read,
    as_written,
    emergencies_of,
    hours_as_read,
    read_hours,
    schedules_of,
    terms_of,
)

logger = logging.getLogger(__name__)

# What is tried before it is saved has no primary key yet.
UNSAVED: Final = 0
EVER: Final = datetime(1, 1, 1, tzinfo=UTC)
NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)


class PolicyAs(NamedTuple):
    """A policy as one of its versions has it. number None: it was never numbered."""

    number: int | None
    valid_from: datetime | None
    policy: Policy


class CalendarAs(NamedTuple):
    """A calendar as one of its versions has it; is_now: as its row has it."""

    calendar_id: int
    name: str
    number: int | None
    valid_from: datetime | None
    is_now: bool


class Stretch(NamedTuple):
    """From valid_from on (None: ever) a policy and hours held: no calendar is round the clock."""

    valid_from: datetime | None
    policy: PolicyAs
    calendar: CalendarAs | None
    cause: Cause

    @property
    def since(self) -> datetime:
        return self.valid_from or EVER

    @property
    def promised_by(self) -> PromisedBy:
        named = [(self.policy.policy.name, self.policy.number)]
        named += [(self.calendar.name, self.calendar.number)] if self.calendar else []
        return PromisedBy(
            "; ".join(f"{name}, version {n}" if n else name for name, n in named),
            self.calendar.calendar_id if self.calendar else None,
            self.calendar.number if self.calendar and not self.calendar.is_now else None,
            self.told_from,
        )

    @property
    def told_from(self) -> datetime | None:
        """When all of it began to hold as it is; None where it is as it was first written.

        A first version is taken to have held ever; whoever adds a policy says when that was.
        """
        kept = self.calendar
        began = [self.policy.policy.told_from]
        began += [self.policy.valid_from] if (self.policy.number or 1) > 1 else []
        began += [kept.valid_from] if kept and (kept.number or 1) > 1 else []
        return max((at for at in began if at), default=None)

    @property
    def key(self) -> tuple[int | None, ...]:
        """What its terms are known by: the policy and the calendar, and the version of each."""
        kept = self.calendar
        named = (kept.calendar_id, kept.number) if kept else (None, None)
        return (self.policy.policy.pk, self.policy.number, *named)

    def turn(self, terms: Terms) -> TermsChanged:
        return TermsChanged(at=self.since, terms=terms, cause=self.cause)


class Timelines:
    """The stretches of policies, put together as they are asked for."""

    def __init__(
        self,
        calendar_ids: Iterable[int],
        histories: Sequence[Sequence[PolicyAs]],
        *,
        with_history: bool,
        tried: Mapping[int, Calendar],
    ) -> None:
        given = {_kept_by(one[-1].policy): one[-1].policy.calendar for one in histories}
        named = {_kept_by(one.policy) for history in histories for one in history}
        ids = {pk for pk in (*calendar_ids, *named) if pk is not None}
        self._calendars = Calendar.objects.in_bulk(ids - given.keys() - tried.keys())
        self._calendars |= {pk: row for pk, row in given.items() if pk is not None and row}
        self._calendars |= dict(tried)
        self._schedules = schedules_of(self._calendars.values())
        self._emergencies = emergencies_of(self._calendars.values())
        self._calendar_histories = _calendar_histories(self._calendars, with_history=with_history)
        self._earlier: dict[int, dict[int, Read]] = {}
        self._stretches: dict[tuple[int, int | None], list[Stretch]] = {}
        self._terms: dict[tuple[int | None, ...], Terms | None] = {}

    def of(self, history: Sequence[PolicyAs], ruled: int | None) -> list[Stretch]:
        """Return the stretches of a policy, the earliest first; ruled: the queue's calendar."""
        key = history[-1].policy.pk or UNSAVED, ruled
        if key not in self._stretches:
            self._stretches[key] = list(self._put_together(history, ruled))
        return self._stretches[key]

    def terms(self, stretch: Stretch) -> Terms | None:
        """Return the terms of a stretch; None, and a line in the log, where hours are unreadable.

        One unreadable schedule must not stop the clocks of all other policies.
        """
        key = stretch.key
        if key not in self._terms:
            self._terms[key] = self._read_terms(stretch)
        return self._terms[key]

    def _put_together(self, history: Sequence[PolicyAs], ruled: int | None) -> Iterable[Stretch]:
        for policy, following in pairwise([*history, None]):
            assert policy is not None
            begins = policy.valid_from if policy is not history[0] else None
            ends = following.valid_from if following else None
            if begins and begins == ends:  # saved twice at one instant
                continue
            for at, calendar in self._kept(policy.policy, ruled, begins or EVER, ends or NEVER):
                cause = Cause.CALENDAR_CHANGED if at else Cause.POLICY_CHANGED
                yield Stretch(at or begins, policy, calendar, cause)

    def _kept(
        self, policy: Policy, ruled: int | None, begins: datetime, ends: datetime
    ) -> Iterable[tuple[datetime | None, CalendarAs | None]]:
        """Yield whose hours a policy goes by in a time: first from its beginning (None), then on.

        Nothing where that is not known any more.
        """
        if policy.time_unit == TimeUnit.WALL:
            yield None, None
            return
        named = _kept_by(policy)
        kept = ruled if named is None else named
        history = self._calendar_histories.get(kept, []) if kept is not None else []
        before = [one for one in history if (one.valid_from or EVER) <= begins] or history[:1]
        if before:
            yield None, before[-1]
        for one in history[history.index(before[-1]) + 1 :] if before else ():
            if one.valid_from and one.valid_from < ends:
                yield one.valid_from, one

    def _read_terms(self, stretch: Stretch) -> Terms | None:
        try:
            hours = self._hours(stretch.calendar)
        except HoursError as error:
            assert stretch.calendar is not None
            policy, calendar = stretch.policy.policy.pk, stretch.calendar.calendar_id
            logger.error(  # noqa: TRY400 - the message says it all
                "sla.hours_unreadable",
                extra={"calendar": calendar, "policy": policy, "reason": str(error)},
            )
            return None
        return terms_of(stretch.policy.policy, hours, stretch.promised_by)

    def _hours(self, kept: CalendarAs | None) -> BusinessTime:
        if kept is None:
            return ALWAYS
        pk = kept.calendar_id
        if kept.is_now:
            return self._under(pk, read_hours(self._calendars[pk], self._schedules))
        assert kept.number is not None
        if pk not in self._earlier:
            rows = CalendarVersion.objects.filter(calendar=pk)
            self._earlier[pk] = dict(rows.values_list("number", "hours"))
        return self._under(pk, self._earlier[pk][kept.number])

    def _under(self, pk: int, read: Read) -> BusinessTime:
        """Return hours under the emergencies of their calendar, whichever version they are."""
        return hours_as_read(read, self._emergencies.get(pk, ()))


def as_it_was(policy: Policy, versions: Sequence[PolicyVersion]) -> tuple[PolicyAs, ...]:
    """Return a policy's history: as its versions had it, and last the row itself."""
    earlier = (PolicyAs(v.number, v.valid_from, as_written(policy, v.terms)) for v in versions[:-1])
    latest = versions[-1] if versions else None
    now = PolicyAs(latest.number, latest.valid_from, policy) if latest else None
    return (*earlier, now or PolicyAs(None, None, policy))


def needs_rule(policy: Policy) -> bool:
    """Tell whether a policy goes by the hours of the conversation's queue."""
    return _kept_by(policy) is None and policy.time_unit != TimeUnit.WALL


def _kept_by(policy: Policy) -> int | None:
    """Return the primary key of the calendar that a policy names; UNSAVED of one not saved."""
    if policy.calendar_id is not None:
        return policy.calendar_id
    return UNSAVED if policy.calendar else None


def _calendar_histories(
    calendars: dict[int, Calendar], *, with_history: bool
) -> dict[int, list[CalendarAs]]:
    """Return the histories of calendars: the last of each is its row."""
    found: dict[int, list[CalendarAs]] = {pk: [] for pk in calendars}
    asked = calendars if with_history else ()
    rows = CalendarVersion.objects.filter(calendar__in=asked).order_by("calendar", "number")
    for pk, number, valid_from in rows.values_list("calendar_id", "number", "valid_from"):
        found[pk].append(CalendarAs(pk, calendars[pk].name, number, valid_from, is_now=False))
    for pk, history in found.items():
        if history:
            history[-1] = history[-1]._replace(is_now=True)
        else:
            history.append(CalendarAs(pk, calendars[pk].name, None, None, is_now=True))
    return found
