from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from dcm import demo


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))
def test_at_any_hour_the_demo_lives_where_it_is_about_eleven(now: datetime) -> None:
    local = now.astimezone(ZoneInfo(demo.busy_zone(now)))
    assert 10 <= local.hour + local.minute / 60 <= 12


def test_a_restart_goes_on_with_the_same_world(tmp_path: Path, now: datetime) -> None:
    first = demo.world_of(tmp_path, now=now)
    later = demo.world_of(tmp_path, now=now + timedelta(hours=9))

    assert later == first
    assert datetime.fromisoformat(first.epoch) == datetime(2026, 3, 25, 16, tzinfo=UTC)
    assert demo.zone_of(tmp_path) == first.zone


def test_without_a_world_days_are_counted_in_utc(tmp_path: Path) -> None:
    assert demo.zone_of(tmp_path) == "UTC"


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "[]",
        '{"seed": 7}',
        '{"seed": 7, "epoch": "soon", "zone": "UTC"}',
        '{"seed": 7, "epoch": "2026-01-01T00:00:00+00:00", "zone": "Mars/Base"}',
    ],
)
def test_a_damaged_world_is_refused_with_its_path(tmp_path: Path, damaged: str) -> None:
    (tmp_path / demo.FILE).write_text(damaged)
    with pytest.raises(ImproperlyConfigured, match=r"demo\.json is damaged: run `make demo-res"):
        demo.zone_of(tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_loopback_is_known(host: str) -> None:
    assert demo.is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", "", "*"])
def test_anything_else_is_not_loopback(host: str) -> None:
    assert not demo.is_loopback(host)
