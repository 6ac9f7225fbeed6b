"""Triggers: one try each, in our contract's shape and in those found in the wild."""

from collections import Counter

from simulator.server import Served
from simulator.world.feed import Occurrence
from tests.http.simulator.push.receiving import TOKEN, Receiver, counts, follow, hook, live


def test_a_trigger_posts_our_contract_as_a_template_fills_it_in(
    served: Served, receiver: Receiver
) -> None:
    heard: list[Occurrence] = []
    served.centre.world.feed.listen(heard.append)
    follow(served, hook(receiver, strings=True, unset="NOT_SET"))
    told = live(served, 1)
    topics = Counter(body["topic"] for body in receiver.right)
    family = "v2.detail.events.conversation.{id}."
    ways = [f"{who}.{what}" for who in ("customer", "acd", "user") for what in ("start", "end")]
    kinds = [*ways, "acw", "wrapup"]
    assert topics.keys() == {family + each for each in kinds}
    assert counts(told) == {"accepted": len(receiver.got), "events": len(receiver.got)} | {
        "sent": len(receiver.got)
    }
    true = Counter(
        (o.body["conversationId"], o.body["sessionId"], str(o.body["eventTime"]))
        for o in heard
        if "detail.events.conversation" in o.topic and o.topic.split(".", 5)[5] in kinds
    )
    came = Counter((b["conversationId"], b["sessionId"], b["eventTime"]) for b in receiver.right)
    assert came == true
    assert all(isinstance(v, str) for body in receiver.right for v in body.values())
    work = next(body for body in receiver.right if body["topic"].endswith(".acw"))
    assert work["disconnectType"] == "NOT_SET"
    assert work["wrapupDurationMs"].isdecimal()


def test_a_trigger_may_send_numbers_and_empty_texts_under_a_header_of_its_own(
    served: Served, receiver: Receiver
) -> None:
    topics = ["v2.detail.events.conversation.{id}.user.*"]
    follow(served, hook(receiver, header="X-API-Key", topics=topics))
    live(served, 1)
    assert {got.key for got in receiver.got} == {TOKEN}
    assert {got.authorization for got in receiver.got} == {""}
    assert {type(body["eventTime"]) for body in receiver.right} == {int}
    start = next(body for body in receiver.right if body["topic"].endswith("user.start"))
    assert start["disconnectType"] == ""
    assert "conversationExternalContactIds" not in start


def test_the_two_bodies_found_in_the_wild(served: Served, receiver: Receiver) -> None:
    wild = [
        hook(receiver, "connect"),
        hook(receiver, "handover", unset="NOT_SET") | {"name": "theirs"},
    ]
    follow(served, *wild)
    live(served, 1)
    bodies = {body.get("topic", ""): body for body in receiver.right}
    ends = {f"v2.detail.events.conversation.id.{each}" for each in ("acw", "user.end")}
    assert bodies.keys() == {"", *ends}
    known = served.centre.world.conversations
    connected = bodies[""]
    assert connected["conversationId"] in known
    assert connected["type"] == "eventAgentConnect"
    agents = {agent.id: agent.name for agent in served.centre.world.organization.agents}
    assert connected["userName"] == agents[connected["userId"]]
    assert all(body["userId"] not in {"", "NOT_SET"} for body in receiver.right)
    ended = bodies["v2.detail.events.conversation.id.acw"]
    assert ended.keys() == {"userId", "topic", "disconnectType"}
    assert ended["disconnectType"] == "NOT_SET"


def test_a_trigger_fires_only_where_its_criteria_are_met(
    served: Served, receiver: Receiver
) -> None:
    criteria = {"mediaType": ["EMAIL", "MESSAGE"], "direction": ["INBOUND"]}
    follow(served, hook(receiver, criteria=criteria))
    live(served, 1)
    assert {body["mediaType"] for body in receiver.right} == {"EMAIL", "MESSAGE"}


def test_what_a_trigger_cannot_deliver_is_gone(served: Served, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    follow(served, hook(receiver))
    told = counts(live(served, 0.5))
    assert told["refused"] == told["given_up"] == told["sent"] == len(receiver.got) > 20
