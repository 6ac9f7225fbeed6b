from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from dashboards import timeline
from dashboards.axis import Axis, Piece, ruled
from dashboards.timeline import Kind, Part

EIGHT = datetime(2026, 11, 20, 8, tzinfo=UTC)
AXIS = ruled(EIGHT, EIGHT + timedelta(hours=10), px_per_hour=100)
UTC_ZONE = ZoneInfo("UTC")
extents = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), max_size=25).map(
    lambda drawn: [
        (str(i), EIGHT + timedelta(minutes=start), EIGHT + timedelta(minutes=start + length))
        for i, (start, length) in enumerate(drawn)
    ]
)


def part(start: float, end: float | None, *, lane: int = 0, kind: Kind = Kind.LIVE) -> Part:
    return Part(
        lane=lane,
        kind=kind,
        media_type="email",
        started_at=EIGHT + timedelta(minutes=start),
        ended_at=None if end is None else EIGHT + timedelta(minutes=end),
        label="Email",
        href="#",
    )


@given(extents)
def test_slots_never_overlap_and_are_as_few_as_work_ran_at_once(
    drawn: list[tuple[str, datetime, datetime]],
) -> None:
    slots = timeline.slots(drawn)

    most_at_once = max(
        (sum(s <= start < e for _, s, e in drawn) for _, start, _ in drawn), default=0
    )
    assert len(set(slots.values())) == most_at_once
    for key, start, end in drawn:
        for other, s, e in drawn:
            if key != other and slots[key] == slots[other]:
                assert end <= s or e <= start


@given(extents, st.randoms(use_true_random=False))
def test_slots_do_not_depend_on_the_order_of_reading(
    drawn: list[tuple[str, datetime, datetime]], random: object
) -> None:
    assert timeline.slots(drawn) == timeline.slots(list(reversed(drawn)))


def test_a_hold_and_the_call_that_caused_it_have_the_same_edges() -> None:
    call = timeline.bar(part(60, 78.6), AXIS, now=EIGHT)
    hold = timeline.bar(part(60, 78.6, lane=1, kind=Kind.INTERRUPTED), AXIS, now=EIGHT)

    assert (call.x, call.width) == (hold.x, hold.width)
    assert call.x == 100
    assert hold.y - call.y == timeline.LANE
    assert hold.css == "s-interrupted"


def test_a_bar_is_never_too_narrow_to_see_and_leaves_a_gap() -> None:
    assert timeline.bar(part(0, 0.001), AXIS, now=EIGHT).width == timeline.NARROWEST
    assert timeline.bar(part(0, 60), AXIS, now=EIGHT).width == 99


def test_what_lasts_reaches_to_now() -> None:
    bar = timeline.bar(part(0, None), AXIS, now=EIGHT + timedelta(minutes=30))

    assert bar.open_ended
    assert bar.width == 49


def test_a_chart_names_only_what_it_draws_and_shows_now_only_where_it_lies() -> None:
    parts = [part(0, 30), part(30, 60, kind=Kind.HOLD)]
    drawn = timeline.chart(
        parts, axis=AXIS, lanes=["Email"], zone=UTC_ZONE, now=EIGHT + timedelta(hours=1)
    )
    later = timeline.chart(
        parts, axis=AXIS, lanes=["Email"], zone=UTC_ZONE, now=EIGHT + timedelta(days=1)
    )

    assert drawn.legend == (("s-email", "Email"), ("s-hold", "Hold"))
    assert (drawn.now_x, drawn.now_text) == (100, "now 09:00")
    assert later.now_x is None
    assert [lane.text for lane in drawn.lanes] == ["Email"]


def test_a_connector_runs_between_the_bars_whichever_lies_above() -> None:
    at = EIGHT + timedelta(hours=1)

    assert timeline.connector(at, axis=AXIS, lanes=(0, 2), label="x") == timeline.connector(
        at, axis=AXIS, lanes=(2, 0), label="x"
    )
    line = timeline.connector(at, axis=AXIS, lanes=(0, 2), label="x")
    assert (line.x, line.bottom - line.top) == (100, 2 * timeline.LANE - timeline.BAR)


def test_genesys_segment_types_have_kinds_and_unknown_ones_are_other() -> None:
    assert timeline.kind_of("Interact") is Kind.LIVE
    assert timeline.kind_of("wrapup") is Kind.ACW
    assert timeline.kind_of("parked") is Kind.PARKED
    assert timeline.kind_of("somethingnew") is Kind.OTHER
    assert timeline.css_of(Kind.LIVE, "cobrowse") == "s-digital"
    assert timeline.media_name("email") == "Email"
    assert timeline.media_name("whatever") == "Whatever"


def folded_to(end: datetime) -> Axis:
    """Make an axis that ends with a fold."""
    return Axis(
        (
            Piece(EIGHT, EIGHT + timedelta(minutes=5), 0.0, 500.0),
            Piece(EIGHT + timedelta(minutes=5), end, 500.0, 544.0, folded=True),
        )
    )


def test_the_length_of_a_fold_does_not_lie_under_the_text_of_the_now_line() -> None:
    now = EIGHT + timedelta(hours=43)

    def text_end(axis: Axis, now: datetime) -> float:
        drawn = timeline.chart([part(0, 5)], axis=axis, lanes=["A"], zone=UTC_ZONE, now=now)
        return drawn.folds[0][3]

    assert text_end(folded_to(now), now) == 544 - timeline.NOW_ROOM
    assert text_end(folded_to(now), now + timedelta(hours=1)) == 544


def test_names_of_media_are_what_people_call_them() -> None:
    assert [timeline.media_name(name) for name in ("ivr", "sms", "voice")] == [
        "IVR",
        "SMS",
        "Voice",
    ]
