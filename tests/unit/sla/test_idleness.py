"""When a conversation counts as parked or held: by what all who have it do."""

from datetime import UTC, datetime

import pytest

from sla.domain.idleness import Stretch, pauses
from sla.domain.turns import StatePaused


def at(minute: int) -> datetime:
    return datetime(2026, 2, 2, 10, minute, tzinfo=UTC)


def stretch(source: str, kind: str, start: int, end: int | None) -> Stretch:
    return Stretch(source, kind, at(start), None if end is None else at(end))


ANNA = [stretch("a/0", "interact", 0, 10), stretch("a/1", "parked", 10, 40)]


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        ([], []),
        (ANNA, [("parked", 10, "a/1"), ("", 40, "a/1")]),
        ([*ANNA, stretch("a/2", "interact", 40, 50)], [("parked", 10, "a/1"), ("", 40, "a/2")]),
        ([stretch("a/0", "hold", 10, None)], [("on hold", 10, "a/0")]),
        (
            [stretch("a/0", "hold", 10, 20), stretch("a/1", "hold", 20, 30)],
            [("on hold", 10, "a/0"), ("", 30, "a/1")],
        ),
        # Another agent takes it over while the first one has it parked.
        (
            [*ANNA, stretch("b/0", "interact", 20, 30)],
            [("parked", 10, "a/1"), ("", 20, "b/0"), ("parked", 30, "a/1"), ("", 40, "a/1")],
        ),
        ([*ANNA, stretch("b/0", "interact", 5, 50)], []),
        (
            [*ANNA, stretch("b/0", "hold", 35, 45)],
            [
                ("parked", 10, "a/1"),
                ("", 40, "a/1"),
                ("on hold", 35, "b/0"),
                ("", 45, "b/0"),
            ],
        ),
        # Damage: it ends before it begins, or at once.
        ([stretch("a/0", "hold", 20, 10), stretch("a/1", "parked", 20, 20)], []),
    ],
    ids=[
        "nobody has it",
        "parked and ended",
        "parked and resumed",
        "held still",
        "two holds that touch",
        "another works on it for a time",
        "another works on it throughout",
        "parked by one and held by another",
        "damaged stretches",
    ],
)
def test_it_is_idle_while_somebody_parks_or_holds_it_and_nobody_works_on_it(
    stretches: list[Stretch], expected: list[tuple[str, int, str]]
) -> None:
    found = [
        (turn.reason if isinstance(turn, StatePaused) else "", turn.at, turn.source)
        for turn in pauses(stretches)
    ]

    assert found == [(reason, at(minute), source) for reason, minute, source in expected]
