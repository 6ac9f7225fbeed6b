"""Bodies of every topic we care about become events, however they are written."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.domain.events import Event, Heard
from integrations.errors import MalformedPayloadError
from integrations.genesys import announcements, proofs
from integrations.genesys.snapshots import Written
from tests.heard import carried, heard

ID = "0a1b2c3d-0000-4000-8000-00000000000a"
USER = "0a1b2c3d-0000-4000-8000-0000000000aa"
AT = datetime(2026, 3, 27, 16, 45, 1, 5000, tzinfo=UTC)
MS = 1774629901005
DETAIL = "v2.detail.events.conversation.{}.{}"
KINDS = (
    *("customer.start", "customer.end", "acd.start", "acd.end", "user.start", "user.end"),
    *("acw", "wrapup", "attributes", "contact", "flow.start", "flow.end", "flow.outcome"),
    *("outbound", "voicemail.start", "voicemail.end"),
)
DETAILS = {
    "eventTime": MS,
    "conversationId": ID,
    "participantId": "p",
    "sessionId": "s",
    "mediaType": "EMAIL",
    "userId": USER,
    "queueId": "q",
}


def event(topic: str, body: dict[str, Any]) -> Event:
    return heard(topic, body).event


def proof(topic: str, body: dict[str, Any]) -> proofs.Proof:
    return proofs.of(heard(topic, body))


@pytest.mark.parametrize("kind", KINDS)
def test_a_detail_event_tells_whom_it_is_about_and_when(kind: str) -> None:
    found = event(DETAIL.format(ID, kind), DETAILS)

    assert found == Event(
        topic=DETAIL.format("{id}", kind),
        conversation_id=ID,
        participant_id="p",
        session_id="s",
        user_id=USER,
        queue_id="q",
        media_type="email",
        at=AT,
    )


@pytest.mark.parametrize(
    "at",
    [MS, str(MS), float(MS), "2026-03-27T16:45:01.005Z", f"{MS}.0", f"{MS / 10**12!r}E12"],
)
def test_a_time_may_be_written_in_many_ways(at: Any) -> None:
    assert event(DETAIL.format("id", "user.start"), DETAILS | {"eventTime": at}).at == AT


@pytest.mark.parametrize("at", [None, "", "NOT_SET", [], {}, True])
def test_an_event_without_a_time_is_a_hint(at: Any) -> None:
    found = event(DETAIL.format(ID, "acw"), DETAILS | {"eventTime": at})

    assert (found.at, found.key) == (None, None)


@pytest.mark.parametrize("unset", ["", "NOT_SET", None, [], {}])
def test_what_is_not_set_is_absent(unset: Any) -> None:
    found = event(DETAIL.format(ID, "user.end"), dict.fromkeys(DETAILS, unset))

    assert found == Event(topic=DETAIL.format("{id}", "user.end"), conversation_id=ID)


def test_a_masked_id_is_none() -> None:
    masked = event(DETAIL.format(ID, "user.end"), DETAILS | {"sessionId": "xxxxxxxx-xxxx-xxxx"})

    assert masked.session_id == ""


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"eventTime": 10_000}, "eventTime: 1970-01-01T00:00:10+00:00 lies outside"),
        ({"eventTime": "at noon, says Ada"}, "eventTime: is no instant"),
        ({"eventTime": 10**18}, "eventTime: is no instant"),
        ({"sessionId": "s" * 101}, "sessionId has more than 100 characters"),
    ],
)
def test_what_cannot_be_is_refused_by_its_place_and_never_quoted(
    body: dict[str, Any], told: str
) -> None:
    with pytest.raises(MalformedPayloadError) as refused:
        event(DETAIL.format(ID, "user.end"), DETAILS | body)

    assert str(refused.value).startswith(told)
    assert "Ada" not in str(refused.value)


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b"\xff", b"[" * 5000])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedPayloadError):
        announcements.read(carried("v2.x", {})._replace(body=body))


def test_two_states_of_one_instant_are_two_events() -> None:
    body = {"conversationId": ID, "sessionId": "s", "currentStateStart": MS, "userId": USER}
    topic = f"v2.detail.events.agent.{USER}.state"
    ring, talk = (event(topic, body | {"currentState": s}) for s in ("ALERT", "INTERACT"))

    assert ring.key != talk.key
    assert (talk.user_id, talk.at, talk.detail) == (USER, AT, "interact")


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ("INTERACT", "connected"),
        ("HOLD", "held"),
        ("ALERT", "alerting"),
        ("PARKED", "parked"),
        ("TERMINATED", "ended"),
        ("SOMETHING_QUITE_NEW_AND_LONG", "something_quite_new_"),
    ],
)
def test_an_agents_state_is_news_whether_it_is_known_or_not(told: str, state: str) -> None:
    body = {"conversationId": ID, "sessionId": "s", "currentStateStart": MS, "currentState": told}

    (news,) = proof(f"v2.detail.events.agent.{USER}.state", body).news
    assert (news.state, news.since, news.user_id) == (state, AT, USER)


def test_a_start_of_a_user_is_a_ring_and_an_end_an_end() -> None:
    start, end = (proof(DETAIL.format(ID, kind), DETAILS) for kind in ("user.start", "user.end"))

    assert [one.state for one in (*start.news, *end.news)] == ["alerting", "ended"]
    assert [one.shows for one in (*start.expects, *end.expects)] == ["begun", "ended"]


def _conversation(**communication: Any) -> dict[str, Any]:
    mail = {"id": "s", "state": "connected", "held": False} | communication
    agent = {"id": "p", "purpose": "agent", "userId": USER, "queueId": "q", "emails": [mail]}
    return {"id": ID, "participants": [{"id": "c", "purpose": "customer", "emails": [mail]}, agent]}


ISO = "2026-03-27T16:45:01.005Z"


@pytest.mark.parametrize(
    ("communication", "states"),
    [
        ({"connectedTime": ISO}, ["connected"]),
        ({"connectedTime": ISO, "held": True, "startHoldTime": ISO}, ["connected", "held"]),
        ({"held": True}, []),
        ({"state": "alerting"}, []),
        ({"state": "parked", "parkTime": ISO}, ["parked"]),
        ({"parkTime": ISO}, []),
        ({"state": "disconnected", "connectedTime": ISO, "disconnectedTime": ISO}, ["ended"]),
    ],
)
def test_a_snapshot_proves_of_agents_only_what_it_has_an_instant_for(
    communication: dict[str, Any], states: list[str]
) -> None:
    found = proof(f"v2.users.{USER}.conversations", _conversation(**communication))

    assert [one.state for one in found.news] == states
    assert all(one.session_id == "s" and one.purpose == "agent" for one in found.news)


def test_a_snapshot_of_one_medium_tells_of_participants() -> None:
    agent = {
        "id": "p",
        "purpose": "agent",
        "user": {"id": USER},
        "queue": {"id": "q"},
        "state": "connected",
        "connectedTime": ISO,
        "held": True,
        "startHoldTime": ISO,
        "messagesSent": 2,
    }
    customer = {"id": "c", "purpose": "customer", "messageId": "mail-1", "messagesSent": 0}
    topic = f"v2.users.{USER}.conversations.emails"

    found = proof(topic, {"id": ID, "participants": [agent, customer]})

    told = [(n.state, n.participant_id, n.user_id, n.queue_id, n.session_id) for n in found.news]
    assert told == [("connected", "p", USER, "q", ""), ("held", "p", USER, "q", "")]
    assert found.written == Written(frozenset({"mail-1"}), 2)


def test_receipts_and_failures_are_not_written_messages() -> None:
    messages = [
        {"messageId": "m1", "messageStatus": "received"},
        {"messageId": "m2", "messageStatus": "failed"},
        {"messageId": "m3", "messageMetadata": {"type": "Receipt"}},
    ]
    talk = {"id": "s", "state": "connected", "messages": messages}
    body = {"id": ID, "participants": [{"id": "c", "purpose": "customer", "messages": [talk]}]}

    found = proof("v2.routing.queues.q.conversations", body)

    assert found.event.queue_id == "q"
    assert found.written == Written(frozenset({"m1"}), 0)


def test_activity_tells_presence_and_routing_status() -> None:
    body = {
        "id": USER,
        "routingStatus": {"status": "IDLE", "startTime": ISO},
        "presence": {
            "presenceDefinition": {"id": "d", "systemPresence": "ON_QUEUE"},
            "modifiedDate": ISO,
        },
    }
    found = proof(f"v2.users.{USER}.activity", body)

    assert found.presence == (
        (USER, "routing", "IDLE", "", AT),
        (USER, "presence", "ON_QUEUE", "d", AT),
    )
    assert (found.event.user_id, found.event.at) == (USER, AT)
    assert found.news == ()


def test_presence_without_a_time_is_no_span() -> None:
    body = {"presenceDefinition": {"id": "d", "systemPresence": "AVAILABLE"}}

    assert proof(f"v2.users.{USER}.presence", body).presence == ()


@pytest.mark.parametrize(
    ("topic", "body", "expected"),
    [
        (f"v2.analytics.conversation.{ID}.metrics", {"metricDate": ISO, "metric": "tTalk"}, ID),
        ("v2.quality.evaluations", {"conversationId": ID, "eventTime": ISO, "id": "e"}, ID),
        ("v2.analytics.conversations.details.jobs.availability", {"dataAvailabilityDate": ISO}, ""),
        ("v2.operations.events.x", {"eventTime": ISO}, ""),
        ("eventAgentConnect", {"conversationId": ID, "userId": USER, "externalId": "+49170"}, ID),
    ],
)
def test_other_topics_name_their_conversation_if_they_have_one(
    topic: str, body: dict[str, Any], expected: str
) -> None:
    assert event(topic, body).conversation_id == expected


def test_a_metric_of_writing_moves_the_counters() -> None:
    topic = f"v2.analytics.conversation.{ID}.metrics"

    assert proof(topic, {"metric": "oMessageTurn"}).moved
    assert not proof(topic, {"metric": "tTalk"}).moved


def test_an_address_in_place_of_a_user_is_never_kept_as_an_id() -> None:
    body = {"userId": "ada@example.org", "topic": "…", "disconnectType": "client"}
    found = proof("v2.detail.events.conversation.id.user.end", body)

    assert found.event.user_id == ""
    assert found.address == "ada@example.org"


def test_hearing_keeps_the_body_for_its_meaning() -> None:
    assert heard("v2.x", {"a": 1}) == Heard(
        Event(topic="v2.x"), carried("v2.x", json.loads('{"a": 1}'))
    )
