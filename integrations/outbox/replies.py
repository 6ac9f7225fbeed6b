"""What an HTTP answer means to a delivery, for receivers that follow the usual customs."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from integrations.domain.delivery import Outcome, Result
from integrations.outbound import (
    ForbiddenAddressError,
    NoAnswerError,
    NotSentError,
    Reply,
)

AGAIN: Final = frozenset({408, 425, 429})
# The address or the credentials are wrong: the next one would be refused too.
DISABLING: Final = frozenset({401, 403, 404, 410})
LONGEST_SAID: Final = 2_000
_CREDENTIALS: Final = "it does not accept our credentials"
_UNREACHED: Final = "what stands before it cannot reach it"
_SAYS: Final = {
    401: _CREDENTIALS,
    403: _CREDENTIALS,
    404: "nothing is there. Is the address right?",
    405: "it takes no POST there. Is the address right?",
    408: "it did not get the message in time",
    410: "it is gone for good. Ask for its new address",
    413: "the message is too long for it",
    425: "it wants the message later",
    429: "it is sent too much at once",
    502: _UNREACHED,
    503: "it is not available now",
    504: _UNREACHED,
}


def outcome(send: Callable[[], Reply], read: Callable[[Reply], Outcome] | None = None) -> Outcome:
    """Send, and return what became of it; read says what an answer means, by default `of`."""
    try:
        reply = send()
    except ForbiddenAddressError as error:
        return Outcome(Result.REFUSED, str(error), disables=True)
    except NotSentError as error:
        return Outcome(Result.FAILED, str(error))
    except NoAnswerError as error:
        return Outcome(Result.LOST, str(error))
    return (read or of)(reply)


def of(reply: Reply, *, disabling: frozenset[int] = DISABLING) -> Outcome:
    """Return what an answer means.

    A redirect is refused: it would lead where nobody has looked. 429 and 5xx are tried again, after
    Retry-After where it is given; other 4xx refuse this one message, those in disabling all.
    """
    said = reply.body[:LONGEST_SAID].decode(errors="replace").replace("\0", "␀")
    status = reply.status
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's
        return Outcome(Result.DELIVERED, status=status, said=said)
    reason = f"HTTP {status}: {says(status)}"
    if status in AGAIN or status >= 500:  # noqa: PLR2004 - HTTP's
        wait = retry_after(reply.headers)
        return Outcome(Result.FAILED, reason, status=status, said=said, retry_after=wait)
    if status < 400:  # noqa: PLR2004 - HTTP's
        return Outcome(Result.REFUSED, reason, status=status, said=said, disables=True)
    return Outcome(Result.REFUSED, reason, status=status, said=said, disables=status in disabling)


def says(status: int) -> str:
    """Return in words what a status that is no success means, and what to do where it is plain."""
    if found := _SAYS.get(status):
        return found
    if status < 400:  # noqa: PLR2004 - HTTP's
        return "it redirects, which is not followed. Write the final address"
    return "it has failed" if status >= 500 else "it does not take this message"  # noqa: PLR2004


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return for how many seconds we are asked to wait; None where we are not.

    Retry-After is seconds or a date; a date is measured against the answer's own Date, else now.
    """
    told = headers.get("retry-after", "").strip()
    if not told:
        return None
    try:
        return max(0.0, float(told))
    except ValueError:
        until, at = _date(told), _date(headers.get("date", "")) or now
    return max(0.0, (until - at).total_seconds()) if until and at else None


def _date(told: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(told)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
