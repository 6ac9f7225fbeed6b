"""Instants: read as UTC to the millisecond, whatever sound form they come in."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chrono.instants import EPOCH, from_ms, isoformat, parse, to_ms

AT = datetime(2026, 3, 7, 6, 45, 1, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-07T06:45:01.250Z",
        "2026-03-07T06:45:01.250999Z",
        "2026-03-07T07:45:01.25+01:00",
        "2026-03-07T05:15:01.250-0130",
        "2026-3-7T6:45:01.25Z",
        "2026-03-07 06:45:01,2507Z",
        "2026-03-07t06:45:01.250123456z",
    ],
)
def test_an_instant_is_read_as_utc_and_cut_to_the_millisecond(text: str) -> None:
    assert parse(text) == AT
    assert parse(text).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2026-03-07T06:45:01", "lacks its time zone"),
        ("2026-13-07T06:45:01Z", "is not an instant"),
        ("yesterday", "is not an ISO-8601 instant"),
        ("", "is not an ISO-8601 instant"),
        ("0001-01-01T00:00:00+14:00", "lies outside the years 1 to 9999"),
    ],
)
def test_what_is_no_instant_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        parse(text)

    assert repr(text) in str(raised.value)


@given(st.datetimes(timezones=st.just(UTC)))
def test_milliseconds_and_text_lead_back_to_the_instant(at: datetime) -> None:
    cut = at.replace(microsecond=at.microsecond // 1000 * 1000)

    assert from_ms(to_ms(at)) == cut
    assert parse(isoformat(cut)) == cut


def test_milliseconds_count_from_1970() -> None:
    assert to_ms(EPOCH) == 0
    assert isoformat(from_ms(1)) == "1970-01-01T00:00:00.001Z"
