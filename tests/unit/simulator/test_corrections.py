"""What is rewritten on day three, and what is not."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from chrono.instants import to_ms
from simulator.world import World, ledger

EPOCH = datetime(2026, 3, 26, 5, tzinfo=UTC)
DAY = 86_400_000
Fact = dict[str, Any]


@cache
def lived(share: float, days: int) -> World:
    world = World(seed=7, epoch=EPOCH, corrections=share)
    world.advance_to(EPOCH + timedelta(days=days))
    return world


def conversations(world: World) -> dict[str, Fact]:
    found: dict[str, Fact] = world.truth(world.now)["conversations"]
    return found


def test_a_share_of_what_ended_is_rewritten_from_the_third_day_on() -> None:
    true, corrected = conversations(lived(0.0, 5)), conversations(lived(0.2, 5))
    assert true.keys() == corrected.keys()
    changed = {id_ for id_ in true if true[id_] != corrected[id_]}
    done = dict(lived(0.2, 5).corrections.done)
    assert changed <= done.keys()
    # A wrap-up code may be changed once more, as it happens without corrections too.
    assert {done[id_] for id_ in done.keys() - changed} <= {"code"}
    old = to_ms(EPOCH) + 3 * DAY
    grown_old = [c for c in true.values() if c["ended_at"] and c["ended_at"] < old - DAY]
    assert 0.1 < len(changed) / len(grown_old) < 0.3
    late = {c["genesys_id"] for c in true.values() if (c["ended_at"] or old + DAY) > old}
    assert not changed & late


def test_nothing_is_rewritten_within_three_days() -> None:
    world = World(seed=7, epoch=EPOCH, corrections=1.0)
    world.advance_to(EPOCH + timedelta(days=3))
    assert not world.corrections.done


def test_each_kind_of_correction_comes_about() -> None:
    kinds = Counter(kind for _, kind in lived(0.2, 5).corrections.done)
    assert kinds.keys() == {"metric", "boundary", "vanished", "code"}


def test_a_corrected_boundary_leaves_no_gap_and_metrics_that_fit() -> None:
    kinds = dict(lived(0.2, 5).corrections.done)
    true, corrected = conversations(lived(0.0, 5)), conversations(lived(0.2, 5))
    seen = 0
    for id_, kind in kinds.items():
        if kind not in {"boundary", "vanished"}:
            continue
        before, after = total(true[id_]), total(corrected[id_])
        assert before["tTalk"] + before["tHeld"] == after["tTalk"] + after["tHeld"]
        assert before["tHandle"] == after["tHandle"]
        assert before["tHeld"] != after["tHeld"]
        holds = sum(
            (hold["ended_at"] or 0) - hold["started_at"] for hold in corrected[id_]["holds"]
        )
        assert holds == after["tHeld"]
        seen += 1
    assert seen > 5


def total(conversation: Fact) -> Counter[str]:
    found = Counter[str]()
    for participant in conversation["participants"]:
        for session in participant["sessions"]:
            for metric in session["metrics"]:
                found[metric["name"]] += metric["value"]
    return found


def test_recounting_what_was_not_corrected_changes_nothing() -> None:
    world = World(seed=3, epoch=EPOCH)
    world.advance_to(EPOCH + timedelta(days=1))
    for conversation in world.conversations.values():
        for session in conversation.sessions:
            before = Counter(session.metrics)
            ledger.recount(session)
            assert Counter(session.metrics) == before
