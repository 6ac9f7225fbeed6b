"""The rate limit of one access token, shared by every process through the cache.

Genesys counts requests per token and minute and tells the count on every answer. What no answer
has told yet counts as free; a 429 closes the road for all until it says to ask again.
"""

import time
from collections.abc import Mapping
from typing import Final

from django.core.cache import cache

ALLOWED: Final = "inin-ratelimit-allowed"
COUNT: Final = "inin-ratelimit-count"
RESET: Final = "inin-ratelimit-reset"
LONGEST_BLOCK_S: Final = 3600.0


class Budget:
    """How many more requests one token may make now."""

    def __init__(self, name: str) -> None:
        self._left = f"genesys:left:{name}"
        self._blocked = f"genesys:blocked:{name}"

    def note(self, headers: Mapping[str, str]) -> None:
        """Remember what an answer tells of the limit; header names are lower case."""
        told = [headers.get(name, "") for name in (ALLOWED, COUNT, RESET)]
        if all(text.isdecimal() for text in told):
            allowed, count, reset = (int(text) for text in told)
            cache.set(self._left, allowed - count, timeout=reset)

    def left(self) -> int | None:
        """Return how many requests are left before the limit starts anew; None: not known."""
        left: int | None = cache.get(self._left)
        return left

    def spares(self, reserve: int) -> bool:
        """Tell whether background work may go on, leaving reserve requests to others."""
        left = self.left()
        return left is None or left > reserve

    def block(self, seconds: float) -> None:
        """Close the road for so many seconds, at most an hour."""
        wait = min(max(seconds, 1.0), LONGEST_BLOCK_S)
        cache.set(self._blocked, time.time() + wait, timeout=wait)

    def blocked_s(self) -> float:
        """Return for how many seconds nothing may be asked; 0: ask."""
        return max(0.0, float(cache.get(self._blocked, 0.0)) - time.time())
