"""Local time made UTC: the one reading of clock changes that all of business time shares."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from chrono.errors import HoursError

DAY = timedelta(days=1)
MIDNIGHT = time.min


@cache
def zone_named(name: str) -> ZoneInfo:
    """Return a zone by its IANA name. Raises HoursError where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError) as error:
        raise HoursError(
            f"timezone: {name!r} is no time zone: write an IANA name such as Europe/Berlin"
        ) from error


def start_of(day: date, time_of_day: timedelta, zone: ZoneInfo) -> datetime | None:
    """Return the instant of a local start.

    The first where it comes twice, and later by the gap where clocks skip it. None where they
    skip that whole date (Apia, 2011-12-30).
    """
    local = datetime.combine(day, MIDNIGHT, tzinfo=zone) + time_of_day
    start = local.astimezone(UTC)
    skips_the_date = start - local.replace(fold=1).astimezone(UTC) >= DAY
    return None if skips_the_date else start


def end_of(day: date, time_of_day: timedelta, zone: ZoneInfo) -> datetime:
    """Return the instant of a local end; time_of_day may exceed a day.

    The last where it comes twice, and later by the gap where clocks skip it.
    """
    local = datetime.combine(day, MIDNIGHT, tzinfo=zone) + time_of_day
    return max(local.astimezone(UTC), local.replace(fold=1).astimezone(UTC))
