"""Amounts of time and shares of a target, as people write them."""

import re
from datetime import timedelta

import pytest

from sla.domain.amounts import duration, warning, warnings
from sla.domain.words import said


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("4 h", 14_400),
        ("3 h 30 min", 12_600),
        ("210 min", 12_600),
        ("3h30m", 12_600),
        (" 1.5 hours ", 5400),
        ("1,5 h", 5400),
        ("45 s", 45),
        ("1 h, 1 sec", 3601),
        ("48 H", 172_800),
    ],
)
def test_amounts_are_read_as_people_write_them(written: str, seconds: int) -> None:
    assert duration(written) == timedelta(seconds=seconds)
    assert duration(said(duration(written))) == duration(written)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "'' is no amount of time: write it as 4 h, 3 h 30 min or 45 s"),
        ("soon", "'soon' is no amount of time: write it as 4 h, 3 h 30 min or 45 s"),
        ("90", "'90' is no amount of time: write it as 4 h, 3 h 30 min or 45 s"),
        ("4 h or so", "'4 h or so' is no amount of time: write it as 4 h, 3 h 30 min or 45 s"),
        ("-4 h", "'-4 h' is no amount of time: write it as 4 h, 3 h 30 min or 45 s"),
        ("2 days", "'2 days' names days: write hours, since a business day has fewer"),
        ("3 parsecs", "'3 parsecs': 'parsecs' is no unit: write h, min or s"),
        ("0 h", "'0 h' is too short or too long: write 1 s to 100000 h"),
        ("100001 h", "'100001 h' is too short or too long: write 1 s to 100000 h"),
        ("9" * 400 + " h", "is too long: write 100000 h at most"),
    ],
)
def test_what_is_no_amount_is_refused_with_what_to_write(written: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message) + "$"):
        duration(written)


def test_a_warning_is_an_amount_or_a_share_of_the_target() -> None:
    assert warning("80 %") == 80.0
    assert warning("12.5%") == 12.5
    assert warning("3 h 30 min") == timedelta(hours=3, minutes=30)
    assert warnings(["80 %", "2 h", "50%", "120 min", "1 h"]) == (
        (timedelta(hours=1), timedelta(hours=2)),
        (50.0, 80.0),
    )


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("0 %", "'0 %': write a share of more than 0 and less than 100 %"),
        ("100%", "'100%': write a share of more than 0 and less than 100 %"),
        ("half %", "'half %' is no share of the target: write it as 80 %"),
        ("later", "'later' is no amount of time: write it as 4 h, 3 h 30 min or 45 s"),
    ],
)
def test_what_is_no_warning_is_refused_with_what_to_write(written: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message) + "$"):
        warning(written)
