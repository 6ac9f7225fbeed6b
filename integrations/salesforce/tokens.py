"""The access token that all processes share: one log-in at a time, however many find it expired."""

import fcntl
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import jwt
import msgspec
import requests  # noqa: TID251 - the type of a session
from django.conf import settings as django_settings
from django.core.cache import cache, caches
from django.core.cache.backends.filebased import FileBasedCache

from integrations import outbound
from integrations.errors import CredentialsError, MalformedAnswerError, TemporaryError
from integrations.salesforce.domain import ids
from integrations.salesforce.form import JWT, Settings

PATH: Final = "/services/oauth2/token"
BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Salesforce does not tell how long a token is good: an organisation's sessions last 15 min to 24 h.
KEPT_S: Final = 3600
ASSERTED_FOR: Final = timedelta(minutes=3)
# Longer than a log-in takes: outbound cuts it off before. Who waits looks again so often.
LOCKED_S: Final = 15
LOOK_S: Final = 0.05
_REFUSED: Final = frozenset({400, 401, 403})
_OK: Final = 200
# What Salesforce explains is plain words; what is not, might be something that was sent.
_WORDS: Final = re.compile(r"[A-Za-z', -]{1,100}")


class Token(msgspec.Struct, frozen=True):
    """What logging in gave: the token, where to use it, and as whom."""

    access_token: str
    instance_url: str
    user_id: str  # 18 letters, or "" where it is not told


class _Told(msgspec.Struct):
    access_token: str
    instance_url: str
    id: str = ""


class _Refusal(msgspec.Struct):
    error: str = ""
    error_description: str = ""


class Tokens:
    """The token of one organisation and connected app."""

    def __init__(self, settings: Settings, session: requests.Session) -> None:
        told = (settings.login_url, settings.flow, settings.client_id, settings.username)
        more = (settings.private_key, settings.client_secret)
        digest = blake2b("\n".join((*told, *more)).encode(), digest_size=12).hexdigest()
        self._settings = settings
        self._session = session
        self._key = f"salesforce:token:{digest}"

    def get(self, *, refused: str = "") -> Token:
        """Return the token that stands, or one that is new where it was refused.

        Raises CredentialsError where none is given, TemporaryError where nobody answers.
        """
        known = self._known(refused)
        if known:
            return known
        with _alone(f"{self._key}:lock"):
            return self._known(refused) or self._renew()

    def _known(self, refused: str) -> Token | None:
        kept: dict[str, Any] | None = cache.get(self._key)
        token = msgspec.convert(kept, Token) if kept else None
        return token if token and token.access_token != refused else None

    def _renew(self) -> Token:
        token = log_in(self._settings, self._session)
        cache.set(self._key, msgspec.to_builtins(token), timeout=KEPT_S)
        return token


@contextmanager
def _alone(key: str) -> Iterator[None]:
    """Let one thread of one process at a time log in.

    In Redis a key is the lock; where the cache is files, which cannot do that, a file is.
    Raises TemporaryError where others take too long.
    """
    end = time.monotonic() + LOCKED_S
    mine = secrets.token_hex(8)
    with ExitStack() as stack:
        take = _by_file(stack) if _in_files() else partial(cache.add, key, mine, LOCKED_S)
        while not take():
            if time.monotonic() > end:
                raise TemporaryError("another process logs in to Salesforce, and does not end")
            time.sleep(LOOK_S)  # noqa: TID251 - in a thread that sends, while another logs in
        try:
            yield
        finally:
            if cache.get(key) == mine:
                cache.delete(key)


def _in_files() -> bool:
    return isinstance(caches["default"], FileBasedCache)


def _by_file(stack: ExitStack) -> Callable[[], bool]:
    """Return what tries to lock a file beside the cache; it is let go with the stack."""
    folder = Path(django_settings.CACHES["default"]["LOCATION"])
    folder.mkdir(parents=True, exist_ok=True)
    lock = stack.enter_context((folder / "salesforce.lock").open("w"))

    def take() -> bool:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    return take


def log_in(settings: Settings, session: requests.Session) -> Token:
    """Ask for a token.

    Raises CredentialsError with what Salesforce calls the reason, TemporaryError, or what
    integrations.outbound raises.
    """
    url = settings.login_url.rstrip("/") + PATH
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    reply = outbound.post(session, url, urlencode(_asked(settings)).encode(), headers)
    if reply.status in _REFUSED:
        raise CredentialsError(f"Salesforce gives no token: {_reason(reply.body)}")
    if reply.status != _OK:
        raise TemporaryError(f"Salesforce gives no token now: HTTP {reply.status}")
    try:
        told = msgspec.json.decode(reply.body, type=_Told)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedAnswerError(
            "what answers is not Salesforce's login: check the My Domain URL"
        ) from error
    user_id = ids.full(told.id.rpartition("/")[2], ids.USER_PREFIX) or ""
    return Token(told.access_token, _instance(told.instance_url, settings), user_id)


def _asked(settings: Settings) -> dict[str, str]:
    if settings.flow == JWT:
        return {"grant_type": BEARER, "assertion": _assertion(settings)}
    return {
        "grant_type": "client_credentials",
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
    }


def _assertion(settings: Settings) -> str:
    """Return what says who we are, signed: good for minutes. The audience is the login host."""
    until = datetime.now(tz=UTC) + ASSERTED_FOR  # noqa: TID251 - the receiver's clock judges it
    claims = {
        "iss": settings.client_id,
        "sub": settings.username,
        "aud": audience(settings.login_url),
        "exp": int(until.timestamp()),
    }
    try:
        return jwt.encode(claims, settings.private_key, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError) as error:
        raise CredentialsError("the private key cannot be used: enter it again") from error


def audience(login_url: str) -> str:
    """Return who a JWT is for: a sandbox's is test.salesforce.com, also by its own domain."""
    host = (urlsplit(login_url).hostname or "").lower()
    if host == "test.salesforce.com" or ".sandbox.my.salesforce.com" in host:
        return "https://test.salesforce.com"
    if host.endswith(".salesforce.com"):
        return "https://login.salesforce.com"
    return login_url.rstrip("/")


def _instance(told: str, settings: Settings) -> str:
    """Return where data is; never without TLS unless the login is configured so."""
    if urlsplit(told).scheme != "https" and urlsplit(settings.login_url).scheme == "https":
        raise MalformedAnswerError("Salesforce names an address without TLS: nothing is sent there")
    return told.rstrip("/")


def _reason(body: bytes) -> str:
    """Return what Salesforce calls the reason: one of OAuth's few words, and Salesforce's own."""
    try:
        told = msgspec.json.decode(body, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "no reason told"
    if not told.error.replace("_", "").isalpha():
        return "no reason told"
    words = told.error_description
    return f"{told.error}: {words}" if _WORDS.fullmatch(words) else told.error
