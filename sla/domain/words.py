"""Durations and turns in plain words, as the steps of a clock tell them."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from chrono.instants import isoformat, parse
from sla.domain.turns import (
    AgentWrote,
    Closed,
    Created,
    CustomerWrote,
    FirstResponseRecorded,
    PolicyDeactivated,
    Reopened,
    StateOpened,
    StatePaused,
    StateResumed,
    TermsChanged,
    Turn,
)

_UNITS: Final = ((3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms"))


def said(duration: timedelta) -> str:
    """Say how long: 4 h, 1 h 30 min, 45 s. Hours are not made days: a business day has fewer."""
    left, parts = duration // timedelta(milliseconds=1), []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"


def paused(reasons: Iterable[str]) -> str:
    """Say that the conversation waits, and for what."""
    named = ", ".join(reason for reason in reasons if reason)
    return f"the conversation is paused ({named})" if named else "the conversation is paused"


def told(turn: Turn) -> str:
    """Say what happened, and since when that is known where it came late."""
    if turn.received_at is None or turn.received_at <= turn.at:
        return _happened(turn)
    return f"{_happened(turn)} (known since {isoformat(turn.received_at)})"


def _happened(turn: Turn) -> str:
    match turn:
        case Created(note=note):
            return f"the conversation began; {note}" if note else "the conversation began"
        case StatePaused(reason=reason) | StateResumed(reason=reason) if reason:
            return f"{_SAID[type(turn)]} ({reason})"
        case TermsChanged(cause=cause):
            return str(cause)
        case _:
            return _SAID[type(turn)]


# Reasons hold instants and users so: who reads them has a zone, and knows names.
_MARK: Final = re.compile(r"\{(at|user) ([^{}]*)\}")


def filled(
    reason: str,
    *,
    at: Callable[[datetime], str] = isoformat,
    user: Callable[[str], str] = str,
) -> str:
    """Write the instants and users in a reason: "parked since 14:02 by Anna Berg"."""
    return _MARK.sub(lambda mark: at(parse(mark[2])) if mark[1] == "at" else user(mark[2]), reason)


def users_in(reason: str) -> set[str]:
    """Return the ids of the users whom a reason names."""
    return {mark[2] for mark in _MARK.finditer(reason) if mark[1] == "user"}


_SAID: Final[dict[type[object], str]] = {
    CustomerWrote: "the customer wrote",
    AgentWrote: "the agent answered",
    FirstResponseRecorded: "a first response was recorded",
    StatePaused: "the conversation was paused",
    StateResumed: "the pause ended",
    StateOpened: "the conversation was opened",
    Closed: "the conversation was closed",
    Reopened: "the conversation was reopened",
    PolicyDeactivated: "the policy was switched off",
}
