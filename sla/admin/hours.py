"""The admin of opening hours; schedules are shown, not edited."""

from collections.abc import Collection, Iterable
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from sla import usage, versions
from sla.admin.base import ReadOnly, Recomputing
from sla.admin.emergencies import Emergencies
from sla.admin.forms import Seen, Unechoed
from sla.admin.keeping import Keeping
from sla.admin.strip import strip
from sla.admin.trying import Trying
from sla.admin.viewing import InWords
from sla.drafts import Draft
from sla.models import OF_HOURS, Calendar, Schedule


class CalendarForm(Seen, Unechoed):
    """Opening hours by hand."""

    echoes = MappingProxyType({OF_HOURS: ("hours", "overrides")})


@admin.register(Calendar)
class CalendarAdmin(InWords, Keeping, Emergencies, Trying, Recomputing):
    """Opening hours by hand; those of a schedule group come from Genesys."""

    form = CalendarForm
    goes_along = ("calendar version", "emergency")
    list_display = ("name", "timezone", "origin")
    search_fields = ("name", "genesys_id")
    fieldsets = (
        (None, {"fields": ("name", "timezone", "seen")}),
        ("What that means", {"fields": ("next_days",)}),
        ("Written by hand", {"fields": ("hours", "holidays", "overrides", "breaks")}),
        (
            "From Genesys: holiday schedules win over closed ones, and those over open ones",
            {"fields": ("genesys_id", "open_schedules", "closed_schedules", "holiday_schedules")},
        ),
    )

    class Media:
        css = {"all": ["dcm/admin.css"]}

    def note(self, row: Calendar, now: datetime) -> None:
        versions.note_calendars(calendars=[row], now=now)

    def concerned(self, row: Calendar, changed: Collection[str]) -> bool:
        return usage.of_calendar(row).in_use

    def why_kept(self, row: Calendar) -> str:
        return usage.why_calendar_stays(row)

    def draft_of(self, row: Calendar, lines: Iterable[Model]) -> Draft:
        return Draft(calendar=row)

    def can_try(self, row: Model | None) -> bool:
        return row is not None  # nobody keeps hours that are not there yet

    @admin.display(description="hours")
    def origin(self, calendar: Calendar) -> str:
        return "schedule group" if calendar.genesys_id else "by hand"

    @admin.display(description="the next 14 days")
    def next_days(self, calendar: Calendar) -> str | SafeString:
        return strip(calendar, timezone.now()) if calendar.pk else "Shown once it is saved."

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        lists = ("open_schedules", "closed_schedules", "holiday_schedules")
        written = ("timezone", "hours", "holidays", "overrides", "breaks")
        of_genesys = obj is not None and obj.genesys_id
        return ("genesys_id", "next_days", *lists, *(written if of_genesys else ()))


@admin.register(Schedule)
class ScheduleAdmin(ReadOnly):
    """Schedules as Genesys has them."""

    list_display = ("name", "state", "starts", "ends", "rrule")
    list_filter = ("state",)
    search_fields = ("name", "genesys_id")
