"""An office and its hours."""

from datetime import UTC, datetime, timedelta
from typing import Any

from chrono.hours import Hours
from tests.unit.chrono.walker import WEEKDAYS

OFFICE = {day: [["09:00", "17:00"]] for day in WEEKDAYS[:5]}
ALWAYS = {day: [["00:00", "24:00"]] for day in WEEKDAYS}
NIGHTS = {day: [["22:00", "06:00"]] for day in WEEKDAYS}
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FRIDAY_1645 = datetime(2026, 3, 27, 16, 45, tzinfo=UTC)


def hours(timezone: str = "UTC", week: Any = None, **more: Any) -> Hours:
    return Hours.of(timezone=timezone, hours=OFFICE if week is None else week, **more)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
