"""POST in, one INSERT, 202 out. docs/webhooks-in.md says what each refusal means.

A request is refused as early as it can be: a token before the body is read, a signature after
MOST_BYTES at most. Nothing of a body and no key is ever logged or answered.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from integrations.inbox import receive as inbox
from integrations.inbox import signatures
from integrations.inbox.sources import KEYS, Key
from integrations.inbox.wakeup import WAKE_UP
from integrations.models import Source

logger = logging.getLogger(__name__)

SenderId = Callable[[bytes], str | None]
Respond = Callable[..., HttpResponse]

# EventBridge waits five seconds: then it must have been told to come again.
WAIT: Final = timedelta(seconds=2)
RETRY_AFTER_S: Final = 5
PIECE: Final = 64 * 1024
STALL_S: Final = 5.0

ACCEPTED: Final = b'{"accepted": true, "repeated": false}'
REPEATED: Final = b'{"accepted": true, "repeated": true}'


class Refusal(Exception):  # noqa: N818 - an answer, not a fault of ours
    """The request is answered with this status and reason; nothing of it is kept."""

    def __init__(self, status: int, reason: str, **headers: str) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def hook(kind: str, sender_id: SenderId | None = None) -> Respond:
    """Return the view that takes what sources of this kind send.

    sender_id finds the sender's own id in a body, where no header gives one.
    """

    @csrf_exempt  # it trusts no cookie
    def view(request: HttpRequest, name: str = "") -> HttpResponse:
        assert isinstance(request, WSGIRequest)
        now = timezone.now()
        try:
            key, body = _authenticated(request, kind, name, now)
            own_id = _header_id(request) or (sender_id(body) if sender_id else None)
            new = inbox.receive(
                source_id=key.source_id, body=body, now=now, sender_id=own_id, within=WAIT
            )
        except Refusal as refusal:
            return refused(refusal)
        except DatabaseError as error:
            logger.warning("hook.unavailable", extra={"error": type(error).__name__})
            return refused(
                Refusal(503, "the database is busy: send it again", Retry_After=str(RETRY_AFTER_S))
            )
        WAKE_UP.tell()
        return HttpResponse(ACCEPTED if new else REPEATED, "application/json", 202)

    return view


def _authenticated(request: WSGIRequest, kind: str, name: str, now: datetime) -> tuple[Key, bytes]:
    """Return whose request this is, and its body, read only as far as its sender is trusted."""
    if request.method != "POST":
        raise Refusal(405, "events are sent by POST", Allow="POST")
    if request.META.get("QUERY_STRING"):
        raise Refusal(400, "no query string is taken: a key belongs in a header, never in a URL")
    token = _token(request)
    if token:
        key = KEYS.bearer(token, now=now)
        if key is None or not _admits(key, kind, name, Source.Authentication.BEARER):
            raise _unauthorized("the token is not known, has expired, or is of another source")
        return key, body_of(request)
    signed = _signed(request)
    if signed is None:
        raise _unauthorized("no token in the Authorization header, and no signature")
    keys = [
        key
        for key in KEYS.of_source(name, now=now)
        if _admits(key, kind, name, Source.Authentication.HMAC)
    ]
    if not keys or not signatures.is_current(signed, now=now):
        raise _unauthorized(
            "the URL names no source that signs, or webhook-timestamp is"
            f" more than {signatures.TOLERANCE_S} seconds from our clock"
        )
    body = body_of(request)
    if not signatures.is_genuine(signed, body, secrets=[key.secret for key in keys]):
        raise _unauthorized("the signature does not fit the body, its id and its timestamp")
    return keys[0], body


def _admits(key: Key, kind: str, name: str, authentication: str) -> bool:
    return key.kind == kind and key.authentication == authentication and name in ("", key.source)


def _token(request: WSGIRequest) -> str:
    """Return the token of the Authorization header, else of the header for keys; "" for none."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer":
        return str(token.strip())
    return str(request.headers.get(settings.HOOK_KEY_HEADER, "").strip())


def _signed(request: WSGIRequest) -> signatures.Signed | None:
    found = [
        request.META.get(f"HTTP_WEBHOOK_{name}", "") for name in ("ID", "TIMESTAMP", "SIGNATURE")
    ]
    return signatures.Signed(*found) if all(found) else None


def _header_id(request: WSGIRequest) -> str | None:
    found = str(request.META.get("HTTP_WEBHOOK_ID", "")).strip()
    return found if found.isprintable() and 0 < len(found) <= inbox.LONGEST_SENDER_ID else None


def _unauthorized(reason: str) -> Refusal:
    return Refusal(401, reason, WWW_Authenticate="Bearer")


def body_of(request: WSGIRequest) -> bytes:
    """Read a body of MOST_BYTES at most; not a byte more is taken off the connection."""
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").lower() not in {"", "identity"}:
        raise Refusal(415, "Content-Encoding is not taken: send the JSON as it is")
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length:
        if not request.META.get("HTTP_TRANSFER_ENCODING"):
            return b""
        if not request.environ.get("wsgi.input_terminated"):
            raise Refusal(411, "the body has no Content-Length")
        return _read(request, inbox.MOST_BYTES + 1)
    if not length.isascii() or not length.isdigit():
        raise Refusal(400, "Content-Length is no number")
    if len(length) > 9 or int(length) > inbox.MOST_BYTES:  # noqa: PLR2004 - digits
        raise _too_large()
    body = _read(request, int(length))
    if len(body) < int(length):
        raise Refusal(400, "the body ended before its Content-Length")
    return body


def _read(request: WSGIRequest, most: int) -> bytes:
    """Read up to `most` bytes, off the server's own stream: Django's ends where no length is."""
    stream, pieces, left = request.environ["wsgi.input"], [], most
    try:
        with _stalls_end(request):
            while left and (piece := stream.read(min(left, PIECE))):
                pieces.append(piece)
                left -= len(piece)
    except TimeoutError as error:
        raise Refusal(408, f"no byte of the body came for {STALL_S:.0f} seconds") from error
    except OSError as error:
        raise Refusal(400, "the connection ended within the body") from error
    body = b"".join(pieces)
    if len(body) > inbox.MOST_BYTES:
        raise _too_large()
    return body


@contextmanager
def _stalls_end(request: WSGIRequest) -> Iterator[None]:
    """Have gunicorn's socket raise TimeoutError where a sender stalls: it would hold a thread."""
    connection = request.environ.get("gunicorn.socket")
    if connection is None:
        yield
        return
    before = connection.gettimeout()
    connection.settimeout(STALL_S)
    try:
        yield
    finally:
        connection.settimeout(before)


def _too_large() -> Refusal:
    return Refusal(413, f"the body is larger than {inbox.MOST_BYTES // 1024} KiB")


def refused(refusal: Refusal) -> HttpResponse:
    """Return the answer that a refusal is."""
    answer = HttpResponse(
        f'{{"accepted": false, "reason": "{refusal}"}}'.encode(), "application/json", refusal.status
    )
    for name, value in refusal.headers.items():
        answer[name] = value
    return answer
