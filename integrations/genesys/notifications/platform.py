"""The REST side of notifications: channels, subscriptions, which topics there are.

Six small endpoints, asked without the SDK: loading it would cost a process that sits at a socket
200 MB. Token and rate limit are those that all processes share.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Final
from urllib.parse import quote

import msgspec
import urllib3
from django.core.cache import cache as shared

from chrono import instants
from integrations.genesys import plain
from integrations.genesys.budget import Priority
from integrations.genesys.client import Client, Credentials, Entities
from integrations.genesys.notifications.topics import Offered
from integrations.genesys.transport import Wire

CHANNELS: Final = "/api/v2/notifications/channels"
AVAILABLE: Final = "/api/v2/notifications/availabletopics"
EXPAND: Final = "requiresPermissions,transports,requiresCurrentUser"
TIMEOUT: Final = urllib3.Timeout(connect=5, read=15)
DEADLINE_S: Final = 30.0


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


class Platform:
    """One process's way to the notifications API. Not for several threads at once."""

    def __init__(self, credentials: Credentials, *, clock: Callable[[], datetime]) -> None:
        self._credentials = credentials
        self._client = Client(
            credentials,
            clock=clock,
            wire=Wire(timeout=TIMEOUT, deadline_s=DEADLINE_S),
            priority=Priority.EVENTS,
            api=plain.ApiClient,
        )

    def available(self) -> list[Offered]:
        """Return which kinds of topics there are, those in preview included."""
        asked = {"expand": EXPAND, "includePreview": "true"}
        return self._client.get(AVAILABLE, asked).decode(Entities[Offered]).entities or []

    def open_channel(self) -> tuple[Channel, str]:
        """Have a new channel made; return it, and what its token is told by."""
        made = self._client.change("POST", CHANNELS, {}).decode(Channel)
        return made, self.token_mark()

    def subscribe(
        self, channel_id: str, names: Sequence[str], *, replace: bool
    ) -> list[Subscription]:
        """Add topics to a channel, or put them in place of all it has; return what became of each.

        Raises NotFoundError where the channel is gone.
        """
        path = f"{CHANNELS}/{quote(channel_id, safe='')}/subscriptions"
        told = self._client.change(
            "PUT" if replace else "POST",
            path,
            [{"id": name} for name in names],
            query={"ignoreErrors": "true"},
        ).decode(Entities[Subscription])
        return told.entities or []

    def clear(self, channel_id: str) -> None:
        """Take all topics from a channel."""
        self._client.change("DELETE", f"{CHANNELS}/{quote(channel_id, safe='')}/subscriptions")

    def token_mark(self) -> str:
        """Return what tells one token from the next, without giving it away; "" without one."""
        token: str | None = shared.get(self._credentials.token_key)
        return blake2b(token.encode(), digest_size=8).hexdigest() if token else ""


def connect(clock: Callable[[], datetime]) -> Platform:
    """Return the way to the organisation in the settings."""
    return Platform(Credentials.of_settings(), clock=clock)
