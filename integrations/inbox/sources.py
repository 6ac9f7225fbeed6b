"""Who may send us events, and the keys by which they are known.

A web process keeps the keys in memory for a few seconds: a revoked one is refused everywhere after
KEPT at the latest. Tokens themselves are nowhere in the database, only their digests; the secrets
of signatures are, encrypted.
"""

import base64
import hashlib
import hmac
import logging
import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import OperationalError, transaction
from django.db.models import Q

from integrations import patience, seal
from integrations.models import Source, SourceKey

logger = logging.getLogger(__name__)

KEPT: Final = 5.0  # seconds
# Not oftener than this are keys read again because somebody comes with one that is not known.
LOOKED_AGAIN_AFTER: Final = 1.0
# So long one waits for another who reads the keys already.
TURN_S: Final = 1.5
OVERLAP: Final = timedelta(hours=24)
TOKEN_PREFIX: Final = "dcm_"  # noqa: S105 - it is public
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - it is public
_HINT_LENGTH: Final = 10


class Key(NamedTuple):
    """A valid key of an active source. secret is empty where its digest is enough."""

    source_id: int
    source: str
    kind: str
    authentication: str
    digest: bytes
    secret: bytes
    expires_at: datetime | None


def new_key(*, source_id: int, now: datetime) -> str:
    """Make a key of a source and return it: this is the only time that it can be read.

    The newest of its keys until now stays valid for OVERLAP, so that the sender can be given the
    new one without losing anything; older ones end at once.
    """
    with transaction.atomic():
        source = Source.objects.select_for_update().get(pk=source_id)
        signs = source.authentication == Source.Authentication.HMAC
        key = _random_secret() if signs else _random_token()
        _end_older(source, now)
        SourceKey.objects.create(
            source=source,
            digest=digest_of(key).hex(),
            sealed=seal.seal(key) if signs else b"",
            hint=key[:_HINT_LENGTH],
            created_at=now,
        )
    KEYS.forget()
    return key


def revoke(*, key_id: int, now: datetime) -> bool:
    """End a key now; return False where it had ended already."""
    ended = SourceKey.objects.filter(_valid(now), pk=key_id).update(expires_at=now)
    KEYS.forget()
    return bool(ended)


def valid_keys(*, source_id: int, now: datetime) -> list[SourceKey]:
    """Return the keys of a source that are valid now, oldest first."""
    return list(SourceKey.objects.filter(_valid(now), source_id=source_id).order_by("pk"))


def reseal() -> int:
    """Encrypt every stored secret with the first of the configured keys; return how many."""
    rows = list(SourceKey.objects.exclude(sealed=b"").order_by("pk"))
    for row in rows:
        SourceKey.objects.filter(pk=row.pk).update(sealed=seal.resealed(bytes(row.sealed)))
    return len(rows)


def digest_of(key: str) -> bytes:
    """Return what a key is told by."""
    return hashlib.sha256(key.encode(errors="replace")).digest()


def _end_older(source: Source, now: datetime) -> None:
    """Let the newest valid key live for OVERLAP at most, and end all others."""
    newest = source.keys.filter(_valid(now)).order_by("-pk").first()
    if newest is None:
        return
    source.keys.filter(_valid(now), pk__lt=newest.pk).update(expires_at=now)
    until = now + OVERLAP
    source.keys.filter(_valid(until), pk=newest.pk).update(expires_at=until)


def _valid(at: datetime) -> Q:
    """Select the keys that have not ended by an instant."""
    return Q(expires_at=None) | Q(expires_at__gt=at)


def _random_token() -> str:
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def _random_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


class _Keys:
    """The valid keys, as the database had them not long ago. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[Key, ...] = ()
        self._read_at = float("-inf")

    def bearer(self, token: str, *, now: datetime) -> Key | None:
        """Return the key that a token is; None where it is none."""
        digest = digest_of(token)
        found = _matching(self._valid(now, KEPT), digest)
        # It may have been made a moment ago.
        return found or _matching(self._valid(now, LOOKED_AGAIN_AFTER), digest)

    def of_source(self, name: str, *, now: datetime) -> list[Key]:
        """Return the valid keys of a source with this name."""
        found = [key for key in self._valid(now, KEPT) if key.source == name]
        return found or [k for k in self._valid(now, LOOKED_AGAIN_AFTER) if k.source == name]

    def forget(self) -> None:
        """Read the keys again when the next one is asked for."""
        self._read_at = float("-inf")

    def _valid(self, now: datetime, kept: float) -> list[Key]:
        if time.monotonic() - self._read_at > kept:
            with self._turn():
                if time.monotonic() - self._read_at > kept:
                    self._known = tuple(patience.over(_read))
                    self._read_at = time.monotonic()
        return [key for key in self._known if key.expires_at is None or key.expires_at > now]

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let one at a time read the keys. Raises OperationalError where that takes too long."""
        if not self._lock.acquire(timeout=TURN_S):
            raise OperationalError("the keys are being read by another who gets no answer")
        try:
            yield
        finally:
            self._lock.release()


def _matching(keys: Iterable[Key], digest: bytes) -> Key | None:
    """Return the key with this digest, in a time that does not tell how much of it was right."""
    found = None
    for key in keys:
        if hmac.compare_digest(key.digest, digest):
            found = key
    return found


def _read() -> list[Key]:
    rows = SourceKey.objects.filter(source__active=True).select_related("source").order_by("pk")
    return [key for row in rows if (key := _key(row))]


def _key(row: SourceKey) -> Key | None:
    try:
        secret = _secret_bytes(seal.unseal(bytes(row.sealed))) if row.sealed else b""
    except seal.SealBrokenError as error:
        logger.error("source.key_unreadable", extra={"key": row.hint, "reason": str(error)})  # noqa: TRY400 - the message says it all
        return None
    source = row.source
    return Key(
        source_id=source.pk,
        source=source.name,
        kind=source.kind,
        authentication=source.authentication,
        digest=bytes.fromhex(row.digest),
        secret=secret,
        expires_at=row.expires_at,
    )


def _secret_bytes(key: str) -> bytes:
    """Return the bytes that sign: what stands behind whsec_ is base64."""
    return base64.b64decode(key.removeprefix(SECRET_PREFIX))


KEYS: Final = _Keys()
