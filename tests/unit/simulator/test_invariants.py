"""What holds for recorded conversations of real centres must hold for every made-up one."""

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from simulator.world import World

EPOCH = datetime(2026, 3, 26, 5, tzinfo=UTC)  # a Thursday; the clocks change on the Sunday
DAYS = 3
SEEDS = [1, 2]
Fact = dict[str, Any]
Facts = list[Fact]

PIECES = {
    "tTalk": "interact",
    "tHeld": "hold",
    "tAlert": "alert",
    "tDialing": "dialing",
    "tContacting": "contacting",
    "tPark": "parked",
    "tAcw": "wrapup",
}
COMPLETE = {"tTalkComplete": "tTalk", "tHeldComplete": "tHeld", "tParkComplete": "tPark"}
AT_SEGMENT_END = {*PIECES, *COMPLETE, "tAcd", "tIvr", "tConnected", "tHandle"}


@cache
def truth(seed: int) -> Facts:
    world = World(seed=seed, epoch=EPOCH)
    return list(world.truth(EPOCH + timedelta(days=DAYS))["conversations"].values())


@pytest.fixture(params=SEEDS)
def conversations(request: pytest.FixtureRequest) -> Facts:
    return truth(request.param)


def participants(conversations: Facts, *purposes: str) -> Iterator[tuple[Fact, Fact]]:
    for conversation in conversations:
        for participant in conversation["participants"]:
            if not purposes or participant["purpose"] in purposes:
                yield conversation, participant


def sessions(conversations: Facts, *purposes: str) -> Iterator[tuple[Fact, Fact]]:
    for conversation, participant in participants(conversations, *purposes):
        for session in participant["sessions"]:
            yield conversation, session


def total(session: Fact, name: str) -> int:
    return sum(m["value"] for m in session["metrics"] if m["name"] == name)


def has(session: Fact, name: str) -> bool:
    return any(m["name"] == name for m in session["metrics"])


def lasted(session: Fact, segment_type: str) -> int:
    return sum(
        s["ended_at"] - s["started_at"]
        for s in session["segments"]
        if s["segment_type"] == segment_type and s["ended_at"]
    )


def test_segments_follow_each_other_without_gap_or_overlap(conversations: Facts) -> None:
    for _, session in sessions(conversations):
        segments = session["segments"]
        assert segments
        for before, after in itertools.pairwise(segments):
            assert before["ended_at"] == after["started_at"]
            assert before["ended_at"] > before["started_at"]


def test_participants_stand_in_the_order_of_their_first_segment(conversations: Facts) -> None:
    for conversation in conversations:
        firsts = [
            p["sessions"][0]["segments"][0]["started_at"] for p in conversation["participants"]
        ]
        assert firsts == sorted(firsts)


def test_handle_time_is_contacting_dialing_talk_hold_and_after_call_work(
    conversations: Facts,
) -> None:
    parts = ("tContacting", "tDialing", "tTalkComplete", "tHeldComplete", "tAcw")
    handled = [s for _, s in sessions(conversations, "agent", "user") if has(s, "tHandle")]
    assert len(handled) > 300
    for session in handled:
        assert total(session, "tHandle") == sum(total(session, part) for part in parts)
        assert sum(m["name"] == "tHandle" for m in session["metrics"]) == 1


def test_a_session_has_handle_time_exactly_when_it_was_handled_and_is_over(
    conversations: Facts,
) -> None:
    for _, session in sessions(conversations, "agent", "user"):
        types = {s["segment_type"] for s in session["segments"]}
        over = session["segments"][-1]["ended_at"] is not None
        touched = bool(types & {"interact", "dialing", "contacting", "hold"})
        assert has(session, "tHandle") == (over and touched)


def test_metrics_of_agents_add_up_to_their_segments(conversations: Facts) -> None:
    for _, session in sessions(conversations, "agent", "user"):
        for name, segment_type in PIECES.items():
            assert total(session, name) == lasted(session, segment_type), name
        for complete, piece in COMPLETE.items():
            if has(session, complete):
                assert total(session, complete) == total(session, piece)


def test_metrics_of_menus_queues_and_customers_add_up_to_their_segments(
    conversations: Facts,
) -> None:
    for _, session in sessions(conversations, "ivr"):
        assert total(session, "tIvr") == lasted(session, "ivr")
    for _, session in sessions(conversations, "acd"):
        assert total(session, "tAcd") == lasted(session, "interact")
    for _, session in sessions(conversations, "customer", "external"):
        assert total(session, "tConnected") == lasted(session, "interact")


def test_what_a_segment_emits_is_emitted_at_its_end(conversations: Facts) -> None:
    for _, session in sessions(conversations):
        ends = {s["ended_at"] for s in session["segments"]}
        for metric in session["metrics"]:
            if metric["name"] in AT_SEGMENT_END:
                assert metric["emitted_at"] in ends, metric


def test_name_and_emission_tell_the_metrics_of_a_session_apart(conversations: Facts) -> None:
    for _, session in sessions(conversations):
        keys = Counter((m["name"], m["emitted_at"]) for m in session["metrics"])
        assert set(keys.values()) <= {1}
        emitted = [m["emitted_at"] for m in session["metrics"]]
        assert emitted == sorted(emitted)


def test_the_wait_of_an_answer_is_the_length_of_a_queue_session(conversations: Facts) -> None:
    for conversation in conversations:
        waits = {total(s, "tAcd") for _, s in sessions([conversation], "acd")}
        answers = {
            total(s, "tAnswered") for _, s in sessions([conversation]) if has(s, "tAnswered")
        }
        assert answers <= waits


def test_a_conversation_ends_with_its_last_segment_and_only_then(conversations: Facts) -> None:
    for conversation in conversations:
        ends = [s["ended_at"] for _, x in sessions([conversation]) for s in x["segments"]]
        assert conversation["ended_at"] == (None if None in ends else max(ends))
        starts = [s["started_at"] for _, x in sessions([conversation]) for s in x["segments"]]
        assert conversation["started_at"] == min(starts)


def test_a_peer_is_a_session_of_the_same_conversation(conversations: Facts) -> None:
    for conversation in conversations:
        ids = {s["genesys_id"] for _, s in sessions([conversation])}
        assert {s["peer_id"] for _, s in sessions([conversation])} - {""} <= ids


def test_ids_are_unique(conversations: Facts) -> None:
    for ids in (
        [c["genesys_id"] for c in conversations],
        [p["genesys_id"] for _, p in participants(conversations)],
        [s["genesys_id"] for _, s in sessions(conversations)],
        [m["genesys_id"] for c in conversations for m in c["messages"]],
    ):
        assert len(ids) == len(set(ids))


def test_only_the_last_segment_before_after_call_work_tells_how_it_was_disconnected(
    conversations: Facts,
) -> None:
    for _, session in sessions(conversations):
        talking = [s for s in session["segments"] if s["segment_type"] != "wrapup"]
        assert not any(s["disconnect_type"] for s in talking[:-1])
        assert bool(talking[-1]["disconnect_type"]) == (talking[-1]["ended_at"] is not None)
        for work in session["segments"][len(talking) :]:
            assert work["disconnect_type"] == talking[-1]["disconnect_type"]
            assert bool(work["wrap_up_code"]) == (work["ended_at"] is not None)


def test_a_queue_session_ends_in_a_transfer_exactly_when_somebody_answered(
    conversations: Facts,
) -> None:
    for conversation in conversations:
        delivered = sum(
            s["segments"][-1]["disconnect_type"] == "transfer"
            for _, s in sessions([conversation], "acd")
        )
        answered = sum(has(s, "tAnswered") for _, s in sessions([conversation], "agent"))
        assert delivered == answered


def test_each_hold_has_its_reason_and_each_reason_its_hold(conversations: Facts) -> None:
    for conversation in conversations:
        held = {
            (session["genesys_id"], s["started_at"], s["ended_at"])
            for _, session in sessions([conversation], "agent", "user")
            for s in session["segments"]
            if s["segment_type"] == "hold"
        }
        told = [(h["session_id"], h["started_at"], h["ended_at"]) for h in conversation["holds"]]
        assert len(told) == len(set(told))
        assert set(told) == held


def test_an_interrupter_is_at_work_with_the_same_agent_when_it_interrupts(
    conversations: Facts,
) -> None:
    working = {"interact", "hold", "dialing", "contacting", "wrapup"}
    by_session = {
        session["genesys_id"]: (participant["user_id"], session)
        for _, participant in participants(conversations, "agent", "user")
        for session in participant["sessions"]
    }
    interrupted = [
        (conversation, hold)
        for conversation in conversations
        for hold in conversation["holds"]
        if hold["cause"] in {"interrupted", "switched"}
    ]
    assert len(interrupted) > 100
    for conversation, hold in interrupted:
        user_id, session = by_session[hold["by_session_id"]]
        assert user_id == hold["user_id"]
        assert hold["by_conversation_id"] != conversation["genesys_id"]
        assert any(
            s["segment_type"] in working
            and s["started_at"] <= hold["started_at"]
            and (s["ended_at"] is None or s["ended_at"] >= hold["started_at"])
            for s in session["segments"]
        )


def test_what_a_call_interrupted_goes_on_only_after_the_after_call_work(
    conversations: Facts,
) -> None:
    by_session = {s["genesys_id"]: s for _, s in sessions(conversations, "agent", "user")}
    interrupters = [
        (hold, by_session[hold["by_session_id"]])
        for conversation in conversations
        for hold in conversation["holds"]
        if hold["cause"] == "interrupted"
    ]

    def went_on(session: Fact, hold: Fact) -> bool:
        return any(
            s["segment_type"] == "interact" and s["started_at"] == hold["ended_at"]
            for s in session["segments"]
        )

    calls = [(h, s) for h, s in interrupters if s["media_type"] == "voice"]
    assert len(calls) > 10
    for hold, call in calls:
        answered = next(s for s in call["segments"] if s["segment_type"] != "alert")
        assert hold["started_at"] >= answered["started_at"]
        if went_on(by_session[hold["session_id"]], hold):
            assert hold["ended_at"] > call["segments"][-1]["ended_at"]


def test_an_agent_talks_to_one_caller_at_a_time(conversations: Facts) -> None:
    talks: dict[str, list[tuple[int, int]]] = {}
    for _, participant in participants(conversations, "agent", "user"):
        for session in participant["sessions"]:
            for s in session["segments"]:
                if session["media_type"] == "voice" and s["segment_type"] in {"interact", "hold"}:
                    end = s["ended_at"] or 2**60
                    talks.setdefault(participant["user_id"], []).append((s["started_at"], end))
    assert len(talks) > 8
    for spans in talks.values():
        spans.sort()
        for (_, end), (start, _) in itertools.pairwise(spans):
            assert start >= end


def test_only_email_and_messages_have_messages_and_they_stand_in_order(
    conversations: Facts,
) -> None:
    for conversation in conversations:
        media = conversation["participants"][0]["sessions"][0]["media_type"]
        times = [m["at"] for m in conversation["messages"]]
        assert bool(times) == (media in {"email", "message"})
        assert times == sorted(times)
        ids = {s["genesys_id"] for _, s in sessions([conversation])}
        assert {m["session_id"] for m in conversation["messages"]} <= ids


def test_whoever_wrote_last_is_the_last_customer_or_agent_message(conversations: Facts) -> None:
    for conversation in conversations:
        turns = [m for m in conversation["messages"] if m["sender"] in {"customer", "agent"}]
        assert conversation["last_writer"] == (turns[-1]["sender"] if turns else "")
        assert conversation["last_written_at"] == (turns[-1]["at"] if turns else None)
