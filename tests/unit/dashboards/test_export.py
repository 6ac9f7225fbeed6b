import csv
from io import StringIO

import pytest

from dashboards.export import BOM, csv_text


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-2", "@sum", "\tx", "\rx"])
def test_a_text_that_a_spreadsheet_would_compute_is_defused(text: str) -> None:
    [row] = csv.reader(StringIO(csv_text([(text,)]), newline=""))

    assert row == [f"'{text}"]


def test_numbers_stay_numbers_and_the_mark_is_optional() -> None:
    assert csv_text([(-42, "a,b", None)]) == '-42,"a,b",\r\n'
    assert csv_text([("a",)], bom=True) == f"{BOM}a\r\n"
