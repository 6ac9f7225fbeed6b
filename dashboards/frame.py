"""What stands around every page: how old the data is, and in which zone times are shown."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest

from dashboards import format as write
from dashboards.zones import zone_of
from integrations.models import Watermark

ROAD: Final = "genesys.poll"
BEAT: Final = "poll"
AGEING: Final = timedelta(seconds=60)
OLD: Final = timedelta(minutes=5)


class Level(StrEnum):
    LIVE = "live"
    AGEING = "ageing"
    OLD = "old"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the data is. Texts only; age_s and at are for the page's own ticking."""

    level: Level
    word: str
    as_of: str = ""
    iso: str = ""
    age_s: int | None = None
    age: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """Header values of one page."""

    now: datetime
    zone: ZoneInfo
    zone_name: str
    freshness: Freshness

    @property
    def now_ms(self) -> int:
        return int(self.now.timestamp() * 1000)


def frame(request: HttpRequest, *, now: datetime) -> Frame:
    """Read what the header of a page shows: one query."""
    zone = zone_of(request)
    mark = Watermark.objects.filter(road=ROAD).first()
    return Frame(
        now=now,
        zone=zone,
        zone_name=f"{zone.key} ({now.astimezone(zone):%Z})",
        freshness=freshness(
            succeeded_at=mark.succeeded_at if mark else None,
            failing_since=mark.failing_since if mark else None,
            now=now,
            zone=zone,
            late=ageing_after(),
        ),
    )


def freshness(
    *,
    succeeded_at: datetime | None,
    failing_since: datetime | None,
    now: datetime,
    zone: ZoneInfo,
    late: timedelta = AGEING,
) -> Freshness:
    """Judge the age of the data: live, ageing when older than late, old after five minutes.

    A road that fails is old as soon as it is ageing: nothing will come by itself.
    """
    if succeeded_at is None:
        return _never_read(failing_since, now=now, zone=zone)
    age = max(now - succeeded_at, timedelta())
    level = _level(age, late, failing=failing_since is not None)
    return Freshness(
        level=level,
        word={Level.LIVE: "Live", Level.AGEING: "Late", Level.OLD: "Stale"}[level],
        as_of=write.to_the_second(succeeded_at, zone),
        iso=succeeded_at.astimezone(zone).isoformat(timespec="seconds"),
        age_s=int(age.total_seconds()),
        age=write.ago(age),
        message=_message(
            level,
            age=age,
            since=write.wall(failing_since, now=now, zone=zone) if failing_since else "",
            until=write.wall(succeeded_at, now=now, zone=zone),
        ),
    )


def headers(seen: Freshness) -> dict[str, Any]:
    """Return the freshness as plain JSON values, for a refresh that changes nothing else."""
    return asdict(seen)


def ageing_after() -> timedelta:
    """Return the age from which data is late: a minute, or two polls where polls are rarer."""
    every = settings.CELERY_BEAT_SCHEDULE.get(BEAT, {}).get("schedule", 0)
    return max(AGEING, timedelta(seconds=2 * float(every)))


def _level(age: timedelta, late: timedelta, *, failing: bool) -> Level:
    if age <= late:
        return Level.LIVE
    return Level.OLD if failing or age > max(OLD, late) else Level.AGEING


def _message(level: Level, *, age: timedelta, since: str, until: str) -> str:
    if level is Level.LIVE:
        return ""
    cause = f"Genesys Cloud cannot be read since {since}. " if since else ""
    if level is Level.AGEING:
        return f"{cause}Data is {write.span(age)} old."
    return (
        f"{cause}Data is {write.span(age)} old; countdowns stopped at {until}. "
        "Health tells the cause."
    )


def _never_read(failing_since: datetime | None, *, now: datetime, zone: ZoneInfo) -> Freshness:
    if failing_since is None:
        return Freshness(Level.NONE, "No data yet")
    since = write.wall(failing_since, now=now, zone=zone)
    message = (
        f"Genesys Cloud cannot be read since {since}, and nothing was read before. "
        "Health tells the cause."
    )
    return Freshness(Level.OLD, "No data", message=message)
