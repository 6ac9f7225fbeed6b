"""The fold over turns beside a stopwatch that ticks, in any order of arrival."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chrono.hours import Hours
from chrono.instants import isoformat, parse
from sla.domain.scenario import answer
from tests.unit.sla.stopwatch import TICK, Stopwatch

START = datetime(2026, 3, 27, 14, tzinfo=UTC)  # a Friday afternoon before the clocks change
ZONE = "Europe/Berlin"
WEEK = {day: [["09:00", "12:00"], ["12:30", "17:00"]] for day in ("mon", "tue", "wed", "fri")}
KINDS = ("first_response", "next_response", "resolution")
TYPES = (
    *("customer_message", "agent_message", "customer_message", "agent_message"),
    *("state_paused", "state_resumed", "state_open", "closed", "reopened"),
    "first_response_recorded",
)


@st.composite
def timelines(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw events at ticks of their own, so that no two happen at one instant."""
    ticks = draw(st.lists(st.integers(1, 5 * 24 * 12), unique=True, max_size=10))
    events: list[dict[str, Any]] = [{"type": "created", "at": isoformat(START)}]
    for tick in sorted(ticks):
        event = {"type": draw(st.sampled_from(TYPES)), "at": isoformat(START + tick * TICK)}
        if event["type"] in {"state_paused", "state_resumed"}:
            event["reason"] = draw(st.sampled_from(["", "a", "b"]))
        events.append(event)
    return events


def timed(events: list[dict[str, Any]], targets: dict[str, int], *, pauses: bool) -> Stopwatch:
    watch = Stopwatch(
        hours=Hours.of(timezone=ZONE, hours=WEEK),
        targets={kind: timedelta(seconds=s) for kind, s in targets.items()},
        customer_pauses=pauses,
    )
    now = START
    for event in events:
        while now < parse(event["at"]):
            watch.tick(now)
            now += TICK
        if event["type"] == "closed":
            watch.closed_("")
        else:
            watch.hear(event)
    return watch


@settings(max_examples=100, deadline=None)
@given(timelines(), st.lists(st.integers(1, 120), min_size=3, max_size=3), st.data())
def test_clocks_measure_what_a_stopwatch_does(
    events: list[dict[str, Any]], ticks: list[int], data: st.DataObject
) -> None:
    pauses = data.draw(st.booleans())
    targets = {kind: n * 300 for kind, n in zip(KINDS, ticks, strict=True)}
    watch = timed(events, targets, pauses=pauses)
    policy = {f"{kind}_s": s for kind, s in targets.items()}
    found = answer(
        {
            "timezone": ZONE,
            "hours": WEEK,
            "policy": policy | {"waiting_on_customer_pauses": pauses},
            "events": data.draw(st.permutations(events)),
        }
    )

    assert found["missed"] == [kind for kind in KINDS if kind in watch.missed]
    for kind in KINDS:
        assert found[f"{kind}_business_s"] == watch.elapsed[kind].total_seconds()
        due, reached = found[f"{kind}_due"], watch.reached.get(kind)
        if reached and not _stopped(watch, kind):
            assert parse(due) == reached
        elif watch.runs(kind):
            left = watch.targets[kind] - watch.elapsed[kind]
            expected = watch.hours.after(parse(events[-1]["at"]), left)
            assert parse(due) == expected
        else:
            assert due is None


def _stopped(watch: Stopwatch, kind: str) -> bool:
    answered = {
        "first_response": watch.first_answered,
        "next_response": not watch.waiting,
        "resolution": False,
    }
    return watch.closed or answered[kind]


@settings(max_examples=50, deadline=None)
@given(timelines())
def test_steps_lead_to_where_each_clock_stands(events: list[dict[str, Any]]) -> None:
    policy = {"first_response_s": 900, "next_response_s": 900, "resolution_s": 9000}
    found = answer({"timezone": ZONE, "hours": WEEK, "policy": policy, "events": events})

    for kind in KINDS:
        steps = [step for step in found["steps"] if step["clock"] == kind]
        assert [step["at"] for step in steps] == sorted(step["at"] for step in steps)
        assert steps[0]["action"] == "started"
        ended = found[f"{kind}_due"] is None or steps[-1]["action"] in {"paused", "stopped"}
        assert ended == (steps[-1]["action"] in {"paused", "stopped"})
        if ended:
            assert steps[-1]["business_s"] == found[f"{kind}_business_s"]
