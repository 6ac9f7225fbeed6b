"""Our gross beside Genesys's tHandle: each millisecond between them has a cause or is named."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handling.domain.reconcile import Cause, Comparison, SessionRecord, compare
from handling.domain.sessions import Segment

TALK: Segment = ("interact", 0, 10_000)
ALERT: Segment = ("alert", -5_000, 0)


def told(
    *metrics: tuple[str, int] | tuple[str, int, int],
) -> tuple[tuple[str, int, int | None], ...]:
    return tuple((m[0], m[1], m[2] if len(m) == 3 else None) for m in metrics)


def compared(
    segments: tuple[Segment, ...], *metrics: tuple[str, int] | tuple[str, int, int]
) -> Comparison:
    found = compare(SessionRecord("c", "s", segments, told(*metrics)), as_of=1_000_000)
    assert found is not None
    return found


def reasons(found: Comparison) -> list[tuple[str, Cause, int]]:
    return [(r.segment_type, r.cause, r.milliseconds) for r in found.reasons]


def test_a_session_that_adds_up_agrees() -> None:
    segments = (ALERT, TALK, ("hold", 10_000, 25_000), ("wrapup", 25_000, 30_000))
    found = compared(
        segments, ("tTalkComplete", 10_000), ("tHeldComplete", 15_000), ("tAcw", 5_000),
        ("tHandle", 30_000),
    )  # fmt: skip
    assert (found.computed, found.difference, found.reasons) == (30_000, 0, ())


def test_an_outbound_call_counts_dialing_and_contacting() -> None:
    segments: tuple[Segment, ...] = (("contacting", -3_000, -1_000), ("dialing", -1_000, 0), TALK)
    found = compared(
        segments, ("tContacting", 2_000), ("tDialing", 1_000), ("tTalk", 10_000),
        ("tHandle", 13_000),
    )  # fmt: skip
    assert found.difference == 0


def test_without_t_handle_there_is_nothing_to_compare() -> None:
    assert compare(SessionRecord("c", "s", (TALK,), told(("tTalk", 1))), as_of=9) is None


def test_after_call_work_that_was_told_before_it_ended() -> None:
    """An agent who never answered: 61 s of wrap-up, of which 57 s told 3,837 ms before its end."""
    segments: tuple[Segment, ...] = (ALERT, ("wrapup", 0, 61_000))
    found = compared(segments, ("tAcw", 57_000, 57_163), ("tHandle", 57_000, 57_163))
    assert reasons(found) == [("wrapup", Cause.EARLY, 4_000)]
    assert (found.difference, found.unexplained) == (4_000, 0)


def test_overlapping_segments_are_counted_once() -> None:
    found = compared(
        (TALK, ("wrapup", 9_800, 15_000)), ("tTalkComplete", 10_000), ("tAcw", 5_200),
        ("tHandle", 15_200),
    )  # fmt: skip
    assert reasons(found) == [("interact", Cause.OVERLAP, -200)]
    assert found.unexplained == 0


def test_after_call_work_that_genesys_told_nothing_of() -> None:
    found = compared((TALK, ("wrapup", 10_000, 70_000)), ("tTalk", 10_000), ("tHandle", 10_000))
    assert reasons(found) == [("wrapup", Cause.UNTOLD, 60_000)]
    assert found.unexplained == 0


def test_a_segment_that_is_still_open_is_told_when_it_ends() -> None:
    found = compared((TALK, ("wrapup", 10_000, None)), ("tTalk", 10_000), ("tHandle", 10_000))
    assert reasons(found) == [("wrapup", Cause.OPEN, 990_000)]


def test_a_zero_length_wrapup_is_no_difference() -> None:
    found = compared((TALK, ("wrapup", 40_000, 40_000)), ("tTalk", 10_000), ("tHandle", 10_000))
    assert found.difference == 0


def test_time_of_a_damaged_segment_is_named() -> None:
    found = compared(
        (TALK, ("hold", 20_000, 10_000)), ("tTalk", 10_000), ("tHeld", 8_000), ("tHandle", 18_000)
    )
    assert reasons(found) == [("hold", Cause.DAMAGED, -8_000)]


@pytest.mark.parametrize(
    ("metrics", "left"),
    [
        ([("tTalkComplete", 9_000), ("tHandle", 9_000)], 1_000),
        ([("tTalkComplete", 10_000), ("tHandle", 14_000)], -4_000),
        ([("tTalkComplete", 10_000), ("tHeld", 5_000), ("tHandle", 15_000)], -5_000),
    ],
    ids=["talk differs", "the parts do not add up to tHandle", "a hold nobody saw"],
)
def test_what_nothing_shows_remains_unexplained(metrics: list[tuple[str, int]], left: int) -> None:
    found = compared((TALK,), *metrics)
    assert (found.difference, found.unexplained, found.reasons) == (left, left, ())


kinds = st.sampled_from(["interact", "hold", "wrapup", "dialing", "contacting", "alert", "ivr"])
segments_ = st.lists(
    st.tuples(kinds, st.integers(0, 30), st.none() | st.integers(0, 40)), max_size=6
)
names = ["tTalkComplete", "tTalk", "tHeldComplete", "tHeld", "tAcw", "tDialing", "tContacting"]
metrics_ = st.lists(
    st.tuples(st.sampled_from(names), st.integers(0, 40), st.none() | st.integers(0, 50)),
    max_size=5,
)


@settings(deadline=None)
@given(segments_, metrics_, st.integers(0, 100))
def test_reasons_and_what_is_unexplained_make_up_the_difference(
    segments: list[Segment], metrics: list[tuple[str, int, int | None]], handle: int
) -> None:
    record = SessionRecord("c", "s", tuple(segments), (*metrics, ("tHandle", handle, None)))
    found = compare(record, as_of=35)
    assert found is not None
    explained = sum(reason.milliseconds for reason in found.reasons)
    assert found.computed - handle == explained + found.unexplained
    assert 0 <= found.computed <= 35
    assert found.difference or not found.reasons
