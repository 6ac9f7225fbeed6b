"""How a page is answered: for signed-in readers, in its frame, and not at all when unchanged."""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRefresh

from dashboards.frame import Frame, headers

Rest = ParamSpec("Rest")
View = Callable[Concatenate[HttpRequest, Rest], HttpResponse]


def for_readers(view: View[Rest]) -> View[Rest]:
    """Let signed-in readers in; send the others to the login page and back.

    A refresh in the background reloads the whole page instead: nobody wants a login form inside
    a table.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        if request.user.is_authenticated:
            response = view(request, *args, **kwargs)
            response.headers.setdefault("Cache-Control", "private, no-cache")
            return response
        if is_refresh(request):
            return HttpResponseClientRefresh()
        return redirect_to_login(request.get_full_path())

    return guarded


def is_refresh(request: HttpRequest) -> bool:
    """Tell whether a page asks for the part of itself that lives."""
    return request.headers.get("HX-Request") == "true"


def answer(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, frame: Frame
) -> HttpResponse:
    """Answer with a page in its frame."""
    response = render(request, template, {**context, "frame": frame})
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response


def live(
    request: HttpRequest, name: str, context: Mapping[str, Any], *, frame: Frame, mark: str
) -> HttpResponse:
    """Answer with a page; a refresh gets only its living part, or 304 where its mark is known.

    The template of the living part is the page's own with an underscore before its name. The
    age of the data travels in a header, so that a 304 brings it too.
    """
    if not is_refresh(request):
        return answer(request, f"dashboards/{name}.html", context, frame=frame)
    etag = f'"{mark}"'
    known = request.headers.get("If-None-Match") == etag
    response = (
        HttpResponseNotModified()
        if known
        else answer(request, f"dashboards/_{name}.html", context, frame=frame)
    )
    response.headers["ETag"] = etag
    response.headers["DCM-Freshness"] = freshness_header(frame)
    return response


def freshness_header(frame: Frame) -> str:
    """Return the age of the data as ASCII JSON."""
    return json.dumps({**headers(frame.freshness), "now_ms": frame.now_ms})
