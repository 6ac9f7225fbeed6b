"""Bodies that web services data actions post to us: our own contract, and two found in the wild.

docs/webhooks-in.md has the contract. Authors of workflows write these bodies by hand, so reading is
lenient: what is absent may be "", NOT_SET or null, a number may be a text, a topic may have a real
id, {id} or a bare id. What an event says beyond its topic is read in announcements.
"""

import re
from typing import Any, Final

import msgspec

from conversations.models import ID_LENGTH
from integrations.domain import topics
from integrations.domain.events import Carried
from integrations.errors import MalformedPayloadError
from integrations.genesys.fields import Fields

DEEPEST: Final = 64
LONGEST_TOPIC: Final = 200
# The topic of a body that has no topic and whose type is not set: its conversation is read again.
UNNAMED: Final = "unnamed"

_BOM: Final = b"\xef\xbb\xbf"
# An escape that no database keeps: NUL, or one half of a surrogate pair. Whole pairs are matched
# too, so that they are left alone; a backslash before the escape may itself be escaped.
_ESCAPES: Final = re.compile(
    rb"(?P<before>(?<!\\)(?:\\\\)*)"
    rb"(?:(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|\\u0000|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_IDS: Final = ("conversationId", "participantId", "sessionId", "userId", "queueId")

_objects: Final = msgspec.json.Decoder(list[msgspec.Raw])
_any: Final = msgspec.json.Decoder()


def read(body: bytes) -> list[Carried]:
    """Read one event, or a list of them.

    Raises MalformedPayloadError, naming the place and the reason, where one of them is none.
    """
    text = cleaned(body)
    if not text:
        raise MalformedPayloadError("the body is empty")
    if text[:1] != b"[":
        return [_carried(text, "")]
    try:
        parts = _objects.decode(text)
    except RecursionError as error:
        raise MalformedPayloadError("the body is nested too deeply") from error
    except msgspec.DecodeError as error:
        raise MalformedPayloadError(f"the body is not JSON: {error}") from error
    return [_carried(bytes(part).strip(), f"[{at}].") for at, part in enumerate(parts)]


def cleaned(body: bytes) -> bytes:
    """Return a body as UTF-8 without what databases refuse; the replacement character stands in."""
    text = body.removeprefix(_BOM).decode(errors="replace").encode().strip()
    return _ESCAPES.sub(_replaced, text) if b"\\u" in text else text


def _replaced(found: re.Match[bytes]) -> bytes:
    return found["before"] + (found["pair"] or rb"\ufffd")


def _carried(text: bytes, place: str) -> Carried:
    event = _decoded(text, place)
    if not isinstance(event, dict):
        raise MalformedPayloadError(f"{place or 'the body '}is no JSON object")
    _refuse_depth(event, place)
    for name in _IDS:
        _refuse_length(event.get(name), place + name)
    topic, topic_id = _topic(event, place)
    told = Fields(event, place)
    if not (topic_id or told.text("conversationId") or told.text("userId")):
        raise MalformedPayloadError(
            f"{place}conversationId is missing, and neither userId nor the topic says whose it is"
        )
    return Carried(topic, topic_id, text)


def _topic(event: dict[str, Any], place: str) -> tuple[str, str]:
    """Return the topic of an event and its id. Bodies made for Lynn have a type in its place."""
    if "detail" in event and "detail-type" in event:
        raise MalformedPayloadError(
            f"{place}this is an envelope of EventBridge: send it to /hooks/eventbridge/"
        )
    told = Fields(event, place)
    # One more than may be: what is too long is refused, not cut.
    topic = told.text("topic", longest=LONGEST_TOPIC + 1)
    if topic:
        _refuse_length(topic, f"{place}topic", LONGEST_TOPIC)
        return topics.normalise(topic)
    kind = told.text("type", longest=LONGEST_TOPIC + 1)
    if "type" in event and told.text("conversationId"):
        _refuse_length(kind, f"{place}type", LONGEST_TOPIC)
        return kind or UNNAMED, ""
    raise MalformedPayloadError(f"{place}topic is missing")


def _decoded(text: bytes, place: str) -> Any:
    try:
        return _any.decode(text)
    except RecursionError as error:
        raise MalformedPayloadError(f"{place}the body is nested too deeply") from error
    except msgspec.ValidationError as error:
        raise MalformedPayloadError(f"{place}a number is out of range: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedPayloadError(f"{place}the body is not JSON: {error}") from error


def _refuse_depth(event: Any, place: str) -> None:
    level = [event]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _within(outer)]
        if not level:
            return
    raise MalformedPayloadError(f"{place}the body is nested more than {DEEPEST} levels deep")


def _within(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value
    return [one for one in inner if isinstance(one, (dict, list))]


def _refuse_length(value: Any, place: str, longest: int = ID_LENGTH) -> None:
    if isinstance(value, str) and len(value) > longest:
        raise MalformedPayloadError(f"{place} has more than {longest} characters")
