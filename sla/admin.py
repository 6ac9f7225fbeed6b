"""The admin of policies and opening hours; schedules and clocks are shown, not edited."""

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from chrono.errors import HoursError
from chrono.hours import Hours
from chrono.zones import zone_named
from sla.domain.promise import example, sentence
from sla.models import Calendar, Clock, Policy, Schedule
from sla.selectors import hours_of, terms_of
from sla.services import order_recomputing

# What is promised can be said without knowing when it is open.
CLOSED = Hours.of(timezone="UTC", hours={})


class ReadOnly(admin.ModelAdmin[Any]):
    """Rows that come from elsewhere: an edit would be overwritten."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class Recomputing(admin.ModelAdmin[Any]):
    """Rows on which clocks depend: a change has open conversations computed anew."""

    def save_model(
        self, request: HttpRequest, obj: models.Model, form: ModelForm[Any], change: Any
    ) -> None:
        super().save_model(request, obj, form, change)
        self._order(request)

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        super().delete_model(request, obj)
        self._order(request)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        super().delete_queryset(request, queryset)
        self._order(request)

    def _order(self, request: HttpRequest) -> None:
        count = order_recomputing(now=timezone.now())
        messages.info(
            request,
            f"The clocks of {count:,} open conversations are being computed anew. "
            "For ended ones run: manage.py recompute_sla",
        )


@admin.register(Calendar)
class CalendarAdmin(Recomputing):
    """Opening hours by hand; those of a schedule group come from Genesys."""

    list_display = ("name", "timezone", "origin")
    search_fields = ("name", "genesys_id")
    fieldsets = (
        (None, {"fields": ("name", "timezone")}),
        ("Written by hand", {"fields": ("hours", "holidays", "overrides", "breaks")}),
        (
            "From Genesys: holiday schedules win over closed ones, and those over open ones",
            {"fields": ("genesys_id", "open_schedules", "closed_schedules", "holiday_schedules")},
        ),
    )

    @admin.display(description="hours")
    def origin(self, calendar: Calendar) -> str:
        return "schedule group" if calendar.genesys_id else "by hand"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        lists = ("open_schedules", "closed_schedules", "holiday_schedules")
        written = ("timezone", "hours", "holidays", "overrides", "breaks")
        of_genesys = obj is not None and obj.genesys_id
        return ("genesys_id", *lists, *(written if of_genesys else ()))


@admin.register(Policy)
class PolicyAdmin(Recomputing):
    """What customers are promised."""

    list_display = ("name", "active", "position", "calendar", "promise")
    list_filter = ("active",)
    list_select_related = ("calendar",)
    search_fields = ("name",)
    ordering = ("position", "pk")
    readonly_fields = ("promise", "worked_example")
    fieldsets = (
        (None, {"fields": ("name", "active", "promise", "worked_example")}),
        ("For which conversations", {"fields": ("position", "media_types", "queue_ids")}),
        (
            "What is promised, in seconds of business time",
            {
                "fields": (
                    *("calendar", "first_response_s", "next_response_s", "resolution_s"),
                    *("warn_s", "waiting_on_customer_pauses"),
                )
            },
        ),
    )

    @admin.display(description="what it does")
    def promise(self, policy: Policy) -> str:
        if not policy.pk:
            return "Shown once it is saved."
        return sentence(terms_of(policy, CLOSED))

    @admin.display(description="for example")
    def worked_example(self, policy: Policy) -> str:
        if not policy.pk:
            return "Shown once it is saved."
        try:
            terms = terms_of(policy, hours_of(policy.calendar))
            return example(terms, zone_named(policy.calendar.timezone), timezone.now())
        except HoursError as error:
            return f"Its opening hours cannot be read, so its clocks stand still: {error}"


@admin.register(Schedule)
class ScheduleAdmin(ReadOnly):
    """Schedules as Genesys has them."""

    list_display = ("name", "state", "starts", "ends", "rrule")
    list_filter = ("state",)
    search_fields = ("name", "genesys_id")


@admin.register(Clock)
class ClockAdmin(ReadOnly):
    """How clocks stand, and why."""

    list_display = ("conversation", "kind", "policy", "state", "due_at", "breached", "since")
    list_filter = ("kind", "state", "breached", "policy")
    list_select_related = ("conversation", "policy")
    search_fields = ("=conversation__genesys_id",)
    date_hierarchy = "started_at"
    readonly_fields = ("explanation",)
    exclude = ("steps",)

    @admin.display(description="why it stands so")
    def explanation(self, clock: Clock) -> SafeString:
        rows = (
            (step["at"], step["action"], step["reason"], step["business_s"]) for step in clock.steps
        )
        return format_html(
            "<ol>{}</ol>",
            format_html_join("", "<li>{} {}: {} ({} s of business time)</li>", rows),
        )
