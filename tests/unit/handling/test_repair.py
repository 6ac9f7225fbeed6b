from handling.domain import repair
from handling.domain.sessions import ACW, HOLD, LIVE, NONE, STATE_OF_SEGMENT_TYPE, Segment


def changes(*segments: Segment, as_of: int = 1000) -> list[tuple[int, int]]:
    packed, _ = repair.changes(segments, as_of, STATE_OF_SEGMENT_TYPE)
    return [(change >> repair.STATE_BITS, change & repair.STATE_MASK) for change in packed]


def test_what_has_no_end_ends_where_the_next_starts() -> None:
    closed, dropped = repair.close([("hold", 20, 30), ("interact", 5, None)], 1000)
    assert closed == [("interact", 5, 20), ("hold", 20, 30)]
    assert dropped == 0


def test_of_several_that_start_together_none_ends_the_other() -> None:
    closed, _ = repair.close([("hold", 5, None), ("interact", 5, 9), ("wrapup", 12, 15)], 1000)
    assert sorted(closed) == [("hold", 5, 12), ("interact", 5, 9), ("wrapup", 12, 15)]


def test_the_last_without_an_end_does_not_end() -> None:
    assert changes(("interact", 5, None)) == [(5, LIVE)]
    assert changes(("interact", 5, 2000)) == [(5, LIVE)]
    assert changes(("interact", 5, 1000)) == [(5, LIVE), (1000, NONE)]


def test_what_ends_before_it_lasts_is_dropped_and_counted_once() -> None:
    segments: list[Segment] = [("wrapup", 5, 5), ("wrapup", 5, 5), ("hold", 9, 3)]
    assert repair.close(segments, 1000) == ([], 2)
    assert repair.changes(segments, 1000, STATE_OF_SEGMENT_TYPE) == ([], 2)


def test_what_starts_at_the_cut_has_not_happened() -> None:
    assert changes(("interact", 5, 10), ("hold", 10, 20), as_of=10) == [(5, LIVE), (10, NONE)]


def test_gaps_are_nothing_and_neighbours_meet() -> None:
    assert changes(("interact", 5, 10), ("hold", 10, 20), ("wrapup", 25, 30)) == [
        (5, LIVE),
        (10, HOLD),
        (20, NONE),
        (25, ACW),
        (30, NONE),
    ]


def test_a_type_nobody_knows_covers_what_it_overlaps_with_nothing() -> None:
    assert changes(("interact", 0, 30), ("transmitting", 10, 20)) == [
        (0, LIVE),
        (10, NONE),
        (20, LIVE),
        (30, NONE),
    ]


def test_a_hundred_thousand_segments_of_one_session_take_no_more_than_a_sort() -> None:
    tangled: list[Segment] = [("interact", n, 300_000 - n) for n in range(100_000)]
    found = changes(*tangled, as_of=1 << 40)
    assert found == [(0, LIVE), (300_000, NONE)]
