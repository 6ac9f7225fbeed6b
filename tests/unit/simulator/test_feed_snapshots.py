"""What users, queues and those who await jobs and evaluations hear is what the truth says."""

from collections import defaultdict
from collections.abc import Iterator

import pytest

from chrono.instants import parse, to_ms
from simulator.world import World
from simulator.world.feed import Occurrence
from tests.unit.simulator.told import DAY, EPOCH, Fact, Leg, day, legs


def communications(body: Fact) -> Iterator[tuple[Fact, Fact]]:
    for participant in body["participants"]:
        for collection in ("calls", "callbacks", "chats", "emails", "messages"):
            for communication in participant.get(collection, ()):
                yield participant, communication


def truth_at(leg: Leg, at: int) -> Fact | None:
    """Return the segment of the communication that lasts at an instant."""
    lasts = [
        s
        for s in leg.talk
        if s["started_at"] <= at and (s["ended_at"] is None or s["ended_at"] > at)
    ]
    return lasts[-1] if lasts else None


def ms(text: str | None) -> int | None:
    return None if text is None else to_ms(parse(text))


def test_snapshots_show_each_session_as_it_stood() -> None:
    by_id = {leg.session["genesys_id"]: leg for leg in legs()}
    held = 0
    for occurrence in day().of("v2.users.", ".conversations"):
        assert not {"startTime", "endTime", "conversationStart"} & occurrence.body.keys()
        for participant, told in communications(occurrence.body):
            leg = by_id[told["id"]]
            lasting = truth_at(leg, occurrence.at)
            kind = lasting["segment_type"] if lasting else ""
            assert told["held"] == (kind == "hold")
            assert (told["state"] == "disconnected") == (lasting is None)
            assert (told["state"] == "alerting") == (kind == "alert")
            assert (told["state"] == "parked") == (kind == "parked")
            assert "disconnectType" in told or lasting
            assert participant.get("userId", "") == leg.participant["user_id"]
            if lasting and kind in {"hold", "parked"}:
                since = told["startHoldTime" if kind == "hold" else "parkTime"]
                assert ms(since) == lasting["started_at"]
                held += 1
    assert held > 100


def test_the_holds_of_the_truth_are_those_that_snapshots_showed() -> None:
    shown: dict[str, set[int | None]] = defaultdict(set)
    for occurrence in day().of("v2.users.", ".conversations"):
        for _, told in communications(occurrence.body):
            if told["held"]:
                shown[told["id"]].add(ms(told["startHoldTime"]))
    true: dict[str, set[int | None]] = defaultdict(set)
    for conversation in day().truth.values():
        for hold in conversation["holds"]:
            true[hold["session_id"]].add(hold["started_at"])
    assert shown == true
    assert sum(map(len, true.values())) > 50


def test_snapshots_spell_how_it_ended_as_these_topics_do() -> None:
    types = {
        told["disconnectType"]
        for occurrence in day().of("v2.users.", ".conversations")
        for _, told in communications(occurrence.body)
        if "disconnectType" in told
    }
    assert "transfer.consult" in types
    assert not [name for name in types if name != name.lower()]


def test_users_and_queues_hear_the_same_of_a_conversation() -> None:
    of_users = {(o.at, o.body["id"]): o.body for o in day().of("v2.users.", ".conversations")}
    both = [o for o in day().of("v2.routing.queues.") if (o.at, o.body["id"]) in of_users]
    assert len(both) > 1000
    assert all(o.body == of_users[o.at, o.body["id"]] for o in both)


def test_what_jobs_answer_for_can_be_announced() -> None:
    world = World(seed=7, epoch=EPOCH)
    heard: list[Occurrence] = []
    world.feed.listen(heard.append)
    world.announce_jobs(until=EPOCH - DAY)
    (told,) = heard
    assert told.topic == "v2.analytics.conversations.details.jobs.availability"
    assert told.body == {"dataAvailabilityDate": "2026-03-25T05:00:00.000Z"}


@pytest.mark.parametrize("key", ["id", "conversationId", "status", "agent", "evaluator"])
def test_evaluations_are_told(key: str) -> None:
    told = list(day().of("v2.quality.evaluations"))
    made = [e for c in day().truth.values() for e in c["evaluations"]]
    assert {o.body["id"] for o in told} == {e["genesys_id"] for e in made}
    assert all(o.body[key] for o in told)
    last = {o.body["id"]: o.body["status"] for o in told}
    assert last == {e["genesys_id"]: e["status"] for e in made}
