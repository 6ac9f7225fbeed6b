"""What machines read of the whole: /metrics, for Prometheus."""

import hmac
from functools import partial

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from dcm.metrics import Metrics
from integrations import patience
from integrations.health import health

OFF = (
    "There are no metrics here: set DCM_METRICS_TOKEN to a secret of your own to switch them on.\n"
)
UNKNOWN = "Send the header Authorization: Bearer, with the value of DCM_METRICS_TOKEN.\n"
AWAY = "The database does not answer.\n"


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Tell Prometheus how everything does, if it knows the token."""
    if not settings.METRICS_TOKEN:
        return _said(404, OFF)
    if not _is_known(request):
        return _said(401, UNKNOWN, WWW_Authenticate="Bearer")
    try:
        # A scrape comes every few seconds: those of a hung server must not hold all threads.
        seen = patience.over(partial(health, now=timezone.now()))
    except DatabaseError:
        return _said(503, AWAY)
    registry = CollectorRegistry()
    registry.register(Metrics(seen))
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    answer = HttpResponse(encode(registry), content_type=content_type)
    answer["Cache-Control"] = "no-store"
    return answer


def _is_known(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    same = hmac.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    return same and scheme.lower() == "bearer"


def _said(status: int, text: str, **headers: str) -> HttpResponse:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(text, content_type="text/plain; charset=utf-8", status=status, headers=told)
