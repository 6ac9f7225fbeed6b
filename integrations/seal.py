"""Secrets at rest: encrypted with a key of this deployment's environment.

DCM_SECRETS_KEY may hold several keys: the first encrypts, all of them decrypt. What was sealed
before it was set was sealed with a key made of SECRET_KEY, which always remains the last to be
tried.
"""

import base64
import hashlib
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from integrations.errors import PermanentError

_PURPOSE: Final = b"dcm.seal.1:"


class SealBrokenError(PermanentError):
    """A secret cannot be decrypted: the key that it was sealed with is not configured any more."""


def seal(secret: str) -> bytes:
    """Return a secret encrypted."""
    return _keys().encrypt(secret.encode())


def unseal(sealed: bytes) -> str:
    """Return what was sealed.

    Raises SealBrokenError where none of the configured keys fits.
    """
    try:
        return _keys().decrypt(sealed).decode()
    except InvalidToken as error:
        raise SealBrokenError(
            "a stored secret does not open: put the key that was in DCM_SECRETS_KEY (or SECRET_KEY)"
            " when it was made at the end of DCM_SECRETS_KEY, or make the secret anew"
        ) from error


def resealed(sealed: bytes) -> bytes:
    """Return the same secret encrypted with the key that is now the first.

    Raises SealBrokenError as unseal does.
    """
    return seal(unseal(sealed))


def _keys() -> MultiFernet:
    return MultiFernet([_fernet(key) for key in (*settings.SECRETS_KEYS, settings.SECRET_KEY)])


def _fernet(key: str) -> Fernet:
    """Make a key of whatever text an administrator gave: it need not be in Fernet's own form."""
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(_PURPOSE + key.encode()).digest()))
