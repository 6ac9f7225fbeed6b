"""Opening hours written by hand: a weekly pattern in a zone, less holidays and breaks."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from chrono.business import BusinessTime
from chrono.errors import HoursError
from chrono.spans import Span, Spans
from chrono.zones import DAY, end_of, start_of, zone_named

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES: Final = tuple(
    f"{name}day" for name in ("Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun")
)
ZERO: Final = timedelta()
_TIME: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")

# Open from and to, as local time of day; an end beyond 24 h lies on the next date.
Times = tuple[tuple[timedelta, timedelta], ...]


@dataclass(frozen=True, eq=False)
class Hours(BusinessTime):
    """Opening hours in a zone. weekly has Monday first.

    Holidays cancel what starts on them, overrides replace the hours of their date, and breaks are
    closed. A local time that clocks skip moves forward by the gap; one that comes twice is the
    first where it opens and the last where it closes.
    """

    zone: ZoneInfo
    weekly: tuple[Times, ...]
    holidays: frozenset[date] = frozenset()
    overrides: Mapping[date, Times] = field(default_factory=dict)
    breaks: Mapping[date, Times] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        *,
        timezone: Any,
        hours: Any,
        holidays: Any = (),
        overrides: Any = None,
        breaks: Any = None,
    ) -> "Hours":
        """Read opening hours as JSON has them.

        hours {"mon": [["09:00", "12:00"], ["13:00", "17:00"]]}, holidays ["2026-12-25"],
        overrides and breaks {"2026-12-24": [["09:00", "12:00"]]}. An end at or before its start
        lies on the next date, 24:00 is the end of the day, and equal times have no length.
        Raises HoursError, which says where, what stands there and what to write.
        """
        return cls(
            zone=zone_named(_text(timezone, "timezone", "an IANA name such as Europe/Berlin")),
            weekly=_weekly(hours),
            holidays=frozenset(_dates(holidays, "holidays")),
            overrides=_by_date(overrides, "overrides"),
            breaks=_by_date(breaks, "breaks"),
        )

    @property
    def reach(self) -> timedelta:
        return 2 * DAY

    def spans(self, first: date, last: date) -> Spans:
        days = [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]
        breaks = (s for day in days for s in self._placed(day, self.breaks.get(day, ())))
        opens = (s for day in days for s in self._placed(day, self._times_on(day)))
        return Spans.of(opens) - Spans.of(breaks)

    def opens_after(self, day: date) -> bool:
        return any(self.weekly) or any(d > day for d, times in self.overrides.items() if times)

    def opens_before(self, day: date) -> bool:
        return any(self.weekly) or any(d < day for d, times in self.overrides.items() if times)

    def notes(self, day: date, span: Span) -> Iterable[str]:
        if day in self.holidays:
            yield "holiday"
        elif day in self.overrides:
            yield "other hours on this date"
        elif not self.weekly[day.weekday()]:
            yield f"no hours on {NAMES[day.weekday()]}s"
        if self.breaks.get(day):
            yield "closed for a part of it"

    def _times_on(self, day: date) -> Times:
        if day in self.holidays:
            return ()
        times = self.overrides.get(day)
        return self.weekly[day.weekday()] if times is None else times

    def _placed(self, day: date, times: Times) -> Iterable[Span]:
        for opens, closes in times:
            start = start_of(day, opens, self.zone)
            if start is not None:
                yield Span(start, max(start, end_of(day, closes, self.zone)))


def _weekly(hours: Any) -> tuple[Times, ...]:
    if not isinstance(hours, dict):
        raise HoursError(
            f'hours: {hours!r} is no object: write {{"mon": [["09:00", "17:00"]], ...}}'
        )
    for name in hours:
        if name not in WEEKDAYS:
            raise HoursError(f"hours: {name!r} is no weekday: write one of {', '.join(WEEKDAYS)}")
    return tuple(_times(hours.get(name, []), f"hours.{name}") for name in WEEKDAYS)


def _by_date(written: Any, place: str) -> Mapping[date, Times]:
    if written is None:
        return {}
    if not isinstance(written, dict):
        raise HoursError(
            f'{place}: {written!r} is no object: write {{"2026-12-24": [["09:00", "12:00"]]}}'
        )
    return {_date(day, place): _times(times, f"{place}.{day}") for day, times in written.items()}


def _dates(written: Any, place: str) -> Iterable[date]:
    if written is None:
        return
    if not isinstance(written, list | tuple):
        raise HoursError(f'{place}: {written!r} is no list: write ["2026-12-25", ...]')
    for number, day in enumerate(written):
        yield _date(day, f"{place}[{number}]")


def _date(written: Any, place: str) -> date:
    try:
        return date.fromisoformat(_text(written, place, "a date such as 2026-12-25"))
    except HoursError:
        raise
    except ValueError as error:
        raise HoursError(
            f"{place}: {written!r} is no date: write year-month-day, such as 2026-12-25"
        ) from error


def _times(written: Any, place: str) -> Times:
    if not isinstance(written, list | tuple):
        raise HoursError(f'{place}: {written!r} is no list: write [["09:00", "17:00"]]')
    read = (_pair(pair, f"{place}[{number}]") for number, pair in enumerate(written))
    return tuple((opens, closes) for opens, closes in read if opens < closes)


def _pair(written: Any, place: str) -> tuple[timedelta, timedelta]:
    if not isinstance(written, list | tuple) or len(written) != len(("from", "to")):
        raise HoursError(f'{place}: {written!r} is no pair of times: write ["09:00", "17:00"]')
    opens, closes = (_time_of_day(part, f"{place}[{n}]") for n, part in enumerate(written))
    if opens >= DAY:
        raise HoursError(f"{place}[0]: 24:00 is an end only: write 00:00 on the next day")
    return opens, closes + DAY if closes < opens else closes


def _time_of_day(written: Any, place: str) -> timedelta:
    found = _TIME.fullmatch(_text(written, place, "a time such as 09:00"))
    if found:
        hour, minute, second = (int(part or 0) for part in found.groups())
        time = timedelta(hours=hour, minutes=minute, seconds=second)
        if max(minute, second) < 60 and time <= DAY:  # noqa: PLR2004 minutes and seconds
            return time
    raise HoursError(f"{place}: {written!r} is no time of day: write 00:00 to 24:00, as 09:00")


def _text(written: Any, place: str, wanted: str) -> str:
    if isinstance(written, str):
        return written
    raise HoursError(f"{place}: {written!r} is no text: write {wanted}")
