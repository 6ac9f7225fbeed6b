from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dashboards.frame import Level, freshness

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 15, 20, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age_s", "failing", "level"),
    [
        (4, False, Level.LIVE),
        (60, True, Level.LIVE),
        (61, False, Level.AGEING),
        (61, True, Level.OLD),
        (301, False, Level.OLD),
    ],
)
def test_data_is_late_after_a_minute_and_stale_after_five_or_when_the_road_fails(
    age_s: int, *, failing: bool, level: Level
) -> None:
    seen = freshness(
        succeeded_at=NOW - timedelta(seconds=age_s),
        failing_since=NOW if failing else None,
        now=NOW,
        zone=BERLIN,
    )

    assert seen.level is level
    assert (seen.message == "") == (level is Level.LIVE)


@pytest.mark.parametrize(("age_s", "level"), [(240, Level.LIVE), (241, Level.AGEING)])
def test_where_polls_are_rare_lateness_begins_later(age_s: int, level: Level) -> None:
    seen = freshness(
        succeeded_at=NOW - timedelta(seconds=age_s),
        failing_since=None,
        now=NOW,
        zone=BERLIN,
        late=timedelta(minutes=4),
    )

    assert seen.level is level


def test_stale_data_says_when_countdowns_stopped_and_why() -> None:
    seen = freshness(
        succeeded_at=NOW - timedelta(minutes=7),
        failing_since=NOW - timedelta(minutes=6),
        now=NOW,
        zone=BERLIN,
    )

    assert seen.as_of == "16:13:11"
    assert seen.age == "7 min ago"
    assert "cannot be read since 16:14" in seen.message
    assert "countdowns stopped at 16:13" in seen.message


def test_before_the_first_poll_there_is_no_age_to_tell() -> None:
    quiet = freshness(succeeded_at=None, failing_since=None, now=NOW, zone=BERLIN)
    broken = freshness(succeeded_at=None, failing_since=NOW, now=NOW, zone=BERLIN)

    assert (quiet.level, quiet.age_s) == (Level.NONE, None)
    assert (broken.level, "nothing was read before" in broken.message) == (Level.OLD, True)
