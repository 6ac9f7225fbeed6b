"""Spans are sets of instants, and their algebra is that of sets."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chrono.spans import Span, Spans

START = datetime(2026, 3, 27, tzinfo=UTC)


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def span(start: int, end: int) -> Span:
    return Span(minute(start), minute(end))


def as_set(spans: Spans) -> set[int]:
    return {n for n in range(60) if any(p.start <= minute(n) < p.end for p in spans.parts)}


spans = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 9)).map(lambda p: span(p[0], p[0] + p[1]))
).map(Spans.of)


@given(spans, spans)
def test_the_algebra_is_set_algebra(a: Spans, b: Spans) -> None:
    assert as_set(a | b) == as_set(a) | as_set(b)
    assert as_set(a & b) == as_set(a) & as_set(b)
    assert as_set(a - b) == as_set(a) - as_set(b)


@given(spans, spans)
def test_every_result_is_in_normal_form(a: Spans, b: Spans) -> None:
    for result in (a, a | b, a & b, a - b):
        assert result == Spans.of(result.parts)
        assert all(part.start < part.end for part in result.parts)


@given(spans, st.integers(0, 40), st.integers(0, 19))
def test_gaps_are_what_no_part_covers(a: Spans, start: int, length: int) -> None:
    within = span(start, start + length)

    assert as_set(a.gaps(within)) == set(range(start, start + length)) - as_set(a)


@given(spans)
def test_the_total_counts_each_instant_once(a: Spans) -> None:
    assert a.total == len(as_set(a)) * timedelta(minutes=1)


def test_parts_that_touch_become_one() -> None:
    assert Spans.of([span(5, 9), span(1, 5)]).parts == (span(1, 9),)


def test_a_span_is_of_utc_instants_in_order() -> None:
    with pytest.raises(ValueError, match="takes UTC instants"):
        Span(START, START.astimezone(ZoneInfo("Europe/Berlin")))
    with pytest.raises(ValueError, match="ends before it starts"):
        span(2, 1)
