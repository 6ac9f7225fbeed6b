"""Tokens and their rate limit. Both live in real time, as the clients do that use them."""

import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.api.errors import bad_credentials, too_many_requests

_WINDOW = 60.0  # seconds


@dataclass(slots=True)
class Token:
    """A bearer token and its use in the present minute."""

    value: str
    expires: float
    window_start: float
    count: int = 0
    client: str = ""


@dataclass(slots=True)
class Access:
    """Gives out tokens and counts what is done with them.

    allowed is requests a minute and token; 0 takes the limit away. lifetime is in seconds, and so
    is window, which tests may make shorter than the minute.
    """

    lifetime: int = 86_400
    allowed: int = 300
    window: float = _WINDOW
    seconds: Callable[[], float] = time.monotonic
    _tokens: dict[str, Token] = field(default_factory=dict)

    def issue(self, client: str = "") -> Token:
        """Give out a token."""
        now = self.seconds()
        token = Token(secrets.token_urlsafe(48), now + self.lifetime, now, client=client)
        self._tokens = {t.value: t for t in self._tokens.values() if t.expires > now}
        self._tokens[token.value] = token
        return token

    def revoke_all(self) -> int:
        """Make all tokens worthless; return how many there were."""
        count = len(self._tokens)
        self._tokens.clear()
        return count

    def lives(self, value: str) -> bool:
        """Tell whether a token is still worth something."""
        token = self._tokens.get(value)
        return token is not None and token.expires > self.seconds()

    def admit(self, authorization: str) -> Token:
        """Return the token of an Authorization header. Raises ApiError (401) where it is none."""
        token = self._tokens.get(authorization.removeprefix("Bearer "))
        if token is None or token.expires <= self.seconds():
            raise bad_credentials()
        return token

    def count(self, token: Token) -> None:
        """Count a request. Raises ApiError (429) where it is one too many."""
        now = self.seconds()
        if now - token.window_start >= self.window:
            token.window_start, token.count = now, 0
        token.count += 1
        if self.allowed and token.count > self.allowed:
            raise too_many_requests(self._reset(token), self.allowed, headers=self.headers(token))

    def headers(self, token: Token) -> dict[str, str]:
        """Return the headers that tell how much of the minute's budget is used."""
        return {
            "inin-ratelimit-count": str(token.count),
            "inin-ratelimit-allowed": str(self.allowed or 1_000_000),
            "inin-ratelimit-reset": str(self._reset(token)),
        }

    def _reset(self, token: Token) -> int:
        return max(1, math.ceil(token.window_start + self.window - self.seconds()))
