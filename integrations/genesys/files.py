"""Conversation documents out of files: JSON or NDJSON, in any shape in which Genesys gives them.

A query answer or job result ({"conversations": [...]}), one conversation, or a list of them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from integrations.errors import MalformedPayloadError

SUFFIXES: Final = frozenset({".json", ".ndjson", ".jsonl"})
_BOM: Final = b"\xef\xbb\xbf"


class Document(NamedTuple):
    """The raw JSON of one conversation, and where in the file it stands."""

    place: str
    content: bytes


class _Answer(msgspec.Struct):
    """Whether an object is an answer around conversations; anything else is taken for one."""

    conversations: list[msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET


_decode_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_answer: Final = msgspec.json.Decoder(_Answer).decode
_decode_any: Final = msgspec.json.Decoder(msgspec.Raw).decode


def paths_below(given: Path) -> list[Path]:
    """Return a file itself, or the JSON files of a folder and its folders, in order of name."""
    if given.is_dir():
        return sorted(p for p in given.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    return [given]


def documents(content: bytes) -> list[Document]:
    """Find the conversations in a file; each is read, and may be refused, on its own.

    Raises MalformedPayloadError where the file is not JSON, or has no shape that could hold any.
    """
    content = content.removeprefix(_BOM).strip()
    if not content:
        raise MalformedPayloadError("is empty")
    try:
        return list(_of_value(content, "conversation "))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if not _has_lines(content):
            raise MalformedPayloadError(_reason(error)) from error
    return [
        document
        for number, line in enumerate(content.splitlines(), start=1)
        if line.strip()
        for document in _of_line(line.strip(), number)
    ]


def _reason(error: Exception) -> str:
    match error:
        case RecursionError():
            return "is nested too deeply"
        case msgspec.ValidationError():
            return str(error).replace("`$.", "`")
        case _:
            return f"is not JSON: {error}"


def _of_line(line: bytes, number: int) -> list[Document]:
    """Find the conversations in a line; one that holds none is its reader's to refuse."""
    try:
        found = list(_of_value(line, f"line {number}, conversation "))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [Document(f"line {number}", line)]
    return [Document(f"line {number}", line)] if [one.content for one in found] == [line] else found


def _of_value(content: bytes, place: str) -> Iterator[Document]:
    if content.startswith(b"["):
        found = _decode_list(content)
    else:
        answer = _decode_answer(content).conversations
        if answer is msgspec.UNSET:
            yield Document(f"{place}1", content)
            return
        found = answer or []  # an empty answer lacks its conversations, or has null
    for number, one in enumerate(found, start=1):
        yield Document(f"{place}{number}", bytes(one))


def _has_lines(content: bytes) -> bool:
    """Tell whether a file that is not one JSON value is one value a line, some perhaps damaged."""
    first, *rest = content.splitlines()
    if not rest:
        return False
    if _is_value(first):
        return True
    return not first.startswith(b"[") and any(
        line.startswith(b"{") and _is_value(line) for line in rest
    )


def _is_value(line: bytes) -> bool:
    try:
        _decode_any(line)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
