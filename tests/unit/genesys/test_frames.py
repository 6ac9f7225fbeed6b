"""Frames of a notifications socket: what they carry, and what is none."""

import json
from typing import Any

import pytest

from integrations.errors import MalformedPayloadError
from integrations.genesys.notifications import frames

USER = "9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f"


def frame(**more: Any) -> bytes:
    told = {"topicName": f"v2.users.{USER}.presence", "version": "2", "eventBody": {"a": 1}}
    return json.dumps(told | more).encode()


def test_a_frame_carries_its_event_as_it_was_written() -> None:
    raw = frame().replace(b'{"a": 1}', b'{"z":1e999, "a" : "\\u00fc"}')
    (carried,) = frames.read(raw)
    assert carried == ("v2.users.{id}.presence", USER, b'{"z":1e999, "a" : "\\u00fc"}')


def test_what_no_database_keeps_is_replaced() -> None:
    (carried,) = frames.read(frame(eventBody={"a": "x\ud800\0"}))
    assert carried.body == b'{"a": "x\\ufffd\\ufffd"}'


def test_whatever_stands_beside_the_event_is_passed_over() -> None:
    """The page of Genesys's own documentation prints the presence outside of eventBody."""
    (carried,) = frames.read(frame(presence={"presenceDefinition": {}}, metadata=None, version=2))
    assert carried.body == b'{"a": 1}'


def test_a_topic_from_before_there_were_versions_is_carried() -> None:
    (carried,) = frames.read(frame(topicName=f"users.{USER}.status"))
    assert (carried.topic, carried.topic_id) == ("users.{id}.status", USER)


@pytest.mark.parametrize(
    "topic", ["channel.metadata", "v2.system.socket_closing", "v2.system.whatever"]
)
def test_what_tells_of_the_channel_carries_nothing(topic: str) -> None:
    raw = frame(topicName=topic, eventBody={"message": "WebSocket Heartbeat"})
    assert frames.read(raw) == []
    assert frames.is_about_channel(frames.topic_of(raw))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "a notification: Input data was truncated"),
        (b"\xff\xfe", "a notification"),
        (b"[]", "a notification: Expected `object`"),
        (b'{"id":"streaming-0","connectUri":"ws://x","expires":"12300"}', "missing .*topicName"),
        (frame(eventBody=[1]), "eventBody is not an object"),
        (frame(eventBody=None), "eventBody is not an object"),
        (b'{"topicName":"a"}', "eventBody is not an object"),
        (b'{"topicName":{"a":1},"eventBody":{}}', "topicName"),
        (b'{"topicName":"a","eventBody":' + b'{"a":' * 5000, "a notification"),
    ],
)
def test_what_is_no_frame_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(MalformedPayloadError, match=reason):
        frames.read(raw)


def test_an_answer_to_us_is_told_from_an_event_and_from_what_cannot_be_read() -> None:
    assert frames.topic_of(b'{"result":"200","status":"subscribed"}') == frames.METADATA
    assert frames.topic_of(b"not json") == ""
    assert not frames.is_about_channel(frames.topic_of(b"not json"))
