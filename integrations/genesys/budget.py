"""The rate limit of one access token, shared by every process through the cache.

Genesys counts requests per token and minute and tells the count on every answer. Here each request
is counted before it is sent, so that processes together stay within the limit, and the count is
corrected by what the answers tell. A 429 closes the road for all until it says to ask again.
"""

import fcntl
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Final, NamedTuple

from django.conf import settings
from django.core.cache import cache, caches
from django.core.cache.backends.filebased import FileBasedCache

from integrations.errors import BudgetSpentError

ALLOWED: Final = "inin-ratelimit-allowed"
COUNT: Final = "inin-ratelimit-count"
RESET: Final = "inin-ratelimit-reset"
LONGEST_BLOCK_S: Final = 86_400.0
# What Genesys allows a minute unless it says otherwise: reserves are told in parts of it.
USUAL: Final = 300
WINDOW_S: Final = 60.0
# Seconds are told as whole ones, and an answer takes its time.
SLACK_S: Final = 2.0
KEPT_S: Final = 3_600


class Priority(IntEnum):
    """Of 300 requests a minute, how many work of a kind leaves to what is more urgent."""

    INTERACTIVE = 0  # somebody waits for it
    EVENTS = 30  # what events ordered, and what is new
    OPEN = 60  # open conversations, read again
    BACKGROUND = 100  # reconciliation, history, the directory


class Window(NamedTuple):
    """The minute that Genesys counts in, as far as we know; allowed is None until it has told.

    number is the same for all who see one minute end and the next begin, whoever writes it down.
    """

    number: int
    allowed: int | None
    ends_at: float


class Budget:
    """How many more requests one token may make now."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._window_key = f"genesys:window:{name}"

    def take(self, priority: Priority = Priority.INTERACTIVE) -> None:
        """Count one request that is about to be sent.

        Raises BudgetSpentError where what is left of this minute is for more urgent work.
        """
        with _alone():
            window = self._window()
            used = self._count(window, 1)
            if window.allowed is None:
                return
            # Answers of other processes may be on their way still: a few are left unused.
            spare = max(_scaled(priority, window.allowed), window.allowed // 50)
            if used > window.allowed - spare:
                self._count(window, -1)
                wait = max(window.ends_at - time.time(), 1.0)
                raise BudgetSpentError(
                    f"not sent: {used - 1} of {window.allowed} requests of this minute are made, "
                    "the rest is for more urgent work",
                    retry_after=wait,
                )

    def note(self, headers: Mapping[str, str]) -> None:
        """Remember what an answer tells of the limit; header names are lower case."""
        told = [headers.get(name, "") for name in (ALLOWED, COUNT, RESET)]
        if not all(text.isdecimal() for text in told):
            return
        allowed, count, reset = (int(text) for text in told)
        ends_at = time.time() + min(reset, WINDOW_S)
        with _alone():
            window = self._window()
            if ends_at > window.ends_at + SLACK_S:
                window = Window(window.number + 1, allowed, ends_at)
                self._keep(window)
            elif ends_at < window.ends_at - SLACK_S or allowed != window.allowed:
                window = Window(window.number, allowed, min(ends_at, window.ends_at))
                self._keep(window)
            used = self._used(window)
            if count > used:
                self._count(window, count - used)

    def left(self) -> int | None:
        """Return how many requests are left before the limit starts anew; None: not known."""
        window = self._running()
        if window is None or window.allowed is None:
            return None
        return window.allowed - self._used(window)

    def spares(self, reserve: int) -> bool:
        """Tell whether background work may go on, leaving reserve (of 300) requests to others."""
        window = self._running()
        if window is None or window.allowed is None:
            return True
        return window.allowed - self._used(window) > _scaled(reserve, window.allowed)

    def block(self, seconds: float, scope: str = "") -> None:
        """Close the road for so many seconds, at most a day; with a scope, a part of it only."""
        until = time.time() + min(max(seconds, 1.0), LONGEST_BLOCK_S)
        known = float(cache.get(self._blocked(scope), 0.0))
        if until > known:
            # Redis knows whole seconds only: the instant itself says when it is over.
            cache.set(self._blocked(scope), until, timeout=math.ceil(until - time.time()) + 1)

    def blocked_s(self, scope: str = "") -> float:
        """Return for how many seconds nothing may be asked; 0: ask."""
        keys = {self._blocked(""), self._blocked(scope)}
        until = max(map(float, cache.get_many(keys).values()), default=0.0)
        return max(0.0, until - time.time())

    def _blocked(self, scope: str) -> str:
        return f"genesys:blocked:{self._name}:{scope}"

    def _running(self) -> Window | None:
        found: Window | None = cache.get(self._window_key)
        return found if found and _runs(found, time.time()) else None

    def _window(self) -> Window:
        """Return the minute that runs, or begin one: the next request will."""
        now = time.time()
        first = Window(int(now), None, now + WINDOW_S)
        found: Window = cache.get_or_set(self._window_key, first, timeout=KEPT_S) or first
        if _runs(found, now):
            return found
        fresh = Window(found.number + 1, found.allowed, now + WINDOW_S)
        self._keep(fresh)
        return fresh

    def _keep(self, window: Window) -> None:
        cache.set(self._window_key, window, timeout=KEPT_S)

    def _used(self, window: Window) -> int:
        return int(cache.get(self._used_key(window), 0))

    def _count(self, window: Window, by: int) -> int:
        """Add to what is used: atomic in Redis and in memory, and on files as we are alone."""
        key = self._used_key(window)
        cache.add(key, 0, timeout=KEPT_S)
        try:
            return int(cache.incr(key, by))
        except ValueError:  # the cache was emptied just now: it counts from here on
            cache.set(key, max(by, 0), timeout=KEPT_S)
            return max(by, 0)

    def _used_key(self, window: Window) -> str:
        return f"genesys:used:{self._name}:{window.number}"


def _runs(window: Window, now: float) -> bool:
    """Tell whether a minute goes on. One that ends later than any: the clock was set back."""
    return now < window.ends_at <= now + WINDOW_S + SLACK_S


def _scaled(reserve: int, allowed: int) -> int:
    return reserve * allowed // USUAL


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process at a time count where the cache itself cannot: in files."""
    if not isinstance(caches["default"], FileBasedCache):
        yield
        return
    folder = Path(settings.CACHES["default"]["LOCATION"])
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "genesys.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
