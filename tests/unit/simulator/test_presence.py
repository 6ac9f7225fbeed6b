"""Laws of the simulated agents' presence."""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

from chrono.instants import parse, to_ms
from simulator.world import World
from simulator.world.feed import Occurrence

EPOCH = datetime(2026, 3, 26, 5, tzinfo=UTC)


@cache
def lived() -> tuple[dict[str, Any], list[Occurrence]]:
    world = World(seed=7, epoch=EPOCH)
    heard: list[Occurrence] = []
    world.feed.listen(heard.append)
    return world.truth(EPOCH + timedelta(hours=30)), heard


def test_states_follow_one_another_without_a_gap_and_only_the_last_lasts() -> None:
    truth, _ = lived()
    seen = set()
    for kinds in truth["presence"].values():
        for spells in kinds.values():
            assert spells[0]["started_at"] == to_ms(EPOCH)
            for one, following in pairwise(spells):
                assert one["started_at"] < one["ended_at"] == following["started_at"]
                assert one["value"] != following["value"]
            assert spells[-1]["ended_at"] is None
            seen |= {spell["value"] for spell in spells}
    assert seen == {
        *("OFFLINE", "AVAILABLE", "ON_QUEUE", "BREAK", "MEAL"),
        *("OFF_QUEUE", "IDLE", "INTERACTING", "COMMUNICATING", "NOT_RESPONDING"),
    }


def test_an_agent_on_queue_interacts_while_a_session_of_a_queue_is_connected() -> None:
    truth, _ = lived()
    for conversation in truth["conversations"].values():
        for participant in conversation["participants"]:
            if participant["purpose"] != "agent":
                continue
            routing = truth["presence"][participant["user_id"]]["routing"]
            for session in participant["sessions"]:
                for segment in session["segments"]:
                    if segment["segment_type"] == "interact" and segment["ended_at"]:
                        middle = (segment["started_at"] + segment["ended_at"]) // 2
                        assert at(routing, middle) in {"INTERACTING", "OFF_QUEUE", "NOT_RESPONDING"}


def test_each_change_is_told_as_it_happens_and_nothing_else_is() -> None:
    truth, heard = lived()
    told = [one for one in heard if one.topic.endswith(".activity")]
    assert [one.at for one in told] == sorted(one.at for one in told)
    for user_id, kinds in truth["presence"].items():
        of_user = [one for one in told if one.topic == f"v2.users.{user_id}.activity"]
        begun = {spell["started_at"] for spells in kinds.values() for spell in spells[1:]}
        begun |= {spells[0]["started_at"] for spells in kinds.values()} & {o.at for o in of_user}
        assert [one.at for one in of_user] == sorted(begun)
        for one in of_user:
            presence, routing = one.body["presence"], one.body["routingStatus"]
            assert presence["presenceDefinition"]["systemPresence"] == at(kinds["presence"], one.at)
            assert routing["status"] == at(kinds["routing"], one.at)
            begun_at = (presence["modifiedDate"], routing["startTime"])
            assert max(map(to_ms, map(parse, begun_at))) == one.at


def at(spells: list[dict[str, Any]], instant: int) -> str:
    return next(
        str(s["value"])
        for s in spells
        if s["started_at"] <= instant and (s["ended_at"] is None or instant < s["ended_at"])
    )
