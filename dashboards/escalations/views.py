"""The escalations page, the history of one of them, and what is done there."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from dashboards.escalations import acts, history
from dashboards.escalations import page as every
from dashboards.escalations.query import Query
from dashboards.frame import Frame, frame
from dashboards.page import for_readers, live


@require_safe
@for_readers
def escalations(request: HttpRequest) -> HttpResponse:
    """Show what is escalated, and who looks after it."""
    _user(request, "sla.view_alert")
    seen = frame(request, now=timezone.now())
    page = every.page(Query.of(request.GET.dict()), _reader(request, seen))
    context = {**_context(request), "page": page}
    return live(request, "escalations", context, frame=seen, mark=page.mark)


@require_safe
@for_readers
def escalation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the history of one escalation."""
    _user(request, "sla.view_alert")
    seen = frame(request, now=timezone.now())
    page = history.page(pk, _reader(request, seen))
    if page is None:
        raise Http404(f"There is no escalation {pk}. Its conversation may have been erased.")
    context = {**_context(request), "page": page}
    return live(request, "escalation", context, frame=seen, mark=page.mark)


@require_POST
@for_readers
def act(request: HttpRequest) -> HttpResponse:
    """Do what a form of these pages says, and go back to where it stood."""
    user = _user(request, "sla.change_alert")
    try:
        told = acts.Act.read(request.POST.dict(), request.POST.getlist("alert"))
        seen = frame(request, now=timezone.now())
        said = acts.perform(told, user=user, now=seen.now, zone=seen.zone)
        messages.success(request, said)
    except acts.ActError as error:
        messages.error(request, str(error))
    onward = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()}):
        onward = reverse("dashboards:escalations")
    return redirect(onward)


def _user(request: HttpRequest, permission: str) -> User:
    """Return who asks. Raises PermissionDenied where they may not."""
    assert isinstance(request.user, User)
    if not request.user.has_perm(permission):
        raise PermissionDenied
    return request.user


def _reader(request: HttpRequest, seen: Frame) -> every.Reader:
    return every.Reader(_user(request, "sla.view_alert").pk, seen.now, seen.zone)


def _context(request: HttpRequest) -> dict[str, Any]:
    return {
        "section": "escalations",
        "may_act": request.user.has_perm("sla.change_alert"),
        "snoozes": acts.SNOOZES,
    }
