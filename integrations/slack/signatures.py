"""Slack's signature of what it sends us: version 0, HMAC-SHA256 over v0:time:body."""

import hashlib
import hmac
import re
from datetime import datetime
from typing import Final

TOLERANCE_S: Final = 300
_SECONDS: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


def is_current(timestamp: str, *, now: datetime) -> bool:
    """Tell whether a request's time is well formed, and within TOLERANCE_S of ours."""
    if not _SECONDS.fullmatch(timestamp):
        return False
    return abs(int(timestamp) - now.timestamp()) <= TOLERANCE_S


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a body, as it stands in the header."""
    told = b"v0:" + timestamp.encode() + b":" + body
    return f"v0={hmac.digest(secret.encode(), told, hashlib.sha256).hex()}"


def is_genuine(secret: str, timestamp: str, body: bytes, signature: str) -> bool:
    """Tell, in a time that says nothing, whether a signature was made with the secret."""
    return hmac.compare_digest(sign(secret, timestamp, body).encode(), signature.encode())
