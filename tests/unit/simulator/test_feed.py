"""What the world tells as it happens is what its truth says afterwards."""

import hashlib
import json
from collections import Counter, defaultdict
from datetime import timedelta
from functools import cache

from chrono.instants import to_ms
from simulator.world import World
from simulator.world.feed import Occurrence
from tests.unit.simulator.told import DAY, EPOCH, Fact, day, legs

LATER = timedelta(hours=11)  # how long what was told is compared: the first day's morning
COMMON = {
    "eventTime", "conversationId", "participantId", "sessionId", "mediaType", "provider",
    "direction", "ani", "dnis", "addressTo", "addressFrom", "subject", "messageType",
    "conversationExternalContactIds", "utilizationLabel",
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
    "acd.start": COMMON | CALLBACK | {"queueId", "divisionId", "routingPriority"}
    | {"requestedRoutingSkillIds"},
    "acd.end": COMMON
    | CALLBACK
    | {"queueId", "divisionId", "routingPriority", "disconnectType", "acdOutcome"}
    | {"requestedRoutingSkillIds"}
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
        for name in ("message_type", "skill_ids", "language_id"):
            del conversation[name]  # they came later too
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
