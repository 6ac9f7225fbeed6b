"""What the health page writes of channels, and whom it leads into the admin."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dashboards import health_page
from integrations.health import Backlog, Channel, Health, Road, State, Topics

NOW = datetime(2026, 11, 20, 16, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def seen(**parts: object) -> Health:
    empty = {part: () for part in Health._fields if part not in {"at", "topics"}}
    return Health(**{"at": NOW, "topics": Topics((), ()), **empty, **parts})  # type: ignore[arg-type]


def page(told: Health, *, staff: bool = False) -> health_page.Page:
    return health_page.page(told, health_page.Reader(told.at, ZoneInfo("UTC"), staff))


def channel(state: State) -> Channel:
    heard = NOW - 3 * MINUTE
    return Channel("streaming-5", state, "host/1", NOW - 60 * MINUTE, heard, None, 1200, "reset")


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (State.OK, "Listening"),
        (State.LATE, "Unusually quiet"),
        (State.FAILING, "Not connected"),
    ],
)
def test_a_channel_tells_its_last_frame_and_event(state: State, word: str) -> None:
    [row] = page(seen(channels=(channel(state),))).channels

    assert (row.word, row.counts) == (word, ("1\N{NARROW NO-BREAK SPACE}200",))
    assert [(m.text, m.age) for m in row.moments] == [
        ("15:20:00", "1:00 h ago"),
        ("16:17:00", "3 min ago"),
        ("\N{EM DASH}", ""),
    ]


def test_roads_stand_in_a_fixed_order_and_unknown_ones_under_their_own_name() -> None:
    roads = [
        Road(name, State.OK, None, None, NOW, None, running=False, detail="")
        for name in ("later.road", "genesys.presence", "genesys.poll")
    ]

    assert [row.name for row in page(seen(roads=tuple(roads))).roads] == [
        "Polling",
        "Presence",
        "later.road",
    ]


def test_only_the_staff_is_led_to_what_was_set_aside() -> None:
    told = seen(backlogs=(Backlog("changes", State.OK, 0, None, 7),))

    [for_all], [for_staff] = page(told).backlogs, page(told, staff=True).backlogs

    assert (for_all.link, for_all.link_text) == ("", "7 set aside")
    assert for_staff.link.startswith("/admin/conversations/change/")


def test_the_mark_is_the_same_within_a_minute_and_changes_with_it() -> None:
    told = [seen(channels=(channel(State.OK),))._replace(at=NOW + i * MINUTE / 2) for i in range(3)]

    marks = [page(one).mark for one in told]

    assert marks[0] == marks[1] != marks[2]
