"""Who holds, interrupts, talks and writes in a made-up centre does it as people can."""

import itertools

from tests.unit.simulator.truths import Fact, Facts, participants, sessions


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
