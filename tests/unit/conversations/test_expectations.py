"""What a reading must show because of an event, and whether it does."""

from datetime import timedelta
from typing import Any

import pytest

from chrono import instants
from conversations.domain import expectations
from conversations.domain.expectations import Expectation
from conversations.domain.live import News, State
from integrations.genesys import payloads
from tests.documents import at, conversation, participant, raw, segment, session


def news(state: State, minutes: float) -> News:
    return News("c", "s", state.value, at(minutes))


def met(state: State, minutes: float, *segments: dict[str, Any]) -> bool:
    shown = conversation("c", participant("p", "agent", session("s", *segments)))
    expected = expectations.of(news(state, minutes))
    return not expectations.unmet([expected], payloads.conversation(raw(shown)))


TALKS = segment("interact", 6)
HELD = [segment("interact", 6, 10), segment("hold", 10, 12), segment("interact", 12)]


@pytest.mark.parametrize(
    ("state", "minutes", "segments", "expected"),
    [
        (State.ALERTING, 5, [segment("alert", 5)], True),
        (State.ALERTING, 5, [], False),
        (State.CONNECTED, 6, [segment("alert", 5)], False),
        (State.CONNECTED, 6, [segment("alert", 5, 6), TALKS], True),
        (State.CONNECTED, 12, [segment("interact", 6, 10), segment("hold", 10)], False),
        (State.CONNECTED, 12, HELD, True),
        (State.CONNECTED, 6, [segment("alert", 5, 6), segment("hold", 6)], True),
        (State.CONNECTED, 11, HELD, True),
        (State.HELD, 10, HELD, True),
        (State.HELD, 10.05, HELD, True),
        (State.HELD, 11, HELD, False),
        (State.PARKED, 8, [TALKS], False),
        (State.WRAPUP, 9, [segment("interact", 6, 9, disconnectType="client")], True),
        (State.ENDED, 9, [TALKS], False),
        (State.ENDED, 9, [segment("interact", 6, 9, disconnectType="client")], True),
        (State.ENDED, 9, [segment("interact", 6, 9), segment("wrapup", 9)], True),
    ],
)
def test_a_reading_shows_a_state_or_what_came_after_it(
    state: State,
    minutes: float,
    segments: list[dict[str, Any]],
    expected: bool,  # noqa: FBT001 - a column of the table above
) -> None:
    assert met(state, minutes, *segments) is expected


def test_a_session_that_is_not_there_shows_nothing() -> None:
    shown = payloads.conversation(raw(conversation("c")))
    expected = [Expectation("s", expectations.BEGUN)]

    assert expectations.unmet(expected, shown) == expected


def test_expectations_survive_json() -> None:
    held = expectations.of(news(State.HELD, 10))

    assert held == Expectation("s", "held", instants.to_ms(at(0) + timedelta(minutes=10)))
    assert expectations.from_plain([held.plain()]) == [held]
    assert str(held) == "session s held at 2026-03-27T09:10:00.000Z"
