"""Pages of conversations out of an answer: the raw JSON of each, and just enough to go on by."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from chrono import instants
from integrations.genesys.client import Reply


class Found(NamedTuple):
    """One conversation of a page. document is its raw JSON; what it does not tell is None."""

    document: bytes
    genesys_id: str | None
    started_at: datetime | None
    ended_at: datetime | None


class Page(NamedTuple):
    """The conversations of an answer, and how many its query has in all: about, or None."""

    found: list[Found]
    total: int | None


class _Page(msgspec.Struct, rename="camel"):
    """An answer of details/query or of batch details. An empty result has no key at all."""

    conversations: list[msgspec.Raw] | None = None
    total_hits: float | None = None


class _Head(msgspec.Struct, rename="camel"):
    conversation_id: str | None = None
    conversation_start: str | None = None
    conversation_end: str | None = None


_decode_head = msgspec.json.Decoder(_Head).decode


def found(reply: Reply) -> list[Found]:
    """Take an answer apart. What is wrong within one document is for its reader to refuse.

    Raises MalformedAnswerError where the answer as a whole is not what the API documents.
    """
    return page(reply).found


def page(reply: Reply) -> Page:
    """Take an answer apart as found does, with what it tells of the whole."""
    told = reply.decode(_Page)
    total = None if told.total_hits is None else int(told.total_hits)
    return Page([_found(bytes(raw)) for raw in told.conversations or []], total)


def _found(document: bytes) -> Found:
    try:
        head = _decode_head(document)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Found(document, None, None, None)
    return Found(
        document,
        head.conversation_id,
        _instant(head.conversation_start),
        _instant(head.conversation_end),
    )


def _instant(text: str | None) -> datetime | None:
    try:
        return instants.parse(text) if text else None
    except ValueError:
        return None
