"""What the world tells as it happens is what its truth says afterwards."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import pytest

from chrono.instants import parse, to_ms
from simulator.world import World
from simulator.world.feed import Occurrence

EPOCH = datetime(2026, 3, 26, 5, tzinfo=UTC)
DAY = timedelta(days=1)
LATER = timedelta(hours=11)  # how long what was told is compared: the first day's morning
Fact = dict[str, Any]

FAMILIES = {
    "customer": "customer",
    "external": "customer",
    "acd": "acd",
    "agent": "user",
    "user": "user",
    "ivr": "flow",
    "workflow": "flow",
    "botflow": "flow",
}
COMMON = {
    "eventTime", "conversationId", "participantId", "sessionId", "mediaType", "provider",
    "direction", "ani", "dnis", "addressTo", "addressFrom", "subject", "messageType",
    "conversationExternalContactIds",
}  # fmt: skip
CALLBACK = {"callbackUserName", "callbackNumbers"}
DURATIONS = {
    "interactingDurationMs", "heldDurationMs", "alertingDurationMs", "contactingDurationMs",
    "dialingDurationMs", "callbackDurationMs",
}  # fmt: skip
# What the models of the platform's own SDK know, topic by topic.
ALLOWED = {
    "customer.start": COMMON | CALLBACK | {"externalContactId", "divisionId"},
    "customer.end": COMMON
    | CALLBACK
    | {"externalContactId", "divisionId", "disconnectType", "interactingDurationMs"},
    "acd.start": COMMON | CALLBACK | {"queueId", "divisionId", "routingPriority"},
    "acd.end": COMMON
    | CALLBACK
    | {"queueId", "divisionId", "routingPriority", "disconnectType", "acdOutcome"}
    | {"answeredUserId", "requestedRoutings", "usedRouting", "connectedDurationMs"},
    "user.start": COMMON | CALLBACK | {"queueId", "divisionId", "userId"},
    "user.end": COMMON | CALLBACK | DURATIONS | {"queueId", "divisionId", "userId"}
    | {"disconnectType"},
    "acw": COMMON
    | CALLBACK
    | {"queueId", "userId", "wrapupCode", "wrapupNotes", "wrapupDurationMs"},
    "wrapup": COMMON | CALLBACK | {"queueId", "wrapupCode", "wrapupNotes", "wrapupDurationMs"},
    "flow.start": COMMON | {"flowType", "flowId", "flowVersion", "divisionId"},
    "flow.end": COMMON
    | {"flowType", "flowId", "flowVersion", "divisionId", "disconnectType"}
    | {"connectedDurationMs", "exitReason", "transferType"},
}  # fmt: skip


class Told(NamedTuple):
    """A day of a world: all that it told, and the truth at the end."""

    world: World
    heard: list[Occurrence]
    truth: dict[str, Fact]

    def of(self, start: str, end: str = "") -> Iterator[Occurrence]:
        for each in self.heard:
            if each.topic.startswith(start) and each.topic.endswith(end):
                yield each


class Leg(NamedTuple):
    """A session in its place."""

    conversation: Fact
    participant: Fact
    session: Fact

    @property
    def segments(self) -> list[Fact]:
        found: list[Fact] = self.session["segments"]
        return found

    @property
    def talk(self) -> list[Fact]:
        return [s for s in self.segments if s["segment_type"] != "wrapup"]

    @property
    def family(self) -> str:
        return FAMILIES[self.participant["purpose"]]


@cache
def day() -> Told:
    world = World(seed=7, epoch=EPOCH)
    heard: list[Occurrence] = []
    world.feed.listen(heard.append)
    truth = world.truth(EPOCH + DAY)["conversations"]
    return Told(world, heard, truth)


def legs() -> Iterator[Leg]:
    for conversation in day().truth.values():
        for participant in conversation["participants"]:
            for session in participant["sessions"]:
                yield Leg(conversation, participant, session)


def suffix(topic: str) -> str:
    return topic.split(".", 5)[5]


@cache
def details(what: str) -> dict[tuple[str, str], Fact]:
    """Return the bodies of one topic by conversation and session: each comes once."""
    found = [o.body for o in day().of("v2.detail.events.conversation.", f".{what}")]
    by_session = {(body["conversationId"], body["sessionId"]): body for body in found}
    assert len(by_session) == len(found)
    return by_session


def test_histories_are_what_they_were_before_anybody_listened() -> None:
    silent = World(seed=7, epoch=EPOCH).truth(EPOCH + DAY)["conversations"]
    assert silent == day().truth
    for conversation in silent.values():
        for participant in conversation["participants"]:
            participant["attributes"] = {}  # they came later, and nothing was drawn for them
    digest = hashlib.sha256(json.dumps(silent, sort_keys=True).encode()).hexdigest()
    assert digest == "6458ecc88e05e09ddddce5d60ff0ef488493e683c87491e6b9521d680e69a6c9"


def test_the_same_is_told_in_whatever_steps_the_world_lives() -> None:
    world = World(seed=7, epoch=EPOCH)
    heard: list[Occurrence] = []
    world.feed.listen(heard.append)
    for minute in range(7, 3 * 60, 7):
        world.advance_to(EPOCH + timedelta(minutes=minute))
    assert heard == day().heard[: len(heard)]
    assert len(heard) > 200


def test_who_begins_to_listen_later_hears_the_same_from_then_on() -> None:
    world = World(seed=7, epoch=EPOCH)
    world.advance_to(EPOCH + LATER)
    heard: list[Occurrence] = []
    world.feed.listen(heard.append)
    world.advance_to(EPOCH + DAY)
    assert heard == day().heard[-len(heard) :]
    assert heard[0].at > to_ms(EPOCH + LATER)


def test_what_nobody_wants_is_not_told() -> None:
    world = World(seed=7, epoch=EPOCH)
    heard: list[Occurrence] = []
    world.feed.listen(heard.append, wants=lambda topic: topic.endswith(".acw"))
    world.advance_to(EPOCH + DAY)
    assert heard == list(day().of("v2.detail.events.conversation.", ".acw"))
    world.feed.leave(heard.append)
    assert not world.feed.heard


def test_instants_never_go_back() -> None:
    instants = [occurrence.at for occurrence in day().heard]
    assert instants == sorted(instants)


def test_detail_events_carry_the_fields_of_their_models_and_nothing_empty() -> None:
    topics = Counter[str]()
    for occurrence in day().of("v2.detail.events.conversation."):
        what = suffix(occurrence.topic)
        topics[what] += 1
        assert occurrence.body.keys() <= ALLOWED[what], what
        assert occurrence.body["eventTime"] == occurrence.at
        assert occurrence.body["conversationId"] == occurrence.topic.split(".")[4]
        assert not [v for v in occurrence.body.values() if v is None or v in ("", [])]
    assert topics.keys() == ALLOWED.keys()


def test_every_session_has_its_start_and_each_that_ended_its_end() -> None:
    for leg in legs():
        key = (leg.conversation["genesys_id"], leg.session["genesys_id"])
        began = details(f"{leg.family}.start")[key]
        assert began["eventTime"] == leg.segments[0]["started_at"]
        assert began["participantId"] == leg.participant["genesys_id"]
        ended = details(f"{leg.family}.end").get(key)
        assert (ended and ended["eventTime"]) == leg.talk[-1]["ended_at"]
    count = Counter(leg.family for leg in legs())
    assert all(len(details(f"{family}.start")) == n for family, n in count.items())


def test_ends_tell_how_and_how_long() -> None:
    seen = Counter[str]()
    for leg in legs():
        key = (leg.conversation["genesys_id"], leg.session["genesys_id"])
        ended = details(f"{leg.family}.end").get(key)
        if not ended:
            continue
        how = leg.talk[-1]["disconnect_type"]
        assert ended["disconnectType"].replace("_", "") == how.upper()
        seen[ended["disconnectType"]] += 1
        if leg.family == "user":
            spent = Counter[str]()
            for segment in leg.segments:
                length = (segment["ended_at"] or segment["started_at"]) - segment["started_at"]
                spent[segment["segment_type"]] += length
            assert ended.get("interactingDurationMs", 0) == spent["interact"]
            assert ended.get("heldDurationMs", 0) == spent["hold"]
            assert ended.get("alertingDurationMs", 0) == spent["alert"]
    assert {"TRANSFER", "CONSULT_TRANSFER", "CLIENT", "PEER", "ENDPOINT", "SYSTEM"} <= seen.keys()


def test_a_contact_that_is_answered_leaves_its_queue_to_the_one_who_answered() -> None:
    outcomes = Counter[str]()
    for body in details("acd.end").values():
        outcomes[body["acdOutcome"]] += 1
        assert ("answeredUserId" in body) == (body["acdOutcome"] == "ANSWERED")
        assert (body["disconnectType"] == "TRANSFER") == (body["acdOutcome"] == "ANSWERED")
    assert outcomes.keys() == {"ANSWERED", "ABANDON"}


def test_an_alert_that_nobody_takes_has_an_end_without_talk() -> None:
    refused = [
        details("user.end")[leg.conversation["genesys_id"], leg.session["genesys_id"]]
        for leg in legs()
        if leg.family == "user" and [s["segment_type"] for s in leg.segments] == ["alert"]
        and leg.segments[0]["ended_at"]
    ]  # fmt: skip
    assert len(refused) > 5
    assert all(b["alertingDurationMs"] and "interactingDurationMs" not in b for b in refused)
    assert {body["disconnectType"] for body in refused} >= {"CLIENT", "SYSTEM"}


def test_after_call_work_is_told_when_it_is_done() -> None:
    done = 0
    for leg in legs():
        key = (leg.conversation["genesys_id"], leg.session["genesys_id"])
        work = leg.segments[-1]
        if work["segment_type"] != "wrapup" or work["ended_at"] is None:
            assert key not in details("acw")
            continue
        done += 1
        for body in (details("acw")[key], details("wrapup")[key]):
            assert body["eventTime"] == work["ended_at"]
            assert body["wrapupDurationMs"] == work["ended_at"] - work["started_at"]
            assert body["wrapupCode"] == work["wrap_up_code"]
            assert body.get("wrapupNotes", "") == work["wrap_up_note"]
        assert details("acw")[key]["userId"] == leg.participant["user_id"]
    assert done > 100


def test_an_agents_states_are_the_segments_of_the_session() -> None:
    told: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for occurrence in day().of("v2.detail.events.agent.", ".state"):
        body = occurrence.body
        told[body["sessionId"]].append((body["currentState"], body["currentStateStart"]))
        assert occurrence.topic.split(".")[4] == body["userId"]
    for leg in legs():
        if leg.family != "user":
            continue
        true = [(s["segment_type"].upper(), s["started_at"]) for s in leg.segments]
        if leg.segments[-1]["ended_at"] is not None:
            true.append(("TERMINATED", leg.segments[-1]["ended_at"]))
        assert told[leg.session["genesys_id"]] == true
    states = Counter(state for session in told.values() for state, _ in session)
    assert {"ALERT", "INTERACT", "HOLD", "PARKED", "WRAPUP", "DIALING"} <= states.keys()


def test_multiple_actions_of_an_email_begin_before_the_last_one_ends() -> None:
    gaps = [
        details("user.end")[c, session["genesys_id"]]["eventTime"]
        - details("user.start")[c, following["genesys_id"]]["eventTime"]
        for c, conversation in day().truth.items()
        for participant in conversation["participants"]
        for session, following in zip(
            participant["sessions"], participant["sessions"][1:], strict=False
        )
        if session["media_type"] == following["media_type"] == "email"
    ]
    assert len(gaps) > 5
    assert set(gaps) == {175}


# -- snapshots -------------------------------------------------------------------------------
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
