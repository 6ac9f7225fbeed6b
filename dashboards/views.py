"""The supervisors' pages: who reads what, in which zone, and as of when."""

from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from conversations.models import Agent, Session
from dashboards import agent_day as one_day
from dashboards import (
    agent_list,
    aht_page,
    board_page,
    conversation_list,
    conversation_rows,
    health_json,
    health_page,
    names,
    zones,
)
from dashboards import conversation as one_conversation
from dashboards import format as write
from dashboards.aht import Query as AhtQuery
from dashboards.escalations.on_board import by_conversation
from dashboards.export import attachment
from dashboards.frame import frame
from dashboards.numbers import page_of
from dashboards.opening_hours import by_calendar
from dashboards.page import answer, for_readers, freshness_header, live
from integrations import health as integrations_health

DAY = timedelta(days=1)


@require_safe
@for_readers
def board(request: HttpRequest) -> HttpResponse:
    """Show which customers wait, the most urgent first."""
    now = timezone.now()
    seen = frame(request, now=now)
    query = board_page.Query.of(request.GET.dict())
    if request.GET.get("format") == "csv":
        rows = board_page.every_row(query, now=now, zone=seen.zone)
        return attachment(
            board_page.csv_rows(rows, seen.zone),
            name=f"sla-board-{now.astimezone(seen.zone):%Y-%m-%d-%H%M}",
            bom="bom" in request.GET,
        )
    shows = request.user.has_perm("sla.view_alert")
    page = board_page.page(
        query, now=now, zone=seen.zone, escalated=by_conversation() if shows else None
    )
    context = {"section": "board", "page": page}
    return live(request, "board", context, frame=seen, mark=page.mark)


@require_safe
@for_readers
def aht(request: HttpRequest) -> HttpResponse:
    """Show handle time without interruptions beside the raw one."""
    now = timezone.now()
    seen = frame(request, now=now)
    centre = zones.of_centre()
    today = now.astimezone(centre).date()
    query = AhtQuery.of(request.GET.dict(), today=today)
    page = aht_page.page(query, centre=centre, reader=seen.zone)
    if request.GET.get("format") == "csv":
        return attachment(
            aht_page.csv_rows(page),
            name=f"aht-{query.start}-{query.end}",
            bom="bom" in request.GET,
        )
    presets = [
        ("Today", today, today),
        ("Yesterday", today - DAY, today - DAY),
        ("7 days", today - 6 * DAY, today),
        ("28 days", today - 27 * DAY, today),
    ]
    context = {"section": "aht", "page": page, "presets": presets}
    return answer(request, "dashboards/aht.html", context, frame=seen)


@require_safe
@for_readers
def agents(request: HttpRequest) -> HttpResponse:
    """Show who worked on a day, or go to the day of the agent chosen."""
    now = timezone.now()
    seen = frame(request, now=now)
    day = _day(request.GET.get("day", ""), now.astimezone(seen.zone).date())
    if chosen := request.GET.get("agent", ""):
        return redirect("dashboards:agent_day", chosen, day)
    text = request.GET.get("q", "").strip()
    context = {
        "section": "agents",
        "rows": agent_list.rows(day, text=text, now=now, zone=seen.zone),
        "day": day,
        "day_text": write.day(day),
        "text": text,
    }
    return answer(request, "dashboards/agents.html", context, frame=seen)


@require_safe
@for_readers
def agent_today(request: HttpRequest, user_id: str) -> HttpResponse:
    """Go to an agent's present day."""
    known = Agent.objects.filter(genesys_id=user_id)
    if not known.exists() and not Session.objects.filter(user_id=user_id).exists():
        raise Http404(f"There is no agent {user_id!r} in the mirror.")
    today = timezone.now().astimezone(zones.zone_of(request)).date()
    return redirect("dashboards:agent_day", user_id, today)


@require_safe
@for_readers
def agent_day(request: HttpRequest, user_id: str, day: date) -> HttpResponse:
    """Show what an agent did on a day."""
    now = timezone.now()
    seen = frame(request, now=now)
    page = one_day.page(user_id, day=day, zone=seen.zone, now=now, zoom=_zoom(request))
    everybody = dict(Agent.objects.order_by("name", "pk").values_list("genesys_id", "name"))
    if user_id not in everybody and not page.lines and not page.states:
        raise Http404(f"There is no agent {user_id!r} in the mirror.")
    if request.GET.get("format") == "csv":
        return attachment(
            one_day.csv_rows(page, seen.zone),
            name=f"agent-day-{write.short_id(user_id)}-{day}",
            bom="bom" in request.GET,
        )
    context = {
        "section": "agents",
        "page": page,
        "user_id": user_id,
        "agent": names.named(user_id, everybody),
        "agents": [(names.named(i, everybody), i) for i in everybody],
        "day": day,
        "day_text": write.day(day),
        "previous": day - DAY,
        "following": day + DAY,
    }
    return live(request, "agent_day", context, frame=seen, mark=page.mark)


@require_safe
@for_readers
def conversations(request: HttpRequest) -> HttpResponse:
    """Find conversations; a whole id leads to its conversation at once."""
    now = timezone.now()
    seen = frame(request, now=now)
    query = conversation_list.Query.of(request.GET.dict())
    if found := conversation_list.whole_id(query.text):
        return redirect("dashboards:conversation", found)
    context = {
        "section": "conversations",
        "page": conversation_list.page(query, zone=seen.zone, now=now),
    }
    return answer(request, "dashboards/conversations.html", context, frame=seen)


@require_safe
@for_readers
def conversation(request: HttpRequest, genesys_id: str) -> HttpResponse:
    """Show one conversation; personal data by permission only."""
    now = timezone.now()
    seen = frame(request, now=now)
    stored = conversation_rows.read(genesys_id)
    if stored is None:
        raise Http404(
            f"There is no conversation {genesys_id!r} in the mirror. The id may be mistyped, or "
            "the conversation has not been read yet: new ones come with the next poll."
        )
    reading = one_conversation.Reading(
        now=now,
        zone=seen.zone,
        personal=request.user.has_perm("conversations.view_personal_data"),
        kind=request.GET.get("log", ""),
        number=page_of(request.GET.get("page", "")),
    )
    hours = by_calendar({(clock.calendar_id, clock.calendar_version) for clock in stored.clocks})
    page = one_conversation.page(stored, hours, reading)
    context = {"section": "conversations", "page": page, "reading": reading}
    return live(request, "conversation", context, frame=seen, mark=page.mark)


@require_safe
@for_readers
def health(request: HttpRequest) -> HttpResponse:
    """Show whether everything is read and worked through; ?format=json for monitors."""
    now = timezone.now()
    seen = integrations_health.health(now=now)
    if request.GET.get("format") == "json":
        return JsonResponse(health_json.as_json(seen))
    around = frame(request, now=now)
    reader = health_page.Reader(now, around.zone, bool(getattr(request.user, "is_staff", False)))
    page = health_page.page(seen, reader)
    context = {"section": "health", "page": page}
    return live(request, "health", context, frame=around, mark=page.mark)


@require_http_methods(["GET", "HEAD", "POST"])
@for_readers
def zone(request: HttpRequest) -> HttpResponse:
    """Let the reader choose the zone in which times are shown; a cookie keeps it."""
    told = request.POST if request.method == "POST" else request.GET
    onward = told.get("next", "")
    if not url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()}):
        onward = "/"
    chosen = request.POST.get("zone", "")
    if request.method == "POST" and chosen in {"", *zones.choices()}:
        response = redirect(onward)
        if chosen:
            response.set_cookie(
                zones.COOKIE,
                chosen,
                max_age=zones.KEPT_S,
                samesite="Lax",
                secure=request.is_secure(),
                httponly=True,
            )
        else:
            response.delete_cookie(zones.COOKIE, samesite="Lax")
        return response
    seen = frame(request, now=timezone.now())
    context = {
        "choices": zones.choices(),
        "chosen": request.COOKIES.get(zones.COOKIE, ""),
        "centre": zones.of_centre().key,
        "error": f"{chosen!r} is no zone: choose one of the list." if chosen else "",
        "next": onward,
    }
    return answer(request, "dashboards/zone.html", context, frame=seen)


@require_safe
@for_readers
def freshness(request: HttpRequest) -> HttpResponse:
    """Tell pages without a living part how old the data is."""
    response = HttpResponse(status=204)
    response.headers["DCM-Freshness"] = freshness_header(frame(request, now=timezone.now()))
    return response


def _day(written: str, default: date) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return default


def _zoom(request: HttpRequest) -> int:
    written = request.GET.get("zoom", "")
    return int(written) if written in map(str, one_day.ZOOMS) else 1
