"""Emergencies in the admin: a calendar is closed or opened now, whatever its hours say."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from chrono.errors import HoursError
from chrono.zones import zone_named
from sla import emergencies
from sla.admin.base import ReadOnly
from sla.models import Calendar, Override

PAGE = "admin/sla/calendar/emergency.html"


class EmergencyForm(forms.Form):
    """What an emergency is: until when, and why. Times are local to the calendar."""

    # Not a DateTimeField: that would read it in the server's zone.
    until = forms.CharField(
        required=False,
        help_text="Empty: until somebody ends it.",
        widget=forms.TextInput(attrs={"type": "datetime-local"}),
    )
    reason = forms.CharField(
        max_length=300,
        required=False,
        help_text="Shown wherever opening hours are, such as “evacuation”.",
    )

    def __init__(self, *args: Any, zone: ZoneInfo, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone, self.now = zone, now
        self.fields["until"].label = f"Until ({zone.key})"

    def clean_until(self) -> datetime | None:
        """Return the end in UTC. A time that comes twice is the later one."""
        told: str = self.cleaned_data["until"]
        if not told:
            return None
        try:
            local = datetime.fromisoformat(told).replace(tzinfo=self.zone, fold=1)
        except ValueError as error:
            raise forms.ValidationError("Write it as 2026-11-20T17:30.") from error
        until = local.astimezone(UTC)
        if until <= self.now:
            raise forms.ValidationError("That is over already: write a later time, or none.")
        return until


class Emergencies(admin.ModelAdmin[Any]):
    """A calendar's page with a way to close or open it now."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.emergency)
        return [
            path("<int:pk>/emergency/", view, name="sla_calendar_emergency"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Say on the calendar's page that its hours do not hold at present."""
        row = self.get_object(request, object_id)
        standing = emergencies.in_force(calendar_id=row.pk, now=timezone.now()) if row else None
        mine = {"emergency": standing.first() if standing is not None else None}
        return super().change_view(request, object_id, form_url, mine | (extra_context or {}))

    def emergency(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Declare an emergency of a calendar, or end it."""
        calendar = self.get_object(request, str(pk))
        if calendar is None:
            raise Http404(f"There is no calendar {pk}.")
        if not self.has_change_permission(request, calendar):
            raise PermissionDenied
        now, do = timezone.now(), request.POST.get("do", "")
        if do == "end":
            return self._end(request, calendar, now)
        form = EmergencyForm(request.POST if do else None, zone=_zone(calendar), now=now)
        if do in {"close", "open"} and form.is_valid():
            return self._declare(request, calendar, form, now)
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{calendar}: emergency",
            "original": calendar,
            "form": form,
            "concerned": _concerned(calendar),
            "standing": emergencies.in_force(calendar_id=pk, now=now).first(),
        }
        return TemplateResponse(request, PAGE, page)

    def _declare(
        self, request: HttpRequest, calendar: Calendar, form: EmergencyForm, now: datetime
    ) -> HttpResponse:
        assert isinstance(request.user, User)
        told = Override(
            calendar=calendar,
            opens=request.POST["do"] == "open",
            ends_at=form.cleaned_data["until"],
            reason=form.cleaned_data["reason"],
            made_by=request.user,
        )
        declared = emergencies.declare(emergency=told, now=now)
        self.log_change(request, calendar, f"Emergency: {declared.get_opens_display()} from now on")
        stands = declared.get_opens_display()
        messages.success(request, f"{calendar} is {stands} now. {_computed(calendar)}")
        return _back(calendar)

    def _end(self, request: HttpRequest, calendar: Calendar, now: datetime) -> HttpResponse:
        if emergencies.end(calendar_id=calendar.pk, now=now):
            self.log_change(request, calendar, "Emergency ended")
            again = f"{calendar} keeps its own hours again. {_computed(calendar)}"
            messages.success(request, again)
        else:
            messages.info(request, f"{calendar} keeps its own hours already.")
        return _back(calendar)


def _computed(calendar: Calendar) -> str:
    return f"{_concerned(calendar)}, which are being computed anew."


def _concerned(calendar: Calendar) -> str:
    """Say how many clocks that are not over keep a calendar's hours."""
    number = emergencies.clocks_of(calendar.pk).count()
    return f"It is kept by {number:,} open clock{'' if number == 1 else 's'}"


@admin.register(Override)
class OverrideAdmin(ReadOnly):
    """Emergencies as they were declared; they are made and ended on their calendar's page."""

    list_display = ("calendar", "opens", "starts_at", "ends_at", "reason", "made_by")
    list_filter = ("opens", "calendar")
    list_select_related = ("calendar", "made_by")
    search_fields = ("reason", "calendar__name")
    date_hierarchy = "starts_at"


def _back(calendar: Calendar) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:sla_calendar_change", args=[calendar.pk]))


def _zone(calendar: Calendar) -> ZoneInfo:
    """Return a calendar's zone; UTC where it has none that is known."""
    try:
        return zone_named(calendar.timezone)
    except HoursError:
        return ZoneInfo("UTC")
