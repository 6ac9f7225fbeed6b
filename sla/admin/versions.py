"""What policies and calendars said before: shown, never edited."""

from django.contrib import admin

from sla.admin.base import ReadOnly
from sla.models import CalendarVersion, PolicyVersion


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnly):
    """A policy as it was from an instant on."""

    list_display = ("policy", "number", "valid_from")
    list_filter = ("policy",)
    list_select_related = ("policy",)
    ordering = ("-valid_from", "-pk")


@admin.register(CalendarVersion)
class CalendarVersionAdmin(ReadOnly):
    """Opening hours as they were from an instant on."""

    list_display = ("calendar", "number", "valid_from")
    list_filter = ("calendar",)
    list_select_related = ("calendar",)
    ordering = ("-valid_from", "-pk")
