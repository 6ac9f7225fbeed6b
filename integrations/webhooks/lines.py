"""Headers of one's own, written as lines: Name: value."""

import re
from typing import Final

MOST_LINES: Final = 20
MOST_CHARACTERS: Final = 4_000
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)
_VALUE: Final = re.compile(r"[\x20-\x7e]*")
# Of the connection, not of the message (RFC 9110); and what says how the body is to be read.
_OURS: Final = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect", "host"}
    | {"content-length", "content-type", "content-encoding", "accept-encoding"}
)
_BEGINNINGS: Final = ("webhook-", "proxy-")


def parse(text: str) -> dict[str, str]:
    """Return the headers that lines name. Raises ValueError that tells which line is wrong."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"these are more than {MOST_CHARACTERS} characters")
    found: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, colon, value = line.partition(":")
        found[_judged(name.strip(), colon, value.strip(), found)] = value.strip()
    if len(found) > MOST_LINES:
        raise ValueError(f"these are more than {MOST_LINES} headers")
    return found


def _judged(name: str, colon: str, value: str, found: dict[str, str]) -> str:
    lower = name.lower()
    if not colon or not _NAME.fullmatch(name):
        raise ValueError(f"“{name[:40]}” is no header: write lines as Name: value")
    if lower in _OURS or lower.startswith(_BEGINNINGS):
        raise ValueError(f"“{name}” is set by DCM itself")
    if lower == "authorization":
        raise ValueError("Authorization has a field of its own, which is kept secret")
    if not _VALUE.fullmatch(value):
        raise ValueError(f"the value of {name} has other characters than ASCII's printable ones")
    if lower in {known.lower() for known in found}:
        raise ValueError(f"“{name}” stands there twice")
    return name
