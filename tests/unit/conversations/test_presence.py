"""Presence as spans: whatever the order and however often it is told, the same comes out."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.domain.presence import (
    Away,
    Known,
    State,
    away,
    coalesced,
    merged,
    spelled,
)

NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)


def at(minute: int) -> datetime:
    return NINE + timedelta(minutes=minute)


def live(value: str, minute: int) -> Known:
    return Known(value, "", at(minute))


def settled(value: str, start: int, end: int) -> Known:
    return Known(value, "", at(start), at(end), settled=True)


def shown(known: Sequence[Known]) -> list[tuple[str, int, int | None]]:
    return [
        (
            one.value,
            (one.started_at - NINE) // timedelta(minutes=1),
            (one.ended_at - NINE) // timedelta(minutes=1) if one.ended_at else None,
        )
        for one in known
    ]


def one_by_one(told: Sequence[Known]) -> list[Known]:
    known: list[Known] = []
    return reduce(lambda known, one: merged(known, [one]), told, known)


def test_a_new_state_ends_the_one_before_in_whatever_order_they_come() -> None:
    told = [live("AVAILABLE", 0), live("ON_QUEUE", 5), live("MEAL", 60), live("ON_QUEUE", 90)]
    expected = [("AVAILABLE", 0, 5), ("ON_QUEUE", 5, 60), ("MEAL", 60, 90), ("ON_QUEUE", 90, None)]

    for order in permutations([*told, told[1]]):
        assert shown(one_by_one(order)) == expected


def test_what_analytics_has_settled_replaces_what_events_told_of_that_time() -> None:
    told = [
        settled("ON_QUEUE", 0, 30),
        settled("BREAK", 30, 45),
        live("ON_QUEUE", 1),  # its clock is a minute off
        live("MEAL", 20),  # never was
        live("BREAK", 30),
        live("ON_QUEUE", 45),
    ]
    expected = [("ON_QUEUE", 0, 30), ("BREAK", 30, 45), ("ON_QUEUE", 45, None)]

    for order in permutations(told):
        assert shown(one_by_one(order)) == expected


def test_a_reading_that_was_cut_at_its_window_adds_to_what_is_known() -> None:
    pieces = [
        settled("OFFLINE", 0, 600),
        settled("OFFLINE", 300, 900),
        settled("ON_QUEUE", 900, 960),
    ]

    for order in permutations(pieces):
        assert shown(one_by_one(order)) == [("OFFLINE", 0, 900), ("ON_QUEUE", 900, 960)]


def test_a_later_reading_corrects_an_earlier_one() -> None:
    known = merged([], [settled("ON_QUEUE", 0, 60)])

    assert shown(merged(known, [settled("MEETING", 20, 30)])) == [
        ("ON_QUEUE", 0, 20),
        ("MEETING", 20, 30),
        ("ON_QUEUE", 30, 60),
    ]


def test_two_that_begin_at_one_instant_leave_always_the_same_one() -> None:
    one, other = live("BREAK", 0), live("MEAL", 0)

    assert one_by_one([one, other]) == one_by_one([other, one]) == [other]


@st.composite
def truths(draw: st.DrawFn) -> tuple[list[Known], list[Known]]:
    """A true history as settled states but for the last, and tellings of it in some order."""
    minutes = sorted(draw(st.sets(st.integers(0, 200), min_size=2, max_size=8)))
    values = draw(st.lists(st.sampled_from("ABC"), min_size=len(minutes), max_size=len(minutes)))
    values = [v if i == 0 or v != values[i - 1] else f"{v}{i}" for i, v in enumerate(values)]
    spans = [settled(v, s, e) for v, s, e in zip(values, minutes, minutes[1:], strict=False)]
    last = live(values[-1], minutes[-1])
    truth = [*spans, last]
    lies = [live("LIE", m) for m in draw(st.lists(st.integers(minutes[0], minutes[-1] - 1)))]
    lives = [live(one.value, (one.started_at - NINE) // timedelta(minutes=1)) for one in truth]
    told = [*spans, last, *lies, *draw(st.lists(st.sampled_from(lives), max_size=9))]
    return truth, draw(st.permutations(told))


@given(truths())
def test_whatever_is_told_of_a_history_the_settled_history_comes_out(
    case: tuple[list[Known], list[Known]],
) -> None:
    truth, told = case

    known = one_by_one(told)

    assert known == truth
    assert merged(known, told) == known
    assert merged([], told) == known


@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 20)), min_size=1, max_size=12))
def test_tellings_in_any_portions_are_the_same_as_all_at_once(told: list[tuple[str, int]]) -> None:
    points = [live(value, minute) for value, minute in told]

    known = merged([], points)

    assert one_by_one(points) == one_by_one(points[::-1]) == known
    assert [one.ended_at for one in known[:-1]] == [one.started_at for one in known[1:]]
    assert known[-1].ended_at is None


def state(kind: str, value: str, start: int, end: int | None = None) -> State:
    return State("u", kind, value, at(start), None if end is None else at(end))


def test_equal_states_that_touch_are_read_as_one() -> None:
    told = [
        state("presence", "ON_QUEUE", 0, 10),
        state("presence", "ON_QUEUE", 10, None),
        state("routing", "IDLE", 0, 5),
        state("routing", "IDLE", 6, 10),
    ]
    assert coalesced(told) == [
        state("presence", "ON_QUEUE", 0),
        state("routing", "IDLE", 0, 5),
        state("routing", "IDLE", 6, 10),
    ]


@pytest.mark.parametrize(
    ("presence", "routing", "expected"),
    [
        pytest.param(None, None, None, id="nothing is known"),
        pytest.param("ON_QUEUE", "IDLE", None, id="on queue"),
        pytest.param("AVAILABLE", "OFF_QUEUE", None, id="available, off queue"),
        pytest.param("OFFLINE", "OFF_QUEUE", Away("OFFLINE", at(0)), id="offline"),
        pytest.param("OFFLINE", None, Away("OFFLINE", at(0)), id="offline, no status known"),
        pytest.param("MEAL", "OFF_QUEUE", Away("MEAL", at(3)), id="at a meal"),
        pytest.param("BUSY", "COMMUNICATING", None, id="busy on the queue"),
        pytest.param("BUSY", None, None, id="busy, no status known"),
    ],
)
def test_who_is_away(presence: str | None, routing: str | None, expected: Away | None) -> None:
    assert (
        away(
            state("presence", presence, 0) if presence else None,
            state("routing", routing, 3) if routing else None,
        )
        == expected
    )


def test_spellings_of_other_interfaces_become_that_of_analytics() -> None:
    assert [spelled(text) for text in ("On Queue", "Available", "OFF_QUEUE")] == [
        "ON_QUEUE",
        "AVAILABLE",
        "OFF_QUEUE",
    ]
