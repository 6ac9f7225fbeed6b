"""Conversations over the wire: query, batch, and the conversation service."""

from typing import Any

import pytest
import requests

from simulator.documents import conversation_detail
from simulator.server import Served
from tests.simulated import Client

DAY_ONE = "2026-03-26T00:00:00.000Z/2026-03-27T00:00:00.000Z"
BOTH_DAYS = "2026-03-26T00:00:00.000Z/2026-03-28T00:00:00.000Z"


def where(dimension: str, value: str = "", operator: str = "matches") -> list[Any]:
    predicate = {"dimension": dimension, "operator": operator, "value": value}
    return [{"type": "and", "predicates": [predicate]}]


def ids(answer: Any) -> list[str]:
    return [c["conversationId"] for c in answer.get("conversations", [])]


def every(client: Client, **body: Any) -> list[str]:
    """Page until a page is short."""
    found: list[str] = []
    for number in range(1, 100):
        page = ids(client.query(**body, paging={"pageSize": 100, "pageNumber": number}))
        found += page
        if len(page) < 100:
            break
    return found


def test_paging_gives_each_conversation_once_while_nothing_moves(
    served: Served, client: Client
) -> None:
    found = every(client, interval=BOTH_DAYS)
    assert sorted(found) == sorted(served.centre.world.conversations)
    assert len(found) > 300


def test_pages_drift_while_the_world_goes_on(served: Served, client: Client) -> None:
    def page(number: int) -> list[str]:
        paging = {"pageSize": 50, "pageNumber": number}
        return ids(client.query(interval=BOTH_DAYS, order="desc", paging=paging))

    first = page(1)
    clock = f"{served.url}/simulator/clock"
    requests.post(clock, json={"advance_s": 1_800}, timeout=10).raise_for_status()
    assert set(first) & set(page(2))
    assert set(page(1)) - set(first)


def test_an_interval_selects_the_whole_utc_days_that_it_touches(client: Client) -> None:
    a_minute = "2026-03-26T12:00:00.000Z/2026-03-26T12:01:00.000Z"
    assert every(client, interval=a_minute) == every(client, interval=DAY_ONE)
    assert len(every(client, interval=DAY_ONE)) < len(every(client, interval=BOTH_DAYS))


def test_the_document_of_the_query_of_the_batch_and_of_the_single_read_are_one(
    served: Served, client: Client
) -> None:
    first = client.query(interval=DAY_ONE, paging={"pageSize": 2})["conversations"]
    one, two = ids({"conversations": first})
    batch = client.get("/api/v2/analytics/conversations/details", id=f"{one},{two},unknown")
    assert batch.json()["conversations"] == first
    single = client.get(f"/api/v2/analytics/conversations/{one}/details").json()
    assert single == first[0]
    assert single == conversation_detail(served.centre.world.conversations[one])


def test_nothing_found_leaves_the_list_out(client: Client) -> None:
    nothing = client.query(interval="2020-01-01T00:00:00Z/2020-01-02T00:00:00Z")
    assert nothing == {"totalHits": 0}
    batch = client.get("/api/v2/analytics/conversations/details", id="unknown")
    assert batch.json() == {}


def test_open_conversations_are_those_without_an_end(served: Served, client: Client) -> None:
    still_open = every(
        client,
        interval=BOTH_DAYS,
        conversationFilters=where("conversationEnd", operator="notExists"),
    )
    known = served.centre.world.conversations.values()
    assert sorted(still_open) == sorted(c.id for c in known if c.end is None)
    assert still_open


def test_segment_filters_select_by_medium_and_agent(served: Served, client: Client) -> None:
    emails = every(client, interval=BOTH_DAYS, segmentFilters=where("mediaType", "email"))
    known = served.centre.world.conversations
    assert sorted(emails) == sorted(c.id for c in known.values() if c.media == "email")


@pytest.mark.parametrize("by", ["conversationStart", "conversationEnd", "segmentStart"])
def test_order_turns_the_answer_round(client: Client, by: str) -> None:
    upwards = every(client, interval=BOTH_DAYS, orderBy=by, order="asc")
    downwards = every(client, interval=BOTH_DAYS, orderBy=by, order="desc")
    assert sorted(upwards) == sorted(downwards)
    assert upwards[0] != downwards[0]


def test_total_hits_are_near_the_truth_and_not_exact(served: Served, client: Client) -> None:
    total = client.query(interval=BOTH_DAYS)["totalHits"]
    assert 0 <= len(served.centre.world.conversations) - total < 10


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "interval"),
        ({"interval": "today"}, "interval"),
        ({"interval": "2026-03-27T00:00:00Z/2026-03-26T00:00:00Z"}, "ends before it starts"),
        ({"interval": "2026-01-01T00:00:00Z/2026-03-26T00:00:00Z"}, "longer than"),
        ({"interval": DAY_ONE, "paging": {"pageSize": 101}}, "pageSize"),
        ({"interval": DAY_ONE, "paging": {"pageSize": 100, "pageNumber": 1001}}, "100000 results"),
        ({"interval": DAY_ONE, "order": "up"}, "order"),
        ({"interval": DAY_ONE, "orderBy": "mood"}, "orderBy"),
        ({"interval": DAY_ONE, "segmentFilters": where("mood", "x")}, "unknown dimension 'mood'"),
        ([], "JSON object"),
    ],
)
def test_a_malformed_query_is_refused_with_its_reason(
    client: Client, body: Any, complaint: str
) -> None:
    answer = client.post("/api/v2/analytics/conversations/details/query", body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad.request"
    assert complaint in answer.json()["message"]


def an_open(served: Served, media: str) -> str:
    """Find an open conversation in an agent's hands."""
    for c in served.centre.world.conversations.values():
        agents = [s for s in c.sessions if s.purpose == "agent" and s.open_segment]
        if c.media == media and c.end is None and agents:
            return c.id
    raise AssertionError(f"no open {media}")


def test_emails_tell_who_wrote_by_address_alone(served: Served, client: Client) -> None:
    senders: set[str] = set()
    for c in [c for c in served.centre.world.conversations.values() if c.media == "email"][:60]:
        answer = client.get(f"/api/v2/conversations/emails/{c.id}/messages").json()
        previews = answer["entities"]
        assert [p["id"] for p in previews] == [m.id for m in c.messages]
        for preview, message in zip(previews, c.messages, strict=True):
            assert "direction" not in preview
            from_customer = preview["from"]["email"] == c.customer_address
            assert from_customer == (message.sender == "customer")
            assert (preview["state"] == "Edited") == (message.sender == "draft")
            senders.add(message.sender)
    assert {"customer", "agent", "auto_reply"} <= senders


def test_a_participant_of_an_email_tells_hold_and_how_many_emails_were_sent(
    served: Served, client: Client
) -> None:
    id_ = an_open(served, "email")
    participants = client.get(f"/api/v2/conversations/emails/{id_}").json()["participants"]
    agent = next(p for p in participants if p["purpose"] == "agent")
    sent = [m for m in served.centre.world.conversations[id_].messages if m.sender == "agent"]
    assert sum(p["messagesSent"] for p in participants) == len(sent)
    assert isinstance(agent["held"], bool)
    assert agent["user"]["id"]


def test_messages_tell_their_direction_only_one_by_one(served: Served, client: Client) -> None:
    id_ = an_open(served, "message")
    known = served.centre.world.conversations[id_]
    participants = client.get(f"/api/v2/conversations/messages/{id_}").json()["participants"]
    details = [d for p in participants for d in p.get("messages", [])]
    assert {d["messageId"] for d in details} == {m.id for m in known.messages}
    received = {d["messageId"] for d in details if d["messageStatus"] == "received"}
    assert received == {m.id for m in known.messages if m.sender == "customer"}

    wanted = [m.id for m in known.messages]
    path = f"/api/v2/conversations/messages/{id_}/messages/bulk"
    entities = client.post(path, wanted).json()["entities"]
    assert [e["id"] for e in entities] == wanted
    for entity, message in zip(entities, known.messages, strict=True):
        inbound = message.sender == "customer"
        assert entity["direction"] == ("inbound" if inbound else "outbound")
        assert ("createdBy" in entity) == (message.sender == "agent")


def test_more_than_a_thousand_message_ids_are_refused(served: Served, client: Client) -> None:
    path = f"/api/v2/conversations/messages/{an_open(served, 'message')}/messages/bulk"
    assert client.post(path, ["x"] * 1_001).status_code == 400
    assert client.post(path, {"ids": []}).status_code == 400


def test_the_live_object_speaks_the_conversation_services_language(
    served: Served, client: Client
) -> None:
    known = served.centre.world.conversations.values()
    c = next(c for c in known if c.media == "voice")
    live = client.get(f"/api/v2/conversations/{c.id}").json()
    assert ("endTime" in live) == (c.end is not None)
    assert "conversationStart" not in live
    calls = [call for p in live["participants"] for call in p.get("calls", [])]
    assert {call["id"] for call in calls} == {s.id for s in c.sessions if s.media == "voice"}
    assert client.get(f"/api/v2/conversations/emails/{c.id}").status_code == 404
