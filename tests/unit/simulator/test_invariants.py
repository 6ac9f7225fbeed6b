"""What holds for recorded conversations of real centres must hold for every made-up one."""

import itertools
from collections import Counter

from tests.unit.simulator.truths import Fact, Facts, participants, sessions

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
