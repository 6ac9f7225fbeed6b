"""What Slack sends us when somebody presses a button. Slack waits three seconds for the answer."""

import logging
from datetime import datetime

from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from integrations.inbox.views import Refusal, body_of, refused
from integrations.outbox.wakeup import WAKE_UP
from integrations.slack import acknowledge, signatures

logger = logging.getLogger(__name__)


@csrf_exempt  # it trusts no cookie
def interact(request: HttpRequest) -> HttpResponse:
    """Take what Slack signed; what is no press of ours is answered 200 and forgotten."""
    assert isinstance(request, WSGIRequest)
    try:
        _take(request, timezone.now())
    except Refusal as refusal:
        return refused(refusal)
    except DatabaseError as error:
        logger.warning("slack.unavailable", extra={"error": type(error).__name__})
        return refused(Refusal(503, "the database is busy: press again"))
    return HttpResponse(status=200)


def _take(request: WSGIRequest, now: datetime) -> None:
    if request.method != "POST":
        raise Refusal(405, "Slack posts", Allow="POST")
    timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
    if not signatures.is_current(timestamp, now=now):
        raise Refusal(401, "no X-Slack-Request-Timestamp within five minutes of our clock")
    body = body_of(request)
    signature = request.headers.get("X-Slack-Signature", "")
    destinations = acknowledge.signers(timestamp, signature, body)
    if not destinations:
        raise Refusal(401, "the signature was made with no signing secret that is known here")
    press = acknowledge.press_of(body)
    if press and acknowledge.record(press, destinations, now=now):
        WAKE_UP.tell()
