"""The REST side of notifications: channels, subscriptions, which topics there are.

Six small endpoints, asked without the SDK: loading it would cost a process that sits at a socket
200 MB. Token and rate limit are those that all processes share.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import quote

import msgspec
import urllib3
from django.conf import settings
from django.core.cache import cache as shared

from chrono import instants
from integrations.errors import (
    CredentialsError,
    MalformedAnswerError,
    NotFoundError,
    RefusedError,
)
from integrations.genesys.budget import Priority
from integrations.genesys.client import TOKEN_PATH, Client, Credentials, Reply, Token
from integrations.genesys.notifications.topics import Offered
from integrations.genesys.refusals import TokenRefusedError
from integrations.genesys.transport import Request, Wire

CHANNELS: Final = "/api/v2/notifications/channels"
AVAILABLE: Final = "/api/v2/notifications/availabletopics"
EXPAND: Final = "requiresPermissions,transports,requiresCurrentUser"
TIMEOUT: Final = urllib3.Timeout(connect=5, read=15)
DEADLINE_S: Final = 30.0
JSON: Final = {"Accept": "application/json", "Content-Type": "application/json"}


class Channel(msgspec.Struct, rename="camel"):
    """A channel that Genesys has made."""

    id: str
    connect_uri: str
    expires: str | None = None

    @property
    def expires_at(self) -> datetime | None:
        """When Genesys takes it away; None where that is not said, or not in a way to be read."""
        try:
            return instants.parse(self.expires) if self.expires else None
        except ValueError:
            return None


class Subscription(msgspec.Struct, rename="camel"):
    """What became of one topic."""

    id: str
    state: str | None = None
    rejection_reason: str | None = None
    missing_permissions: list[str] | None = None

    @property
    def refused(self) -> str:
        """Why it is rejected, with the permissions that would help; "" where it is not."""
        if (self.state or "").lower() != "rejected":
            return ""
        lacks = ", ".join(self.missing_permissions or ())
        reason = self.rejection_reason or "rejected without a reason"
        return f"{reason}; the OAuth client's role lacks {lacks}" if lacks else reason


class _List(msgspec.Struct):
    entities: list[msgspec.Raw] | None = None


class Platform:
    """One process's way to the notifications API. Not for several threads at once."""

    def __init__(
        self, credentials: Credentials, *, clock: Callable[[], datetime], wire: Wire | None = None
    ) -> None:
        self._credentials = credentials
        self._client = Client(
            credentials,
            clock=clock,
            wire=wire or Wire(timeout=TIMEOUT, deadline_s=DEADLINE_S),
            priority=Priority.EVENTS,
        )

    def available(self) -> list[Offered]:
        """Return which kinds of topics there are, those in preview included."""
        asked = {"expand": EXPAND, "includePreview": "true"}
        listed = self._call("GET", AVAILABLE, query=asked).decode(_List)
        return [_decode(each, Offered, AVAILABLE) for each in listed.entities or ()]

    def open_channel(self) -> tuple[Channel, str]:
        """Have a new channel made; return it, and what its token is told by."""
        made = self._call("POST", CHANNELS, body={}).decode(Channel)
        return made, self.token_mark()

    def subscribe(
        self, channel_id: str, names: Sequence[str], *, replace: bool
    ) -> list[Subscription]:
        """Add topics to a channel, or put them in place of all it has; return what became of each.

        Raises NotFoundError where the channel is gone.
        """
        path = f"{CHANNELS}/{quote(channel_id, safe='')}/subscriptions"
        told = self._call(
            "PUT" if replace else "POST",
            path,
            query={"ignoreErrors": "true"},
            body=[{"id": name} for name in names],
        ).decode(_List)
        return [_decode(each, Subscription, path) for each in told.entities or ()]

    def clear(self, channel_id: str) -> None:
        """Take all topics from a channel."""
        self._call("DELETE", f"{CHANNELS}/{quote(channel_id, safe='')}/subscriptions")

    def token_mark(self) -> str:
        """Return what tells one token from the next, without giving it away; "" without one."""
        token: str | None = shared.get(self._credentials.token_key)
        return blake2b(token.encode(), digest_size=8).hexdigest() if token else ""

    def _call(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Any = None
    ) -> Reply:
        """Ask; where the token is refused, once more with another one."""
        token = self._token()
        try:
            return self._ask(method, path, token, query=query, body=body)
        except TokenRefusedError:
            return self._ask(method, path, self._token(refused=token), query=query, body=body)

    def _ask(
        self, method: str, path: str, token: str, *, query: Mapping[str, str] | None, body: Any
    ) -> Reply:
        headers = JSON | {"Authorization": f"Bearer {token}"}
        raw = None if body is None else msgspec.json.encode(body)
        url = self._credentials.base_url.rstrip("/") + path
        return self._send(Request(method, url, headers, query or {}, raw))

    def _send(self, request: Request) -> Reply:
        sent_at = self._client.clock()
        answer = self._client.send(request)
        return Reply(answer.body, sent_at, answer.where)

    def _token(self, *, refused: str = "") -> str:
        """Return the token that all processes share, or fetch one where it is gone or refused."""
        known: str | None = shared.get(self._credentials.token_key)
        if known and known != refused:
            return known
        token = self._fetch_token()
        shared.set(self._credentials.token_key, token.access_token, timeout=token.good_for_s)
        return token.access_token

    def _fetch_token(self) -> Token:
        asked = self._credentials
        basic = b64encode(f"{asked.client_id}:{asked.client_secret}".encode()).decode()
        headers = {
            "Authorization": f"Basic {basic}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        url = asked.base_url.replace("//api.", "//login.", 1).rstrip("/") + TOKEN_PATH
        form = b"grant_type=client_credentials"
        try:
            return self._send(Request("POST", url, headers, {}, form)).decode(Token)
        except (CredentialsError, NotFoundError, RefusedError) as error:
            raise CredentialsError(
                f"{asked.base_url} gives this OAuth client no token. Check GENESYS_REGION, "
                "GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET, and that its grant type is Client "
                f"Credentials. ({error})"
            ) from error


def _decode(raw: msgspec.Raw, shape: type[Any], where: str) -> Any:
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedAnswerError(
            f"{where}: the answer is not what the API documents: {error}"
        ) from error


def connect(clock: Callable[[], datetime]) -> Platform:
    """Return the way to the organisation in the settings."""
    credentials = Credentials(
        settings.GENESYS_BASE_URL, settings.GENESYS_CLIENT_ID, settings.GENESYS_CLIENT_SECRET
    )
    return Platform(credentials, clock=clock)
