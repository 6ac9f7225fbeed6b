"""The interval rule: a query selects by the UTC day on which conversations started."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chrono.spans import Span, Spans
from integrations.genesys import queries

instants = st.datetimes(
    min_value=datetime(2020, 1, 1),
    max_value=datetime(2030, 1, 1),
    timezones=st.just(UTC),
).map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))
spans = st.builds(
    lambda start, hours: Span(start, start + timedelta(hours=hours)), instants, st.integers(0, 400)
)


@given(spans, st.integers(1, 7))
def test_windows_cover_the_span_without_gap_or_overlap(span: Span, days: int) -> None:
    cut = list(queries.windows(span, length=timedelta(days=days)))

    assert Spans.of(cut) == Spans.of([span])
    assert sum((window.length for window in cut), timedelta()) == span.length


@given(spans)
def test_a_window_of_a_day_touches_no_other_utc_day(span: Span) -> None:
    for window in queries.windows(span):
        start, end = queries.started(window)["interval"].split("/")
        assert start[:10] == end[:10]
        assert start <= end


@given(spans.filter(lambda s: s.length >= timedelta(minutes=1)))
def test_halves_are_shorter_and_cover_the_window(window: Span) -> None:
    first, second = queries.halves(window)

    assert (first.start, first.end, second.end) == (window.start, second.start, window.end)
    assert first.length < window.length
    assert second.length < window.length


def test_started_relies_on_no_filter_and_reads_newest_first() -> None:
    window = Span(datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 3, 28, tzinfo=UTC))

    assert queries.started(window) == {
        "interval": "2026-03-27T00:00:00.000Z/2026-03-27T23:59:59.999Z",
        "order": "desc",
        "orderBy": "conversationStart",
    }


def test_open_conversations_are_those_without_an_end() -> None:
    window = Span(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC))

    assert queries.still_open(window)["conversationFilters"] == [
        {
            "type": "and",
            "predicates": [
                {"type": "dimension", "dimension": "conversationEnd", "operator": "notExists"}
            ],
        }
    ]
