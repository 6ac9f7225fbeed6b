"""Numbers and times as people read them: text in, nothing but text out.

A countdown counts business time; an instant is shown in the reader's zone. A dash means "does not
apply", which is something else than zero.
"""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

MINUS: Final = "\N{MINUS SIGN}"
NOTHING: Final = "\N{EM DASH}"
THIN: Final = "\N{NARROW NO-BREAK SPACE}"
SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
TICKING_BELOW: Final = timedelta(minutes=10)
WEEKDAY_WITHIN: Final = 6  # days in which a weekday names one day only


def hours_minutes(amount: timedelta) -> str:
    """Write a length as h:mm, cut to the minute; a negative one starts with a minus sign."""
    minutes = abs(amount) // MINUTE
    sign = MINUS if amount < timedelta() else ""
    return f"{sign}{minutes // 60}:{minutes % 60:02d}"


def countdown(left: timedelta) -> str:
    """Write business time left: h:mm, mm:ss in the last ten minutes, -h:mm when overdue.

    static/dcm/dcm.js ticks by the same rule.
    """
    if timedelta() <= left < TICKING_BELOW:
        seconds = left // SECOND
        return f"{seconds // 60:02d}:{seconds % 60:02d}"
    return hours_minutes(left)


def seconds_of(milliseconds: float) -> int:
    """Round milliseconds to whole seconds, halves up: what a handle time shows."""
    return int((milliseconds + 500) // 1000)


def handle_time(seconds: int | None) -> str:
    """Write a handle time: mm:ss below one hour, h:mm:ss from there; None is a dash."""
    if seconds is None:
        return NOTHING
    sign, rest = (MINUS, -seconds) if seconds < 0 else ("", seconds)
    minutes, second = divmod(rest, 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{sign}{minutes:02d}:{second:02d}"
    return f"{sign}{minutes // 60}:{minutes % 60:02d}:{second:02d}"


def total_hours(milliseconds: int) -> str:
    """Write a sum of time as 11:02 h."""
    return f"{hours_minutes(timedelta(milliseconds=milliseconds))} h"


def mean_seconds(milliseconds: int, count: int) -> int | None:
    """Return the mean in whole seconds; None where nothing was counted."""
    return seconds_of(milliseconds / count) if count else None


def percent(part: int, whole: int) -> str:
    """Write a share as a whole percentage, halves up; a dash where there is no whole."""
    return f"{(200 * part + whole) // (2 * whole)}{THIN}%" if whole else NOTHING


def count(number: int) -> str:
    """Write a count with thin spaces between thousands."""
    return f"{number:,}".replace(",", THIN)


def plural(number: int, one: str, many: str = "") -> str:
    """Write a count with its noun: 1 agent, 2 agents."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def ago(age: timedelta) -> str:
    """Write how long ago something was: 4 s ago, 7 min ago, 2:10 h ago, 3 days ago."""
    return f"{span(max(age, timedelta()))} ago"


def span(length: timedelta) -> str:
    """Write a length of wall-clock time in its own unit: 4 s, 7 min, 2:10 h, 3 days."""
    if length < MINUTE:
        return f"{length // SECOND} s"
    if length < timedelta(hours=1):
        return f"{length // MINUTE} min"
    if length < timedelta(days=2):
        return f"{hours_minutes(length)} h"
    return f"{length.days} days"


def wall(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """Write an instant: 16:28 today, Mon 10:00 within six days, else 2026-11-30 10:00.

    On a day on which the zone changes its offset, the offset stands behind the time.
    """
    local = at.astimezone(zone)
    days = abs((local.date() - now.astimezone(zone).date()).days)
    clock = f"{local:%H:%M}{_offset(local) if changes_offset(local.date(), zone) else ''}"
    if days == 0:
        return clock
    return f"{local:%a} {clock}" if days <= WEEKDAY_WITHIN else f"{local:%Y-%m-%d} {clock}"


def to_the_second(at: datetime, zone: ZoneInfo) -> str:
    """Write an instant as 16:20:07, with its offset on a day on which that changes."""
    local = at.astimezone(zone)
    return f"{local:%H:%M:%S}{_offset(local) if changes_offset(local.date(), zone) else ''}"


def wall_to_the_second(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """Write an instant as 16:20:07 today, and as wall does on other days."""
    same = at.astimezone(zone).date() == now.astimezone(zone).date()
    return to_the_second(at, zone) if same else wall(at, now=now, zone=zone)


def dated(at: datetime, zone: ZoneInfo) -> str:
    """Write an instant as 20 Nov 2026 08:06, with its offset on a day on which that changes."""
    local = at.astimezone(zone)
    offset = _offset(local) if changes_offset(local.date(), zone) else ""
    return f"{local.day} {local:%b %Y %H:%M}{offset}"


def day(value: date) -> str:
    """Write a day as Fri 20 Nov 2026."""
    return f"{value:%a} {value.day} {value:%b %Y}"


def days(start: date, end: date) -> str:
    """Write a range of days, both ends in it: 13-20 Nov 2026, 30 Oct - 5 Nov 2026."""
    if start == end:
        return day(start)
    tail = f"{end.day} {end:%b %Y}"
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}\N{EN DASH}{tail}"
    year = f" {start:%Y}" if start.year != end.year else ""
    return f"{start.day} {start:%b}{year} \N{EN DASH} {tail}"


def changes_offset(value: date, zone: ZoneInfo) -> bool:
    """Tell whether a zone's offset differs between a day's start and end."""
    start = datetime(value.year, value.month, value.day, tzinfo=zone)
    end = start.replace(hour=23, minute=59)
    return start.utcoffset() != end.utcoffset()


def short_id(genesys_id: str) -> str:
    """Return the first eight characters of an id: enough to tell rows apart."""
    return genesys_id[:8]


def _offset(local: datetime) -> str:
    minutes = (local.utcoffset() or timedelta()) // MINUTE
    return f" {'+' if minutes >= 0 else MINUS}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
