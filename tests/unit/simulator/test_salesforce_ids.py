"""Ids of Salesforce: 15 characters, and 18 that say which of these are capitals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.receivers.salesforce.ids import Ids, full, with_checksum

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def test_the_example_of_the_manual() -> None:
    assert with_checksum("001A0000006Vm9r") == "001A0000006Vm9rIAC"


@given(st.text(ALPHABET, min_size=15, max_size=15))
def test_fifteen_and_eighteen_in_any_case_are_the_same_id(short: str) -> None:
    long = with_checksum(short)

    assert full(short) == long
    assert full(long) == long
    assert full(long.lower()) == long
    assert full(long.upper()) == long


@pytest.mark.parametrize(
    "wrong", ["", "500", "001A0000006Vm9rIAD", "001A0000006Vm9r!AC", "001A0000006Vm9rI", None, 5]
)
def test_what_is_no_id(wrong: object) -> None:
    assert full(wrong) is None


def test_ids_come_in_order_and_some_differ_in_case_alone() -> None:
    ids = Ids()
    made = [ids.make("500") for _ in range(100)]

    assert made == sorted(set(made))
    assert len({id_[:15].lower() for id_ in made}) < 100
    assert len({id_.lower() for id_ in made}) == 100
