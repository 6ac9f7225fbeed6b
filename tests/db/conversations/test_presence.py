"""Agents' presence in the database: told live, told by analytics, read for pages."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from pytest_django import DjangoAssertNumQueries

from chrono.spans import Span
from conversations import presence
from conversations.domain.presence import Away, PresenceTold, State
from conversations.models import PresenceSpan
from conversations.presence import SpanTold

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)
DAY = Span(NINE - timedelta(hours=9), NINE + timedelta(hours=15))


def at(minute: int) -> datetime:
    return NINE + timedelta(minutes=minute)


def told(value: str, minute: int, user: str = "u", kind: str = "presence") -> PresenceTold:
    return PresenceTold(user, kind, value, "", at(minute))


def span(value: str, start: int, end: int | None, user: str = "u") -> SpanTold:
    return SpanTold(user, "presence", value, "", at(start), None if end is None else at(end))


def live(*tellings: PresenceTold) -> int:
    return presence.record_live(told=tellings, now=at(600))


def rows() -> list[tuple[str, datetime, datetime | None]]:
    found = PresenceSpan.objects.order_by("user_id", "kind", "started_at")
    return list(found.values_list("value", "started_at", "ended_at"))


def test_events_in_any_order_leave_the_same_rows_and_repeated_ones_write_nothing() -> None:
    tellings = [told("On Queue", 0), told("BREAK", 30), told("ON_QUEUE", 45), told("OFFLINE", 500)]
    for order in permutations(tellings):
        PresenceSpan.objects.all().delete()
        for one in order:
            live(one)
        assert rows() == [
            ("ON_QUEUE", at(0), at(30)),
            ("BREAK", at(30), at(45)),
            ("ON_QUEUE", at(45), at(500)),
            ("OFFLINE", at(500), None),
        ]
        assert live(*tellings) == 0


def test_analytics_replaces_what_events_guessed_and_is_not_overruled_later() -> None:
    def read(*spans: SpanTold) -> int:
        return presence.record_spans(told=spans, within=DAY, now=at(601))

    live(told("ON_QUEUE", 1), told("MEAL", 20), told("OFFLINE", 480))
    reading = [span("ON_QUEUE", 0, 30), span("BREAK", 30, 40), span("ON_QUEUE", 40, None)]

    assert read(*reading) > 0
    expected = [
        ("ON_QUEUE", at(0), at(30)),
        ("BREAK", at(30), at(40)),
        ("ON_QUEUE", at(40), at(480)),
        ("OFFLINE", at(480), None),
    ]
    assert rows() == expected
    assert read(*reading) == 0
    assert live(told("MEAL", 20), told("ON_QUEUE", 1)) == 0
    assert rows() == expected


def test_what_ends_with_the_window_is_taken_as_lasting() -> None:
    window = Span(at(0), at(60))

    presence.record_spans(told=[span("ON_QUEUE", 0, 60)], within=window, now=at(61))

    assert rows() == [("ON_QUEUE", at(0), None)]


def test_users_and_kinds_do_not_touch_one_another() -> None:
    live(told("ON_QUEUE", 0), told("IDLE", 0, kind="routing"), told("OFFLINE", 0, user="other"))
    live(told("INTERACTING", 5, kind="routing"))

    assert presence.presence_of(["u"], Span(at(3), at(9))) == [
        State("u", "presence", "ON_QUEUE", at(0), None),
        State("u", "routing", "IDLE", at(0), at(5)),
        State("u", "routing", "INTERACTING", at(5), None),
    ]
    assert presence.away(["u", "other"], at(9)) == {"other": Away("OFFLINE", at(0))}
    assert presence.away(["other"], at(-1)) == {}


def test_queries_do_not_grow_with_agents(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    def of_all(tellings: Sequence[tuple[str, int]]) -> list[PresenceTold]:
        return [told(value, m, user=f"u{n}") for n in range(50) for value, m in tellings]

    with django_assert_max_num_queries(8):
        live(*of_all([("ON_QUEUE", 0), ("BREAK", 30)]))
    with django_assert_max_num_queries(8):
        live(*of_all([("ON_QUEUE", 45)]))
    assert len(rows()) == 150
