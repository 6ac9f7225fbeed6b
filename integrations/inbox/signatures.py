"""Signatures of the Standard Webhooks specification, version 1: HMAC-SHA256 over id.time.body."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

TOLERANCE_S: Final = 300
LONGEST_ID: Final = 200
MOST_SIGNATURES: Final = 10

_SECONDS: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_ID: Final = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_ID}}}")


class Signed(NamedTuple):
    """What a sender's headers say. signatures: as sent, "v1,<base64>" with blanks between them."""

    id: str
    timestamp: str
    signatures: str


def is_current(signed: Signed, *, now: datetime) -> bool:
    """Whether the headers are well formed and their time is within TOLERANCE_S of ours."""
    if not _ID.fullmatch(signed.id) or not _SECONDS.fullmatch(signed.timestamp):
        return False
    return abs(int(signed.timestamp) - now.timestamp()) <= TOLERANCE_S


def is_genuine(signed: Signed, body: bytes, *, secrets: Iterable[bytes]) -> bool:
    """Whether one of the signatures was made with one of the secrets. All are tried, always."""
    given = [found for one in signed.signatures.split()[:MOST_SIGNATURES] if (found := _v1(one))]
    message = f"{signed.id}.{signed.timestamp}.".encode() + body
    genuine = False
    for secret in secrets:
        expected = hmac.digest(secret, message, hashlib.sha256)
        for signature in given:
            genuine |= hmac.compare_digest(expected, signature)
    return genuine


def sign(webhook_id: str, timestamp: int, body: bytes, *, secret: bytes) -> str:
    """Return the signature that a sender with this secret puts into webhook-signature."""
    message = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, message, hashlib.sha256)).decode()


def _v1(text: str) -> bytes | None:
    version, _, encoded = text.partition(",")
    if version != "v1":
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
