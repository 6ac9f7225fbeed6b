"""In which zone a reader sees times: the one they chose, else the centre's."""

from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.conf import settings
from django.http import HttpRequest

COOKIE: Final = "dcm_zone"
KEPT_S: Final = 365 * 86_400


@lru_cache(maxsize=1)
def choices() -> tuple[str, ...]:
    """Return the names of all zones that stand for a place, and UTC, in order."""
    return ("UTC", *sorted(name for name in available_timezones() if _is_place(name)))


def of_centre() -> ZoneInfo:
    """Return the zone in whose days the centre counts."""
    return ZoneInfo(settings.TIME_ZONE)


def zone_of(request: HttpRequest) -> ZoneInfo:
    """Return the zone that a reader chose; the centre's where none or an unknown one."""
    return _zone(request.COOKIES.get(COOKIE, "")) or of_centre()


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _is_place(name: str) -> bool:
    return name.partition("/")[0] in {
        "Africa",
        "America",
        "Antarctica",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    }
