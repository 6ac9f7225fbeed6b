"""Days on which clocks change, in six zones: when, and how long the local day is."""

from datetime import date
from typing import Final, NamedTuple


class Change(NamedTuple):
    """A local date of so many hours, from its midnight to the next one as UTC has them."""

    zone: str
    day: date
    midnight: str
    next_midnight: str
    hours: float

    def __str__(self) -> str:
        return f"{self.zone} {self.day}"


CHANGES: Final = (
    Change("Europe/Berlin", date(2026, 3, 29), "2026-03-28 23:00", "2026-03-29 22:00", 23),
    Change("Europe/Berlin", date(2026, 10, 25), "2026-10-24 22:00", "2026-10-25 23:00", 25),
    Change("America/New_York", date(2026, 3, 8), "2026-03-08 05:00", "2026-03-09 04:00", 23),
    Change("America/New_York", date(2026, 11, 1), "2026-11-01 04:00", "2026-11-02 05:00", 25),
    # Half an hour only.
    Change("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04 13:00", "2026-04-05 13:30", 24.5),
    Change("Australia/Lord_Howe", date(2026, 10, 4), "2026-10-03 13:30", "2026-10-04 13:00", 23.5),
    Change("Pacific/Auckland", date(2026, 4, 5), "2026-04-04 11:00", "2026-04-05 12:00", 25),
    Change("Pacific/Auckland", date(2026, 9, 27), "2026-09-26 12:00", "2026-09-27 11:00", 23),
    # At midnight: the Saturday has its last hour twice, the Sunday begins at one.
    Change("America/Santiago", date(2026, 4, 4), "2026-04-04 03:00", "2026-04-05 04:00", 25),
    Change("America/Santiago", date(2026, 9, 6), "2026-09-06 04:00", "2026-09-07 03:00", 23),
    # For Ramadan: back in February, forth in March.
    Change("Africa/Casablanca", date(2026, 2, 15), "2026-02-14 23:00", "2026-02-16 00:00", 25),
    Change("Africa/Casablanca", date(2026, 3, 22), "2026-03-22 00:00", "2026-03-22 23:00", 23),
)
