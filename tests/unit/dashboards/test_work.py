from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chrono.spans import Span
from dashboards.timeline import Kind
from dashboards.work import LegRow, SegmentRow, clipped, stretches

EIGHT = datetime(2026, 11, 20, 8, tzinfo=UTC)
NOW = EIGHT + timedelta(hours=8)


def at(minutes: float) -> datetime:
    return EIGHT + timedelta(minutes=minutes)


def segment(
    start: float, end: float | None, kind: str = "interact", *, pk: int = 1, session: int = 1
) -> SegmentRow:
    return SegmentRow(
        pk=pk,
        session_pk=session,
        conversation_pk=1,
        conversation_id="held",
        media_type="email",
        purpose="agent",
        user_id="a",
        segment_type=kind,
        started_at=at(start),
        ended_at=None if end is None else at(end),
    )


def leg(start: float, end: float, *, user: str = "a", provisional: bool = False) -> LegRow:
    return LegRow(
        conversation_pk=1,
        started_at=at(start),
        ended_at=at(end),
        cause_pk=2,
        cause_id="call",
        cause_media="voice",
        held_id="held",
        held_media="email",
        user_id=user,
        provisional=provisional,
    )


def test_of_a_hold_an_interruption_takes_its_part_and_names_its_cause() -> None:
    found = stretches([segment(0, 60, "hold")], [leg(10, 28.6)], now=NOW)

    assert [(s.kind, s.started_at, s.ended_at) for s in found] == [
        (Kind.HOLD, at(0), at(10)),
        (Kind.INTERRUPTED, at(10), at(28.6)),
        (Kind.HOLD, at(28.6), at(60)),
    ]
    assert found[1].cause == leg(10, 28.6)
    assert [s.counts for s in found] == [True, False, True]


def test_only_holds_of_the_interrupted_agent_are_cut() -> None:
    live = stretches([segment(0, 60)], [leg(10, 20)], now=NOW)
    other = stretches([segment(0, 60, "hold")], [leg(10, 20, user="b")], now=NOW)

    assert [s.kind for s in live] == [Kind.LIVE]
    assert [s.kind for s in other] == [Kind.HOLD]


def test_an_open_segment_ends_with_the_next_of_its_session_else_lasts_until_now() -> None:
    found = stretches(
        [segment(0, None, pk=1), segment(30, None, "hold", pk=2)],
        [leg(40, 480, provisional=True)],
        now=NOW,
    )

    assert [(s.kind, s.ended_at, s.lasts) for s in found] == [
        (Kind.LIVE, at(30), False),
        (Kind.HOLD, at(40), False),
        (Kind.INTERRUPTED, NOW, True),
    ]


def test_a_segment_without_length_is_left_out() -> None:
    assert stretches([segment(5, 5), segment(9, 3, pk=2)], [], now=NOW) == []


def test_what_lies_outside_the_day_is_cut_off_and_no_longer_lasts() -> None:
    found = stretches([segment(-60, None)], [], now=NOW)
    inside = list(clipped(found, Span(at(0), at(30))))

    assert [(s.started_at, s.ended_at, s.lasts) for s in inside] == [(at(0), at(30), False)]
    assert list(clipped(found, Span(NOW, NOW + timedelta(hours=1)))) == []


@given(
    st.integers(0, 50),
    st.integers(1, 100),
    st.lists(st.integers(0, 150), max_size=6, unique=True).map(sorted),
)
def test_the_parts_of_a_hold_cover_it_exactly(start: int, length: int, edges: list[int]) -> None:
    legs = [leg(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    found = stretches([segment(start, start + length, "hold")], legs, now=NOW)

    by_minute = [
        [s.kind for s in found if s.started_at <= at(m) < s.ended_at]
        for m in range(start, start + length)
    ]
    taken = [
        any(one.started_at <= at(m) < one.ended_at for one in legs)
        for m in range(start, start + length)
    ]
    assert by_minute == [[Kind.INTERRUPTED if t else Kind.HOLD] for t in taken]
