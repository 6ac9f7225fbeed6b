"""What opening hours are drawn of, and how they are held against a walk in small steps."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from tests.unit.chrono.office import DAY
from tests.unit.chrono.walker import STEP, Walker

# A zone, and a date near which its clocks change (or, for Apia, skip a date).
CHANGES = st.sampled_from(
    [
        ("America/New_York", date(2026, 3, 8)),
        ("America/New_York", date(2026, 11, 1)),
        ("Europe/Berlin", date(2026, 3, 29)),
        ("Europe/Berlin", date(2026, 10, 25)),
        ("Australia/Lord_Howe", date(2026, 4, 5)),
        ("Australia/Lord_Howe", date(2026, 10, 4)),
        ("Europe/Dublin", date(2026, 10, 25)),
        ("Antarctica/Troll", date(2026, 3, 29)),
        ("Antarctica/Troll", date(2026, 10, 25)),
        ("Pacific/Apia", date(2011, 12, 30)),
        ("Asia/Kolkata", date(2026, 6, 1)),
    ]
)
TIMES = st.builds(
    lambda half, minute: f"{half // 2:02}:{half % 2 * 30 + minute:02}",
    st.integers(0, 47),
    st.sampled_from([0, 0, 10]),
)
INTERVALS = st.lists(st.tuples(TIMES, TIMES | st.just("24:00")).map(list), max_size=3)


def dates_near(day: date) -> st.SearchStrategy[str]:
    return st.integers(-3, 3).map(lambda n: (day + n * DAY).isoformat())


def assert_alike(fast: Any, slow: Walker, data: st.DataObject) -> None:
    """Ask both the same five times: is it open, how much lies between, when is an amount over."""
    for _ in range(5):
        last = (slow.last - slow.first) // STEP
        start = slow.first + data.draw(st.integers(0, last)) * STEP
        end = slow.first + data.draw(st.integers(0, last)) * STEP
        amount = data.draw(st.integers(0, 200)) * STEP

        assert fast.in_hours(start) == slow.in_hours(start)
        assert fast.within(start, end) == slow.within(start, end)
        for ours, theirs in (
            (fast.after(start, amount), slow.after(start, amount)),
            (fast.before(start, amount), slow.before(start, amount)),
        ):
            inside = ours is not None and slow.first <= ours <= slow.last
            assert ours == theirs if inside else theirs is None
