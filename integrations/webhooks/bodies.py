"""What a webhook says: the documented JSON, or a template with fixed placeholders.

A template is JSON itself. Placeholders are replaced inside its texts after it was read, so that
nothing that a customer wrote can be anything but text.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chrono.instants import isoformat
from integrations.outbox.messages import Message

MOST_BYTES: Final = 20_000
MOST_TEMPLATE: Final = 10_000
# Texts of others are cut so that what is told of ourselves always fits in.
LENGTHS: Final = (1_000, 200, 40)

_OTHERS: Final = frozenset(
    {"user_name", "queue_name", "provider", "address_to", "address_from", "external_tag"}
)
_TIMES: Final = ("at", "recorded_at", "started_at")
# Fields of a message that go by another name, or not as such.
_APART: Final = frozenset({"id", "name", "more", "recipients", "text", "is_test", *_TIMES})
_TEXTS: Final = tuple(name for name in Message.__struct_fields__ if name not in _APART)
PLACEHOLDERS: Final = ("type", "timestamp", "message_id", *_TEXTS, "recorded_at", "started_at")
_PLACE: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_BRACES: Final = {"{{": "{", "}}": "}"}
_ENCODE: Final = msgspec.json.Encoder().encode


def standard(message: Message) -> str:
    """Return the documented body."""
    for longest in LENGTHS:
        told = _texts(message, longest)
        data = {
            **{_camel(name): told[name] for name in _TEXTS},
            "recordedAt": told["recorded_at"],
            "startedAt": told["started_at"] or None,
            **message.more,
            **_addressed(message),
        }
        body: dict[str, Any] = {"type": told["type"], "timestamp": told["timestamp"], "data": data}
        if message.is_test:
            body["test"] = True
        if len(encoded := _ENCODE(body)) <= MOST_BYTES:
            return encoded.decode()
    raise ValueError(f"the message is longer than {MOST_BYTES} bytes")


def _addressed(message: Message) -> dict[str, Any]:
    """Return whom a message is for by name, and in whose words, where somebody has said so."""
    named = [{"name": one.name, "address": one.address} for one in message.recipients]
    told = {"recipients": named, "text": message.text}
    return {name: value for name, value in told.items() if value}


def filled(template: str, message: Message) -> str:
    """Return a template with what a message says. Raises ValueError where it gets too long."""
    known = _read(template)
    for longest in LENGTHS:
        encoded = _ENCODE(_replaced(known, _texts(message, longest)))
        if len(encoded) <= MOST_BYTES:
            return encoded.decode()
    raise ValueError(f"the message is longer than {MOST_BYTES} bytes")


def check(template: str) -> None:
    """Raise ValueError, worded for whoever wrote it, where a template is none."""
    if len(template) > MOST_TEMPLATE:
        raise ValueError(f"it is longer than {MOST_TEMPLATE} characters")
    longest = dict.fromkeys(PLACEHOLDERS, "x" * LENGTHS[-1])
    try:
        encoded = _ENCODE(_replaced(_read(template), longest))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if len(encoded) > MOST_BYTES:
        raise ValueError(f"filled in it would be longer than {MOST_BYTES} bytes")


def _read(template: str) -> Any:
    try:
        return msgspec.json.decode(template)
    except msgspec.DecodeError as error:
        raise ValueError(
            f"it is not JSON ({error}). Placeholders stand inside quotation marks"
        ) from None


def _replaced(value: Any, told: Mapping[str, str]) -> Any:
    """Return a JSON value with the placeholders of its texts replaced."""
    match value:
        case str():
            return _PLACE.sub(lambda found: _meant(found, told), value)
        case list():
            return [_replaced(each, told) for each in value]
        case dict():
            if named := next((key for key in value if _PLACE.search(key)), None):
                raise ValueError(f"“{named[:40]}” is a name: placeholders stand in values")
            return {key: _replaced(each, told) for key, each in value.items()}
    return value


def _meant(found: re.Match[str], told: Mapping[str, str]) -> str:
    if brace := _BRACES.get(found[0]):
        return brace
    if found[1] not in told:
        raise ValueError(f"there is no placeholder {found[0][:60]}")
    return told[found[1]]


def _texts(message: Message, longest: int) -> dict[str, str]:
    """Return what a message says by placeholder, texts of others cut."""
    texts = {name: str(getattr(message, name)) for name in _TEXTS}
    cut = {name: texts[name][:longest] for name in _OTHERS}
    times = {name: isoformat(at) if (at := getattr(message, name)) else "" for name in _TIMES}
    named = {"type": message.name, "timestamp": times.pop("at"), "message_id": message.id}
    return {**texts, **cut, **times, **named}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
