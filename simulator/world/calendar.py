"""Local days and hours of the centre's time zone."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from chrono.instants import from_ms, to_ms
from simulator.world.engine import HOUR

SATURDAY = 5  # Monday is 0


class Calendar:
    """One IANA time zone. Raises ZoneInfoNotFoundError where there is none of that name."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._of_hour = lru_cache(maxsize=1024)(self._look_up)

    def hour_and_weekday(self, at: int) -> tuple[int, int]:
        """Return the local hour, and the day with Monday as 0. Zones off by minutes are cut."""
        return self._of_hour(at // HOUR)

    def day_of(self, at: int) -> date:
        """Return the local day of an instant (ms)."""
        return from_ms(at).astimezone(self._zone).date()

    def instant(self, day: date, hours: float) -> int:
        """Return the instant (ms) at which local clocks show so many hours of a day."""
        wall = datetime.combine(day, time()) + timedelta(hours=hours)
        return to_ms(wall.replace(tzinfo=self._zone).astimezone(UTC))

    def _look_up(self, hours_since_1970: int) -> tuple[int, int]:
        local = from_ms(hours_since_1970 * HOUR).astimezone(self._zone)
        return local.hour, local.weekday()
