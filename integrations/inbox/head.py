"""The id at the head of an envelope, read without reading the rest."""

import msgspec

from integrations.inbox.receive import LONGEST_SENDER_ID


class _Head(msgspec.Struct):
    id: str | None = None


_decode = msgspec.json.Decoder(_Head).decode


def envelope_id(body: bytes) -> str | None:
    """Return the text `id` of a JSON object; None where the body is none, or has no such id."""
    try:
        found = _decode(body).id
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if not found or len(found) > LONGEST_SENDER_ID or "\0" in found:
        return None
    return found
