"""Opening hours as Genesys keeps them: schedules of open, closed and holiday times in a zone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import lcm
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from chrono.business import BusinessTime
from chrono.errors import HoursError
from chrono.spans import Span, Spans
from chrono.zones import DAY, end_of, start_of, zone_named

FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
PERIODS: Final = {"DAILY": DAY, "WEEKLY": 7 * DAY}
_UNTIL_FORMS: Final = {len("20261231"): "%Y%m%d", len("20261231T235959"): "%Y%m%dT%H%M%S"}
# After 400 years the Gregorian calendar comes again to the day, weekdays and leap years alike.
CYCLE_DAYS: Final = 146_097


class Written(NamedTuple):
    """A schedule as Genesys tells it: local start and end, and an iCal RRULE or ""."""

    name: str
    starts: str
    ends: str
    rrule: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A local time span, and how it repeats: by a rule, on listed starts, or (neither) once."""

    starts: datetime  # local, without zone
    length: timedelta
    rule: rrule | None = None
    listed: tuple[datetime, ...] = ()
    until: date | None = None  # the last date on which the rule may start; None: for ever
    interval: int = 1
    period: timedelta = timedelta()  # of daily and weekly rules: interval times that
    name: str = ""

    @classmethod
    def of(cls, written: Written, *, timezone: str) -> "Schedule":
        """Read a Genesys schedule in the zone of its group.

        COUNT is at most 10,000, and rules repeat daily or more seldom; an UNTIL with Z is
        made local, and one without a time means that whole date. Raises HoursError, naming the
        schedule.
        """
        name, starts, ends, rule_text = written
        first, end = _local(starts, f"{name}: start"), _local(ends, f"{name}: end")
        if end < first:
            raise HoursError(f"{name}: it ends at {ends}, before it starts at {starts}")
        if not rule_text.strip():
            return cls(first, end - first, listed=(first,), name=name)
        parts = _parts(rule_text, name)
        until = None
        if "UNTIL" in parts:
            until = _until(parts["UNTIL"], zone_named(timezone), name)
            parts["UNTIL"] = until.strftime("%Y%m%dT%H%M%S")
        rule = _rule(parts, first, name)
        if "COUNT" in parts:
            return cls(first, end - first, listed=tuple(rule), name=name)
        interval = int(parts.get("INTERVAL", "1"))
        return cls(
            starts=first,
            length=end - first,
            rule=rule,
            until=until.date() if until else None,
            interval=interval,
            period=interval * PERIODS.get(parts["FREQ"], timedelta()),
            name=name,
        )

    def occurrences(self, first: date, last: date) -> Iterable[datetime]:
        """Return the local starts on the dates from first to last, both included."""
        start, end = datetime.combine(first, time.min), datetime.combine(last, time.max)
        if self.rule is None:
            return (at for at in self.listed if start <= at <= end)
        return self._clipped(self.rule, start).between(start, end, inc=True)

    @property
    def ends_on(self) -> date | None:
        """The local date of its last start, or one after it; None where it repeats for ever."""
        if self.rule is None:
            return max(self.listed, default=self.starts).date()
        return self.until

    def _clipped(self, rule: rrule, start: datetime) -> rrule:
        """Move the rule's beginning forward by whole periods: it is walked from there."""
        if not self.period or start - self.starts < 2 * self.period:
            return rule
        periods = (start - self.starts) // self.period - 1
        return rule.replace(dtstart=self.starts + periods * self.period)


@dataclass(frozen=True, eq=False)
class ScheduleHours(BusinessTime):
    """What is open by a Genesys schedule group: open schedules, less closed and holiday ones.

    A recurrence is walked in local time and the zone put on each occurrence, so a night shift
    keeps its local hours when clocks change. Nothing open means closed.
    """

    zone: ZoneInfo
    opening: tuple[Schedule, ...]
    closing: tuple[Schedule, ...] = ()

    @classmethod
    def of(
        cls, *, timezone: str, opening: Iterable[Written], closing: Iterable[Written] = ()
    ) -> "ScheduleHours":
        """Read the schedules of a group; closing ones win over opening ones.

        Raises HoursError, which names the schedule or the zone.
        """
        return cls(
            zone=zone_named(timezone),
            opening=tuple(Schedule.of(written, timezone=timezone) for written in opening),
            closing=tuple(Schedule.of(written, timezone=timezone) for written in closing),
        )

    @property
    def reach(self) -> timedelta:
        longest = max((s.length for s in (*self.opening, *self.closing)), default=timedelta())
        return longest + 2 * DAY

    def spans(self, first: date, last: date) -> Spans:
        opens = (span for schedule in self.opening for span in self._placed(schedule, first, last))
        closed = (span for schedule in self.closing for span in self._placed(schedule, first, last))
        return Spans.of(opens) - Spans.of(closed)

    def opens_after(self, day: date) -> bool:
        """Tell whether anything may open later: a whole cycle without an opening proves no."""
        ends = [schedule.ends_on for schedule in self.opening]
        if None not in ends:
            return any(end > day for end in ends if end)
        return (day - max(self._last_opening(), self._settled_on())).days <= self._cycle_days()

    def opens_before(self, day: date) -> bool:
        return any(schedule.starts.date() < day for schedule in self.opening)

    def notes(self, day: date, span: Span) -> Iterable[str]:
        """Yield the schedules that close some of a date; where none opens any of it, that."""
        for schedule in self.closing:
            if self._within(schedule, day, span):
                yield f"closed by “{schedule.name}”"
        if not any(self._within(schedule, day, span) for schedule in self.opening):
            yield "no open schedule"

    def _within(self, schedule: Schedule, day: date, span: Span) -> bool:
        first = day - schedule.length - 2 * DAY
        return bool((Spans.of(self._placed(schedule, first, day)) & Spans.of([span])).parts)

    def _last_opening(self) -> date:
        return self._table.closes[-1].date() if self._table.closes else date.min

    def _settled_on(self) -> date:
        """Return the date from which on only rules without an end speak."""
        every = (*self.opening, *self.closing)
        dates = [d for s in every for d in (s.starts.date(), s.ends_on) if d]
        return max(dates, default=date.min)

    def _cycle_days(self) -> int:
        return CYCLE_DAYS * lcm(*(s.interval for s in (*self.opening, *self.closing)))

    def _placed(self, schedule: Schedule, first: date, last: date) -> Iterable[Span]:
        for at in schedule.occurrences(first, last):
            start = start_of(at.date(), _time_of(at), self.zone)
            if start is not None:
                end = end_of(at.date(), _time_of(at) + schedule.length, self.zone)
                yield Span(start, max(start, end))


def _time_of(at: datetime) -> timedelta:
    return at - datetime.combine(at.date(), time.min)


def _local(written: str, place: str) -> datetime:
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise HoursError(
            f"{place}: {written!r} is no local time: write it as 2026-01-05T09:00:00.000"
        ) from error
    if at.tzinfo is not None:
        raise HoursError(
            f"{place}: {written!r} has a zone: the schedule group has it, leave it out"
        )
    return at


def _parts(recurrence: str, name: str) -> dict[str, str]:
    """Return the parts of an RRULE by name, UNTIL as it stands.

    Raises HoursError where it is none that we take.
    """
    text = recurrence.strip().upper().removeprefix("RRULE:").strip(";")
    parts = dict(part.partition("=")[::2] for part in text.split(";"))
    if parts.get("FREQ") not in FREQUENCIES:
        raise HoursError(f"{name}: {recurrence!r} does not say FREQ={', '.join(FREQUENCIES)}")
    for key, most in (("INTERVAL", 1_000), ("COUNT", 10_000)):
        number = parts.get(key, "1")
        if not (number.isdecimal() and 1 <= int(number) <= most):
            raise HoursError(f"{name}: {key} of {recurrence!r} is no number from 1 to {most:,}")
    return parts


def _rule(parts: dict[str, str], starts: datetime, name: str) -> rrule:
    text = ";".join(f"{key}={value}" for key, value in parts.items())
    try:
        rule = rrulestr(text, dtstart=starts)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise HoursError(f"{name}: {text!r} is no iCal RRULE: {error}") from error
    assert isinstance(rule, rrule)
    return rule


def _until(written: str, zone: ZoneInfo, name: str) -> datetime:
    """Read UNTIL as local time: dateutil refuses UTC beside a start without zone."""
    form = _UNTIL_FORMS.get(len(written), "%Y%m%dT%H%M%SZ")
    try:
        at = datetime.strptime(written, form)  # noqa: DTZ007 the zone is put on below
    except ValueError as error:
        raise HoursError(
            f"{name}: UNTIL={written} is no iCal time: write 20261231T225959Z"
        ) from error
    if written.endswith("Z"):
        return at.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    return at if "T" in written else datetime.combine(at, time.max)
