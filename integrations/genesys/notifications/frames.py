"""What comes over a socket: {topicName, version, eventBody, metadata}, one object a frame."""

from typing import Final

import msgspec

from integrations.domain.events import Carried
from integrations.domain.topics import normalise
from integrations.errors import MalformedPayloadError
from integrations.genesys.hooks import cleaned

METADATA: Final = "channel.metadata"
CLOSING: Final = "v2.system.socket_closing"
PING: Final = '{"message":"ping"}'


class Frame(msgspec.Struct, rename="camel"):
    """A frame as far as it must be understood to be carried on."""

    topic_name: str
    event_body: msgspec.Raw = msgspec.Raw(b"null")


class _Named(msgspec.Struct, rename="camel"):
    topic_name: str = ""
    result: msgspec.Raw = msgspec.Raw(b"")


def read(body: bytes) -> list[Carried]:
    """Return the event of a frame; a heartbeat and whatever else tells of the channel carry none.

    Raises MalformedPayloadError where it is no frame.
    """
    try:
        frame = msgspec.json.decode(cleaned(body), type=Frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedPayloadError(f"a notification: {error}") from error
    if is_about_channel(frame.topic_name):
        return []
    event = bytes(frame.event_body)
    if not event.startswith(b"{"):
        raise MalformedPayloadError("a notification: eventBody is not an object")
    topic, topic_id = normalise(frame.topic_name)
    return [Carried(topic, topic_id, event)]


def topic_of(body: bytes) -> str:
    """Return the topic of a frame, METADATA for an answer to us, "" where it is unreadable."""
    try:
        named = msgspec.json.decode(body, type=_Named)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return named.topic_name or (METADATA if bytes(named.result) else "")


def is_about_channel(topic: str) -> bool:
    """Tell whether a topic tells of the channel or the socket, and of nothing else."""
    return topic.startswith(("channel.", "v2.system."))
