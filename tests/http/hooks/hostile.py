"""Bodies that break stacks which read before they store."""

from collections.abc import Iterator
from typing import Final

EVENT: Final = (
    b'{"topic": "v2.detail.events.conversation.{id}.user.end", "conversationId": "c-1",'
    b' "userId": "u-1", "eventTime": 1774629900000, "queueId": "q"}'
)
PLAIN: Final = (
    *(b"", b" ", b"null", b"true", b"0", b'""', b"[]", b"{}", b"[[]]", b"[null]", b"nonsense"),
    *(b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"-0", b"01", b"1" * 5_000),
    *(b'"\\u0000"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud83d\\ude00"', b'"\x00"', b"\x00"),
    *(b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"\xfe\xff\x00{", b'"\xff"', b'"\xed\xa0\x80"'),
    *(b'{"a": 1, "a": 2}', b"{}{}", b"{} trailing", b'{"a": 1,}', b"{'a': 1}", b"// {}"),
    *(b"a=1&b=2", b"<event/>", b"\x1f\x8b\x08\x00", b'{"": ""}', b'{"\\u0000": 1}'),
)
VALUES: Final = (
    *(b"null", b"true", b'""', b'"NOT_SET"', b"-1", b"1e999", b"1.5", b"9" * 400, b"[]", b"{}"),
    *(b'["a"]', b'{"a": {}}', b'"\\u0000"', b'"\\ud800x"', b'"' + b"x" * 300 + b'"', b'" "'),
    *(b'"1774629900000"', b'"2026-03-27T16:45:00Z"', b"253402300800000", b'"\xf0\x9f\x98\x80"'),
)
NAMES: Final = (b'"topic"', b'"conversationId"', b'"userId"', b'"eventTime"')


def bodies() -> Iterator[bytes]:
    """Yield each of them once."""
    seen = set()
    for body in _all():
        if body not in seen:
            seen.add(body)
            yield body


def _all() -> Iterator[bytes]:
    yield from PLAIN
    for depth in (60, 70, 500, 1_024, 5_000, 40_000):
        yield b"[" * depth + b"]" * depth
        yield EVENT[:-1] + b', "x": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
        yield b"[" * depth
    for at in [at for at, byte in enumerate(EVENT) if byte in b'{}":,'][::2]:
        yield EVENT[:at]
    for name in NAMES:
        for value in VALUES:
            yield _with(name, value)
    yield b"[" + b",".join([EVENT] * 500) + b"]"


def _with(name: bytes, value: bytes) -> bytes:
    """Return the event with another value of a name, whatever it had."""
    before, _, after = EVENT.partition(name + b": ")
    end = after.find(b", ")
    return before + name + b": " + value + (after[end:] if end >= 0 else b"}")
