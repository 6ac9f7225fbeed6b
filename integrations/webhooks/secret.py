"""Signing secrets of the Standard Webhooks specification: whsec_ and 24 to 64 bytes in base64."""

import base64
import binascii
import secrets
from typing import Final

PREFIX: Final = "whsec_"
FEWEST, MOST = 24, 64


def key_of(secret: str) -> bytes:
    """Return the key in a secret. Raises ValueError, which does not repeat it."""
    if not secret.startswith(PREFIX):
        raise ValueError(f"a signing secret begins with {PREFIX}")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"what follows {PREFIX} is not base64") from None
    if not FEWEST <= len(key) <= MOST:
        raise ValueError(f"it holds {len(key)} bytes: between {FEWEST} and {MOST} are needed")
    return key


def fresh() -> str:
    """Return a secret that nobody has yet."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
