"""Business-time answers beside businesstimedelta and pandas, in one run on this machine.

Office hours in Berlin, ten holidays; random instants of 2026; 3 h 30 min to add (3 h for pandas,
whose business hours are whole).
"""

import datetime as dt
import random
import sys
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import businesstimedelta
import pandas as pd
from pytz import timezone

from benchmarks.figures import Figure, median_rates
from chrono.hours import Hours

ROUNDS = 7
ASKED = 2_000
AMOUNT = dt.timedelta(hours=3, minutes=30)
ZONE = "Europe/Berlin"
HOLIDAYS = (
    *("2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14"),
    *("2026-05-25", "2026-10-03", "2026-12-25", "2026-12-26", "2027-01-01"),
)
TIMES_BUSINESSTIMEDELTA = 50


def measure() -> list[Figure]:
    """Measure ours and theirs in alternation, each on warm tables and the same instants."""
    ours, plain = _hours(HOLIDAYS), _hours(())
    theirs, theirs_plain, pandas = _rules(HOLIDAYS), _rules(()), _offset()
    added = businesstimedelta.BusinessTimeDelta(theirs, hours=3, seconds=1800)
    added_plain = businesstimedelta.BusinessTimeDelta(theirs_plain, hours=3, seconds=1800)
    rates = median_rates(
        ROUNDS,
        _asking(lambda at: ours.after(at, AMOUNT), ASKED),
        _asking(lambda at: at + added, ASKED // 10),
        _asking(lambda at: plain.after(at, AMOUNT), ASKED),
        _asking(lambda at: at + added_plain, ASKED // 10),
        _asking(lambda at: ours.within(at, at + 5 * AMOUNT), ASKED),
        _asking(lambda at: theirs.difference(at, at + 5 * AMOUNT), ASKED // 10),
        _asking(lambda at: pd.Timestamp(at.astimezone(ZoneInfo(ZONE))) + pandas, ASKED // 10),
    )
    return [
        _figure("business time: after", rates[0], rates[1], target=True),
        _figure("business time: after, no holidays", rates[2], rates[3]),
        _figure("business time: within", rates[4], rates[5]),
        _figure("business time: after", rates[0], rates[6], "pandas CustomBusinessHour"),
    ]


def _figure(
    what: str,
    ours: float,
    theirs: float,
    against: str = "businesstimedelta",
    *,
    target: bool = False,
) -> Figure:
    return Figure(
        what=what,
        rate=ours,
        unit="answers/s",
        target=TIMES_BUSINESSTIMEDELTA * theirs if target else None,
        against=against,
        ratio=ours / theirs,
    )


def _hours(holidays: tuple[str, ...]) -> Hours:
    week = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    hours = Hours.of(timezone=ZONE, hours=week, holidays=holidays)
    hours.within(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 2, 1, tzinfo=dt.UTC))
    return hours


def _rules(holidays: tuple[str, ...]) -> Any:
    office = businesstimedelta.WorkDayRule(
        start_time=dt.time(9),
        end_time=dt.time(17),
        working_days=[0, 1, 2, 3, 4],
        tz=timezone(ZONE),
    )
    dates = {dt.date.fromisoformat(day): "holiday" for day in holidays}
    closed = [businesstimedelta.HolidayRule(dates)] if dates else []
    return businesstimedelta.Rules([office, *closed])


def _offset() -> Any:
    return pd.offsets.CustomBusinessHour(3, start="09:00", end="17:00", holidays=list(HOLIDAYS))


def _asking(answer: Callable[[dt.datetime], object], count: int) -> Callable[[], int]:
    chance, start = random.Random(7), dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    asked = [start + dt.timedelta(seconds=chance.randrange(350 * 86_400)) for _ in range(count)]

    def ask() -> int:
        for at in asked:
            answer(at)
        return len(asked)

    return ask


if __name__ == "__main__":
    for figure in measure():
        sys.stdout.write(
            f"{figure.what:<35}{figure.rate:>12,.0f} {figure.unit}"
            f"{figure.ratio or 0:>8.0f} x {figure.against}\n"
        )
