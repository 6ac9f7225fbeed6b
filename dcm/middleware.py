"""What is answered before anything else looks at a request."""

from collections.abc import Callable, Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.urls import Resolver404, resolve

from dcm import health
from dcm.demo import is_loopback

Respond = Callable[[HttpRequest], HttpResponse]


def _in_one_piece(answer: HttpResponse) -> HttpResponse:
    """Say how long an answer is, as CommonMiddleware does: or the server sends it in chunks."""
    answer["Content-Length"] = str(len(answer.content))
    return answer


class Probes:
    """Answers /healthz (this process) and /readyz (what it needs), first of all.

    A probe comes by IP address: host validation, redirects and sessions would turn it away.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response
        self.probes: Mapping[str, Callable[[], Mapping[str, str]]] = {
            "/healthz": dict,
            "/readyz": health.faults,
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = self.probes.get(request.path_info)
        if probe is None:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        faults = probe()
        answer = JsonResponse(
            {"status": "failing" if faults else "ok", **({"faults": faults} if faults else {})},
            status=503 if faults else 200,
            headers={"Cache-Control": "no-store"},
        )
        return _in_one_piece(answer)


class Hooks:
    """Answers webhooks before the middleware that serves people: sessions, logins, CSRF, pages.

    Measured: those take half of the time that such a request needs.
    """

    PREFIX = "/hooks/"

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(self.PREFIX):
            return self.get_response(request)
        try:
            view, args, kwargs = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        answer: HttpResponse = view(request, *args, **kwargs)
        return _in_one_piece(answer)


class DemoStaysHome:
    """Refuses callers from other machines in demo mode: everybody knows the demo's passwords."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A server on a Unix socket gives no address: whoever reaches that is on this machine.
        caller = request.META.get("REMOTE_ADDR") or "127.0.0.1"
        if settings.DEMO and not is_loopback(caller):
            return HttpResponseForbidden(
                "This is the demo, whose passwords everybody knows: it answers its own machine "
                "only. Set GENESYS_REGION, GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET to run "
                "against a real organisation.\n",
                content_type="text/plain; charset=utf-8",
            )
        return self.get_response(request)
