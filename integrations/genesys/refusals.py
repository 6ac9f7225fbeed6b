"""Genesys's refusals, sorted by what to do next."""

import re
import time
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import msgspec

from integrations.errors import (
    CredentialsError,
    NotFoundError,
    PermissionMissingError,
    RateLimitedError,
    RefusedError,
    TemporaryError,
)
from integrations.genesys.transport import Answer

# How long to wait where Genesys limits the rate without saying for how long: one window of it.
DEFAULT_WAIT_S: Final = 60.0
PERMISSION: Final = re.compile(r"\b[a-zA-Z]+:[a-zA-Z]+:(?:[a-zA-Z]+|\*)")
LONGEST_SAID: Final = 300
# A body that says it is an error although its status says it is none.
LONGEST_ERROR: Final = 8_192
CODE: Final = re.compile(r"[\w.\-]{1,100}")


class TokenRefusedError(CredentialsError):
    """The access token has expired or was revoked: another may do."""


class ErrorBody(msgspec.Struct, rename="camel"):
    """What Genesys says of an error; message is read for permission names, and never shown."""

    code: str | None = None
    error: str | None = None
    message: str | None = None
    limit: "Limit | None" = None


class Limit(msgspec.Struct):
    """Which limit was exceeded."""

    key: str | None = None


class Disguised(msgspec.Struct, rename="camel"):
    """What tells an error body from anything else that may come with a success."""

    status: int
    code: str
    message: str
    context_id: str


def check(answer: Answer) -> None:
    """Return where the answer is a success; else raise what says what to do next."""
    if 200 <= answer.status < 300:  # noqa: PLR2004 - the successes
        status = _disguised(answer)
        if status is None:
            return
        answer = answer._replace(status=status)
    if answer.status >= 500 or answer.status == 408:  # noqa: PLR2004 - a request timeout
        raise TemporaryError(_told(answer), retry_after=_wait(answer))
    raise _REFUSALS.get(answer.status, _refused)(answer)


def is_pagination_limit(error: RefusedError) -> bool:
    """Tell whether a query was refused because its result has too many pages."""
    return error.status == 400 and "pagination" in error.code  # noqa: PLR2004 - a bad request


def _disguised(answer: Answer) -> int | None:
    """Return the status of an error that came as a success; None where it is a success."""
    if len(answer.body) > LONGEST_ERROR or b'"contextId"' not in answer.body:
        return None
    try:
        said = msgspec.json.decode(answer.body, type=Disguised)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return said.status if said.status >= 400 else None  # noqa: PLR2004 - the errors


def _token(answer: Answer) -> Exception:
    return TokenRefusedError(f"{_told(answer)}: the access token is not accepted")


def _permission(answer: Answer) -> Exception:
    names = tuple(dict.fromkeys(PERMISSION.findall(_error(answer).message or "")))
    hint = " or ".join(names) or "a permission that Genesys does not name"
    return PermissionMissingError(
        f"{_told(answer)}: the OAuth client's role lacks {hint}", permissions=names
    )


def _missing(answer: Answer) -> Exception:
    return NotFoundError(f"{_told(answer)}: not there, or not visible to this OAuth client")


def _limited(answer: Answer) -> Exception:
    limit = _error(answer).limit
    wait = _wait(answer)
    if limit and "concurrent" in (limit.key or ""):
        return TemporaryError(f"{_told(answer)}: too many at a time", retry_after=wait)
    if wait is None:
        wait = _seconds(answer.headers.get("inin-ratelimit-reset")) or DEFAULT_WAIT_S
    return RateLimitedError(f"{_told(answer)}: asked too often", retry_after=wait)


def _refused(answer: Answer) -> Exception:
    said = _error(answer)
    code = said.code or said.error or ""
    if "agination" in (said.message or ""):
        code = f"{code}.pagination"
    code = code if CODE.fullmatch(code) else ""
    moved = urlsplit(answer.headers.get("location", "")).netloc
    hint = f", sent on to {moved}: set the region that this organisation is in" if moved else ""
    return RefusedError(
        f"{_told(answer)}{f' {code}' if code else ''}{hint}",
        status=answer.status,
        code=code,
        said=(said.message or "")[:LONGEST_SAID],
    )


_REFUSALS: Final = {401: _token, 403: _permission, 404: _missing, 410: _missing, 429: _limited}


def _told(answer: Answer) -> str:
    """Name the request, the status, and the id by which Genesys finds it in its logs."""
    correlation = answer.headers.get("inin-correlation-id", "")
    known = f" (correlation id {correlation})" if CODE.fullmatch(correlation) else ""
    return f"{answer.where}: {answer.status}{known}"


def _error(answer: Answer) -> ErrorBody:
    try:
        return msgspec.json.decode(answer.body, type=ErrorBody)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ErrorBody()


def _wait(answer: Answer) -> float | None:
    """Return the seconds of a Retry-After, which may be a date: by the clock of whoever sent it."""
    text = answer.headers.get("retry-after")
    seconds, at = _seconds(text), _instant(text)
    if seconds is not None or at is None:
        return seconds
    sent_at = _instant(answer.headers.get("date")) or time.time()
    return max(at - sent_at, 0.0)


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() else None


def _instant(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None
