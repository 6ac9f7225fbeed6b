"""manage.py opening_hours: a calendar day by day."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests import factories

pytestmark = pytest.mark.django_db
OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sun")}


def shown(*args: Any) -> list[str]:
    out = StringIO()
    call_command("opening_hours", *args, stdout=out)
    return [" ".join(line.split()) for line in out.getvalue().splitlines()]


def test_days_are_listed_with_what_is_special_about_them() -> None:
    made = factories.calendar(
        "Berlin",
        timezone="Europe/Berlin",
        hours=OFFICE | {"sun": [["00:00", "24:00"]]},
        holidays=["2026-10-23"],
    )
    expected = [
        "Fri 23 Oct 2026 closed 0 h holiday",
        "Sat 24 Oct 2026 closed 0 h no hours on Saturdays",
        "Sun 25 Oct 2026 00:00\N{EN DASH}24:00 25 h clocks change: the day has 25 h",
        "Mon 26 Oct 2026 09:00\N{EN DASH}17:00 8 h",
    ]
    assert shown("Berlin", "--from", "2026-10-23", "--days", "4") == expected
    assert shown(str(made.pk), "--from", "2026-10-23", "--days", "1") == expected[:1]
    assert len(shown("Berlin")) == 14


def test_what_cannot_be_shown_says_what_to_do() -> None:
    factories.calendar("Broken", timezone="Berlin")

    with pytest.raises(CommandError, match=r"There is no calendar 'Berlin'\. There are: .*Broken"):
        shown("Berlin")
    with pytest.raises(CommandError, match="Broken: its hours cannot be read: timezone: 'Berlin'"):
        shown("Broken")
    with pytest.raises(CommandError, match="--days"):
        shown("Broken", "--days", "0")
