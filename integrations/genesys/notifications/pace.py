"""How long a listener waits for what. Tests take smaller numbers."""

from dataclasses import dataclass
from random import Random
from typing import Final

# Whoever lets us in, but not for long, is tried after 8 s at the latest.
MOST_AFTER_ARRIVING: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Times in seconds, and sizes."""

    heartbeat_s: float = 37.0  # Genesys sends something every 30 s
    pong_s: float = 5.0  # after that long without a frame, and a ping unanswered, the line is dead
    connect_s: float = 20.0  # for channel, socket and subscriptions together
    backoff_s: float = 1.0
    backoff_most_s: float = 60.0
    stable_s: float = 20.0  # a connection that held so long was a good one
    tend_s: float = 10.0  # how often leases are renewed, and topics taken and left
    lease_s: float = 40.0
    follow_s: float = 180.0  # how often the agents are looked at
    offers_s: float = 3600.0  # how often Genesys is asked which topics there are
    retry_rejected_s: float = 3600.0
    leave_before_s: float = 3600.0  # a channel is left so long before it expires
    batch_s: float = 0.05
    batch_most: int = 200
    queue_most: int = 10_000
    topics_a_channel: int = 1000
    most_channels: int = 18  # of 20 that Genesys gives: two are for changing over
    leave_s: float = 2.0  # for taking leave of Genesys at the end


class Backoff:
    """How long to wait before the next try: at once, then ever longer, never all together."""

    def __init__(self, pace: Pace, draw: Random | None = None) -> None:
        self._pace = pace
        self._draw = draw or Random()  # noqa: S311 - spreads listeners, guards nothing
        self._tries = 0

    def next_s(self) -> float:
        """Return the wait before the next try, and count it."""
        most = self._pace.backoff_s * 2.0 ** min(self._tries, 16)
        self._tries += 1
        # The first try follows at once, but not of all listeners in the same instant.
        spread = self._draw.random() * 0.5 if self._tries == 1 else self._draw.uniform(0.5, 1.0)
        return min(most, self._pace.backoff_most_s) * spread

    def held(self, seconds: float) -> None:
        """Begin anew where a connection held long enough; one that did not is tried soon again."""
        stable = seconds >= self._pace.stable_s
        self._tries = 0 if stable else min(self._tries, MOST_AFTER_ARRIVING)
