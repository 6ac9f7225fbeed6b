"""What data actions post: our contract, the two bodies in the wild, and whatever else."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.errors import MalformedPayloadError
from integrations.genesys import hooks
from tests.http.hooks import hostile

END = "v2.detail.events.conversation.{id}.user.end"


def body(**values: Any) -> bytes:
    return json.dumps({"topic": END, "conversationId": "c-1"} | values).encode()


def test_our_contract_is_read() -> None:
    sent = body(eventTime="1774629900000", queueId="", disconnectType="NOT_SET")
    assert hooks.read(sent) == [(END, "", sent)]


def test_a_list_is_read_each() -> None:
    sent = b"[" + body() + b" , " + body(conversationId="c-2") + b"]"
    assert [json.loads(one.body)["conversationId"] for one in hooks.read(sent)] == ["c-1", "c-2"]


def test_the_id_may_stand_in_the_topic_alone() -> None:
    topic = "v2.detail.events.conversation.3f2504e0-4f89-41d3-9a0c-0305e82c3301.acw"
    (read,) = hooks.read(body(topic=topic, conversationId=""))
    assert read.topic == "v2.detail.events.conversation.{id}.acw"
    assert read.topic_id == "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def test_the_body_made_for_cognigy_is_read() -> None:
    """Its userId is the conversation's addressTo: only a look into the mirror can name it."""
    sent = b'{"userId": "open-7", "topic": "v2.detail.events.conversation.id.acw"}'
    assert hooks.read(sent) == [("v2.detail.events.conversation.{id}.acw", "", sent)]


def test_the_body_made_for_lynn_is_read() -> None:
    sent = (
        b'{"conversationId": "c-1", "userId": "u", "userName": "A", "type": "eventAgentConnect",'
        b' "provider": "PureCloud Messaging", "externalId": "x"}'
    )
    assert hooks.read(sent) == [("eventAgentConnect", "", sent)]


@pytest.mark.parametrize("unset", ['""', '"NOT_SET"', "null"])
def test_a_body_made_for_lynn_whose_type_is_not_set_still_names_its_conversation(
    unset: str,
) -> None:
    sent = b'{"conversationId": "c-1", "userId": "u", "type": %s, "provider": ""}' % unset.encode()
    assert hooks.read(sent) == [(hooks.UNNAMED, "", sent)]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"", "the body is empty"),
        (b"{", "not JSON"),
        (b"null", "the body is no JSON object"),
        (b'["a"]', "[0].is no JSON object"),
        (b"{}", "topic is missing"),
        (body(topic="NOT_SET"), "topic is missing"),
        (body(topic="NOT_SET", type="x", conversationId=""), "topic is missing"),
        (body(conversationId=None), "conversationId is missing"),
        (body(conversationId="NOT_SET", userId=" "), "conversationId is missing"),
        (body(conversationId="x" * 101), "conversationId has more than 100"),
        (body(topic="x" * 201), "topic has more than 200"),
        (b"[" + body() + b"," + body(topic="") + b"]", "[1].topic is missing"),
        (b'{"topic": "x", "conversationId": "c", "n": 1e999}', "a number is out of range"),
        (b'{"detail-type": "x", "detail": {}}', "send it to /hooks/eventbridge/"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "more than 64 levels"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_says_where_and_why(sent: bytes, reason: str) -> None:
    with pytest.raises(MalformedPayloadError) as error:
        hooks.read(sent)
    assert reason in str(error.value)


def test_what_no_database_keeps_is_replaced() -> None:
    sent = (
        rb'{"topic": "x", "conversationId": "a\u0000b\ud800c\ud83d\ude00d\\u0000e\\\udfff",'
        b' "userName": "\xff"}'
    )
    (read,) = hooks.read(b"\xef\xbb\xbf" + sent)
    told = json.loads(read.body)
    assert told["conversationId"] == "a\ufffdb\ufffdc\U0001f600d\\u0000e\\\ufffd"
    assert told["userName"] == "\ufffd"


def test_hostile_bodies_are_read_or_refused_and_quickly() -> None:
    for sent in hostile.bodies():
        began = time.thread_time()
        _tried(sent)
        assert time.thread_time() - began < 0.25


@given(st.binary(max_size=300))
def test_no_bytes_crash_it(sent: bytes) -> None:
    _tried(sent)
    _tried(b'{"topic": "t", "conversationId": "' + sent + b'"}')


@settings(max_examples=30)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_json_crashes_it(value: Any) -> None:
    for name in ("topic", "conversationId", "userId", "detail"):
        _tried(body(**{name: value}))


def _tried(sent: bytes) -> None:
    try:
        for read in hooks.read(sent):
            json.loads(read.body.decode())
            read.body.decode().encode()
            assert isinstance(read.topic_id, str)
    except MalformedPayloadError:
        return
