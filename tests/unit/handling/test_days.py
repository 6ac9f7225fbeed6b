from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chrono.instants import from_ms, to_ms
from handling.domain.days import DayFigures, by_day, midnight
from handling.domain.sessions import AgentSession, Rules
from handling.domain.sweep import sweep

HOUR = 3_600_000


def held(start: str, hours: int, zone: str) -> dict[date, DayFigures]:
    at = to_ms(datetime.fromisoformat(start))
    session = AgentSession("E", "a1", "email", (("hold", at, at + hours * HOUR),))
    return by_day(sweep([session], as_of=1 << 50, rules=Rules()), ZoneInfo(zone))


@pytest.mark.parametrize(
    ("start", "zone", "hours"),
    [
        ("2026-03-28T12:00:00+00:00", "Europe/Berlin", [11, 23, 14]),
        ("2026-10-24T12:00:00+00:00", "Europe/Berlin", [10, 25, 13]),
        ("2026-03-28T12:00:00+00:00", "UTC", [12, 24, 12]),
        ("2024-09-07T12:00:00+00:00", "America/Santiago", [16, 23, 9]),
    ],
    ids=["spring", "autumn", "no change", "midnight itself is skipped"],
)
def test_a_day_has_as_many_hours_as_its_zone_gives_it(
    start: str, zone: str, hours: list[int]
) -> None:
    found = held(start, 48, zone)
    assert [day.gross // HOUR for day in found.values()] == hours
    assert [day.adjusted // HOUR for day in found.values()] == hours


@settings(deadline=None)
@given(
    st.integers(0, 3000), st.integers(1, 100), st.sampled_from(["Europe/Berlin", "Pacific/Apia"])
)
def test_pieces_add_up_and_lie_on_their_days(start: int, hours: int, zone_name: str) -> None:
    zone = ZoneInfo(zone_name)
    begin = datetime(2011, 10, 1, tzinfo=UTC) + timedelta(hours=start)
    found = held(begin.isoformat(), hours, zone_name)
    assert sum(day.gross for day in found.values()) == hours * HOUR
    for day, sums in found.items():
        length = midnight(day + timedelta(days=1), zone) - midnight(day, zone)
        assert 0 < sums.gross <= length / timedelta(milliseconds=1)


def test_interrupted_seconds_fall_on_their_own_day() -> None:
    at = to_ms(datetime(2026, 3, 27, 22, tzinfo=UTC))
    sessions = [
        AgentSession("E", "a1", "email", (("hold", at, at + 4 * HOUR),)),
        AgentSession("V", "a1", "voice", (("interact", at + HOUR, at + 3 * HOUR),)),
    ]
    email = [h for h in sweep(sessions, as_of=1 << 50, rules=Rules()) if h.conversation_id == "E"]
    assert by_day(email, ZoneInfo("UTC")) == {
        date(2026, 3, 27): DayFigures(2 * HOUR, HOUR),
        date(2026, 3, 28): DayFigures(2 * HOUR, HOUR),
    }
    assert from_ms(at).hour == 22
