"""Amazon EventBridge's envelope around an event of Genesys Cloud: the only place that knows it.

What stands in it beside topic and eventBody is left alone: version is a text, an event may have
happened after the envelope's time, and a rule of AWS may have rewritten the rest. The envelope
comes as a POST of an API destination, as a message of SQS, or wrapped in a notification of SNS.
"""

from collections.abc import Iterator
from typing import Final, TypeVar

import msgspec

from integrations.domain.events import Carried
from integrations.domain.topics import normalise
from integrations.errors import MalformedPayloadError
from integrations.inbox.receive import LONGEST_SENDER_ID

S = TypeVar("S")

LONGEST_TOPIC: Final = 100


class _Detail(msgspec.Struct, rename="camel"):
    topic_name: str | None = None
    event_body: msgspec.Raw = msgspec.Raw()


class _Envelope(msgspec.Struct):
    detail_type: str | None = msgspec.field(name="detail-type", default=None)
    detail: _Detail | None = None
    wrapped: str | None = msgspec.field(name="Message", default=None)


class _Head(msgspec.Struct):
    """What an event is told by: the id of its envelope, which SNS may have wrapped."""

    id: str | None = None
    wrapped: str | None = msgspec.field(name="Message", default=None)

    @property
    def sender_id(self) -> str | None:
        fits = self.id and len(self.id) <= LONGEST_SENDER_ID and "\0" not in self.id
        return self.id if fits else None


_head = msgspec.json.Decoder(_Head).decode


def read(body: bytes) -> list[Carried]:
    """Read the event of an envelope, or those of a list of envelopes.

    Raises MalformedPayloadError, naming the place and the reason, where one of them is none.
    """
    return [_carried(envelope, place) for place, envelope in _envelopes(body, "")]


def sender_id(body: bytes) -> str | None:
    """Return EventBridge's own id of an event; None where there is none that could be kept."""
    try:
        head = _head(body)
        return head.sender_id or (_head(head.wrapped).sender_id if head.wrapped else None)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _envelopes(
    body: bytes | str, place: str, *, wrapped: bool = False
) -> Iterator[tuple[str, _Envelope]]:
    """Yield each envelope, and the place that an error in it is to name."""
    if body[:100].lstrip()[:1] in (b"[", "["):
        for number, one in enumerate(_decoded(body, list[msgspec.Raw], place)):
            at = f"{place}[{number}]."
            yield at, _decoded(one, _Envelope, at)
        return
    envelope = _decoded(body, _Envelope, place)
    if envelope.wrapped is not None and envelope.detail is None and not wrapped:
        yield from _envelopes(envelope.wrapped, f"{place}Message.", wrapped=True)
    else:
        yield place, envelope


def _carried(envelope: _Envelope, place: str) -> Carried:
    """Unwrap an event. Where topicName and detail-type disagree, detail-type holds.

    That is the topic which was subscribed to, and by which rules of AWS choose.
    """
    detail = envelope.detail
    if detail is None:
        raise MalformedPayloadError(f"{place}detail is missing: this is no EventBridge envelope")
    if not detail.topic_name:
        raise MalformedPayloadError(f"{place}detail.topicName is missing")
    event = bytes(detail.event_body).strip()
    if not event.startswith(b"{"):
        problem = "is no object" if event not in (b"", b"null") else "is missing"
        raise MalformedPayloadError(f"{place}detail.eventBody {problem}")
    topic, topic_id = normalise(detail.topic_name)
    if envelope.detail_type:
        topic, _ = normalise(envelope.detail_type)
    if len(topic) > LONGEST_TOPIC or "\0" in topic + topic_id:
        raise MalformedPayloadError(f"{place}detail-type is no topic of Genesys Cloud")
    return Carried(topic, topic_id, event)


def _decoded(body: bytes | str | msgspec.Raw, shape: type[S], place: str) -> S:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise MalformedPayloadError(place + str(error).replace("`$.", "`")) from error
    except RecursionError as error:
        raise MalformedPayloadError(f"{place}the body is nested too deeply") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise MalformedPayloadError(f"{place}the body is not JSON: {error}") from error
