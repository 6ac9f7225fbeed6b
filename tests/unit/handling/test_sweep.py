"""Worked cases of handle time, in seconds."""

from typing import Any

import pytest

from handling.domain.results import Handling
from handling.domain.sessions import AgentSession, Rules
from handling.domain.sweep import sweep

TYPES = {
    "i": "interact",
    "h": "hold",
    "w": "wrapup",
    "a": "alert",
    "p": "parked",
    "m": "monitoring",
}


def work(name: str, media: str, text: str, *, agent: str = "a1", role: str = "") -> AgentSession:
    """Read "a0 i10 h100-200 i": letters are types, numbers seconds; no end: up to the next."""
    words = text.split()
    starts = [int(word[1:].split("-")[0]) * 1000 for word in words]
    segments: list[tuple[str, int, int | None]] = []
    for at, word in enumerate(words):
        _, dash, end = word.partition("-")
        follows = starts[at + 1] if at + 1 < len(words) else None
        segments.append((TYPES[word[0]], starts[at], int(end) * 1000 if dash else follows))
    return AgentSession(name, agent, media, tuple(segments), role)


def run(*sessions: AgentSession, as_of: int = 10_000, **rules: Any) -> dict[str, Handling]:
    found = sweep(sessions, as_of=as_of * 1000, rules=Rules(**rules))
    return {handling.conversation_id: handling for handling in found}


def legs(handling: Handling) -> list[tuple[str, float, float]]:
    return [(leg.interrupter_id, leg.start / 1000, leg.end / 1000) for leg in handling.legs]


def figures(handling: Handling) -> tuple[float, float, float]:
    return handling.gross / 1000, handling.interrupted / 1000, handling.shared / 1000


def test_a_chat_that_is_itself_interrupted_passes_the_email_on() -> None:
    found = run(
        work("E", "email", "i0 h100 i500-600"),
        work("C", "chat", "i100 h200 i380 w440-480"),
        work("V", "voice", "a190 i200 w350-380"),
    )
    assert legs(found["E"]) == [("C", 100, 200), ("V", 200, 380), ("C", 380, 480)]
    assert [figures(found[name]) for name in "ECV"] == [
        (600, 380, 220),
        (380, 180, 200),
        (180, 0, 180),
    ]
    assert found["E"].resume_lag == 20_000


def test_only_the_last_spell_of_a_hold_has_a_resumption_lag() -> None:
    found = run(
        work("E", "email", "i0 h100 i400-500"),
        work("V", "voice", "i120 w150-160"),
        work("W", "voice", "i200-300"),
    )
    assert [(s.start, s.end, s.resume_lag) for s in found["E"].spells] == [
        (120_000, 160_000, None),
        (200_000, 300_000, 100_000),
    ]


@pytest.mark.parametrize(
    "after", ["p400-500", "a400-500", "m400-500", "i401-500"], ids=["parked", "rung", "idle", "gap"]
)
def test_a_hold_that_is_not_followed_by_work_has_no_resumption_lag(after: str) -> None:
    found = run(
        work("E", "email", f"i0 h100-400 {after}"),
        work("V", "voice", "i120-160"),
    )
    assert [spell.resume_lag for spell in found["E"].spells] == [None]


def test_a_ring_interrupts_but_yields_to_live_work_and_to_an_own_hold() -> None:
    found = run(
        work("E", "email", "i0 h10-100"),
        work("M", "message", "i20 h40-60"),
        work("V", "voice", "a10-80"),
    )
    assert legs(found["E"]) == [("V", 10, 20), ("M", 20, 40), ("V", 40, 80)]
    assert legs(found["M"]) == [("V", 40, 60)]


def test_equal_claims_go_to_the_earlier_session_then_to_the_lesser_id() -> None:
    email = work("E", "email", "i0 h10-100")
    assert legs(
        run(email, work("W", "voice", "i20-60"), work("V", "voice", "a15 i30-60"))["E"]
    ) == [("V", 15, 20), ("W", 20, 30), ("V", 30, 60)]
    assert legs(run(email, work("W", "voice", "i20-60"), work("V", "voice", "i20-60"))["E"]) == [
        ("V", 20, 60)
    ]


def test_a_utilization_replaces_the_ranks() -> None:
    crowd = [work("E", "email", "i0 h10-40"), work("V", "voice", "i10-40")]
    found = run(*crowd, interrupted_by={"email": frozenset({"chat"})})
    assert figures(found["E"]) == (40, 0, 10)
    assert found["E"].switched == 30_000


def test_equals_may_interrupt_each_other_where_the_utilization_says_so() -> None:
    found = run(
        work("A", "message", "i0 h10 i30-50"),
        work("B", "message", "i10 h20-50"),
        interrupted_by={"message": frozenset({"message"})},
    )
    assert legs(found["A"]) == [("B", 10, 20)]
    assert legs(found["B"]) == [("A", 30, 50)]


def test_two_holds_of_one_medium_never_interrupt_each_other() -> None:
    found = run(
        work("A", "email", "h0-30"),
        work("B", "email", "h0-30"),
        interrupted_by={"email": frozenset({"email"})},
    )
    assert [figures(found[name]) for name in "AB"] == [(30, 0, 15), (30, 0, 15)]


def test_a_medium_nobody_ranked_neither_interrupts_nor_is_interrupted() -> None:
    found = run(
        work("E", "email", "h0-30"), work("X", "video", "i0 h10-30"), work("V", "voice", "i20-30")
    )
    assert legs(found["E"]) == [("V", 20, 30)]
    assert found["X"].interrupted == 0


def test_a_consult_leg_takes_its_agent_away_and_costs_the_call_nothing() -> None:
    crowd = [
        work("V", "voice", "i0 h20 i60-80"),
        work("V", "voice", "a20 i25-60", agent="a2", role="consult"),
        work("E", "email", "i0 h25-70", agent="a2"),
    ]
    found = run(*crowd)
    assert figures(found["V"]) == (80, 0, 80)
    assert legs(found["E"]) == [("V", 25, 60)]
    assert run(*crowd, consult_interrupts=False)["E"].interrupted == 0


def test_a_call_taken_over_after_a_consult_is_one_leg() -> None:
    found = run(
        work("E", "email", "h0-100"),
        work("V", "voice", "i10-30", role="consult"),
        work("V", "voice", "i30-50"),
    )
    assert legs(found["E"]) == [("V", 10, 50)]
    assert figures(found["V"]) == (20, 0, 20)


def test_supervision_is_neither_handle_time_nor_an_interruption() -> None:
    found = run(
        work("E", "email", "h0-100"),
        work("V", "voice", "i10-30", role="monitor"),
        work("W", "voice", "m40-60"),
    )
    assert found["E"].interrupted == 0
    assert "V" not in found
    assert found["W"].gross == 0


def test_another_agents_call_interrupts_nobody_here() -> None:
    found = run(work("E", "email", "h0-100"), work("V", "voice", "i10-30", agent="a2"))
    assert found["E"].interrupted == 0


def test_a_second_session_of_the_same_conversation_is_no_interruption() -> None:
    found = run(work("C", "callback", "h0-100"), work("C", "voice", "i10-30"))
    assert figures(found["C"]) == (100, 0, 100)
    assert (found["C"].live, found["C"].hold) == (20_000, 80_000)


def test_a_hold_handed_from_one_session_to_the_next_stays_one_hold() -> None:
    found = run(
        work("E", "email", "h0-50"), work("E", "email", "h50 i90-95"), work("V", "voice", "i40-60")
    )
    assert [(s.start, s.end, s.resume_lag) for s in found["E"].spells] == [(40_000, 60_000, 30_000)]


def test_the_later_of_two_overlapping_segments_holds_and_the_earlier_comes_back() -> None:
    found = run(work("E", "email", "i0-60 h20-40 w55-70"))
    assert (found["E"].live, found["E"].hold, found["E"].acw) == (35_000, 20_000, 15_000)


def test_an_odd_millisecond_goes_to_the_lesser_id() -> None:
    chat = (("interact", 0, 100),)
    found = run(*(AgentSession(name, "a1", "chat", chat) for name in "CAB"))
    assert [found[name].shared for name in "ABC"] == [34, 33, 33]
    assert len({found[name].exact_shared for name in "ABC"}) == 1


def test_forty_seven_at_once_are_shared_exactly() -> None:
    chat = (("interact", 0, 1000),)
    found = run(*(AgentSession(f"C{n}", "a1", "chat", chat) for n in range(47)))
    assert sum(h.exact_shared for h in found.values()) == 1000
    assert sum(h.shared for h in found.values()) == 1000


def test_what_runs_at_the_cut_is_provisional() -> None:
    found = run(work("E", "email", "i0 h100"), work("V", "voice", "i120-1000"), as_of=300)
    assert [leg.provisional for leg in found["E"].legs] == [True]
    assert found["E"].provisional
    assert legs(found["E"]) == [("V", 120, 300)]


def test_a_call_that_ended_at_the_cut_is_final() -> None:
    found = run(work("E", "email", "i0 h100"), work("V", "voice", "i120-300"), as_of=300)
    assert [leg.provisional for leg in found["E"].legs] == [False]
    assert not found["V"].provisional


def test_what_would_begin_at_the_cut_has_not_begun() -> None:
    found = run(
        work("E", "email", "i0 h100"),
        work("V", "voice", "i120 w200-300"),
        work("W", "voice", "a300"),
        work("X", "voice", "a250-300"),
        as_of=300,
    )
    assert legs(found["E"]) == [("V", 120, 300)]
    assert [leg.provisional for leg in found["E"].legs] == [False]


def test_before_everything_there_is_nothing() -> None:
    found = run(work("E", "email", "i10 h20-30"), as_of=5)
    assert figures(found["E"]) == (0, 0, 0)
    assert not found["E"].provisional


def test_damaged_segments_are_dropped_and_counted_once() -> None:
    damaged = work("E", "email", "i0 h20-40 w40-40 i44-42 i40-60")
    found = run(damaged, damaged)
    assert found["E"].gross == 60_000
    assert found["E"].dropped == 2


def test_instants_before_1970_are_instants() -> None:
    found = run(
        AgentSession("E", "a1", "email", (("hold", -2000, 0), ("interact", 0, 1000))),
        AgentSession("V", "a1", "voice", (("interact", -1500, -500),)),
    )
    assert legs(found["E"]) == [("V", -1.5, -0.5)]
    assert figures(found["E"]) == (3, 1, 2)


def test_the_medium_is_that_of_the_earliest_session() -> None:
    found = run(work("C", "voice", "i20-30"), work("C", "callback", "i10-20"))
    assert found["C"].media_type == "callback"
