"""Instants are read from the database as they were written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import connection, models
from django.db.models import Value
from django.db.utils import DataError
from hypothesis import given
from hypothesis import strategies as st

from sla.models import Policy

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.needs("postgresql", reason="Django reads SQLite's instants itself"),
]


def read(at: datetime) -> datetime:
    told = Value(at, output_field=models.DateTimeField())
    found = Policy.objects.annotate(told=told).values_list("told", flat=True).first()
    assert isinstance(found, datetime)
    return found


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))])))
def test_what_is_read_is_what_was_written_in_utc(at: datetime) -> None:
    found = read(at)

    assert found == at
    assert found.tzinfo is UTC


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/St_Johns", "UTC"])
def test_the_zone_of_the_connection_does_not_matter(zone: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('TimeZone', %s, true)", [zone])
        cursor.execute("SELECT '2026-03-29 01:30:00.5+02'::timestamptz")
        [found] = cursor.fetchone()

    assert found == datetime(2026, 3, 28, 23, 30, 0, 500_000, tzinfo=UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "beyond", ["infinity", "0044-03-15 12:00:00+00 BC", "12026-01-01 00:00+00"]
)
def test_what_python_knows_no_instant_for_is_an_error_that_says_so(beyond: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [beyond])
        with pytest.raises(DataError, match="timestamp"):
            cursor.fetchone()
