"""Salesforce in the admin: who has no case, who has no user, conflicts, holds."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from conversations.admin import AGENT, QUEUE, BelowConversationAdmin, MirrorAdmin
from integrations.models import (
    SalesforceConflict,
    SalesforceHold,
    SalesforceLink,
    SalesforceUser,
)
from integrations.salesforce import links, ordering, users
from integrations.salesforce.domain import ids


class IsLacking(admin.SimpleListFilter):
    """Shows those without what Salesforce calls it."""

    title = "known in Salesforce"
    parameter_name = "known"
    column = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "No: somebody has to look"), ("yes", "Yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "no":
            return queryset.filter(**{self.column: ""})
        return queryset.exclude(**{self.column: ""}) if self.value() == "yes" else queryset


class LinkIsLacking(IsLacking):
    column = "case_id"


class UserIsLacking(IsLacking):
    column = "salesforce_id"


class _IdForm(forms.ModelForm[Any]):
    """A row of which one id of Salesforce's is written by hand."""

    column = ""
    prefix_wanted = ""

    def clean(self) -> dict[str, Any]:
        """Take 15 or 18 letters, or nothing."""
        given = super().clean() or self.cleaned_data
        told = given.get(self.column, "")
        if told and ids.full(told, self.prefix_wanted) is None:
            why = f"15 or 18 letters and digits that begin with {self.prefix_wanted}"
            self.add_error(self.column, f"This is no such id: {why}.")
        return given


class LinkForm(_IdForm):
    column = "case_id"
    prefix_wanted = ids.CASE_PREFIX


class UserForm(_IdForm):
    column = "salesforce_id"
    prefix_wanted = ids.USER_PREFIX


class _ByHandAdmin(MirrorAdmin):
    """Rows that come by themselves, of which one column may be set by hand."""

    column = ""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_change_permission(self, request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [name for name in self.get_fields(request, obj) if name != self.column]


@admin.register(SalesforceLink)
class SalesforceLinkAdmin(_ByHandAdmin):
    """Which case a conversation belongs to. Set it by hand where it was not found."""

    form = LinkForm
    column = "case_id"
    list_display = ("conversation", "case_id", "how", "found_at", "tries", "next_at", "reason")
    list_filter = (LinkIsLacking, "how", "destination")
    list_select_related = ("conversation",)
    search_fields = ("conversation__genesys_id__exact", "case_id__startswith")
    search_help_text = "The whole id of a conversation, or a case's"
    ordering = ("-pk",)
    actions = ("look_again",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("case_id", "conversation", "destination", *self.list_display[2:])

    def save_model(self, request: HttpRequest, obj: SalesforceLink, form: Any, change: Any) -> None:
        """Set the case, and have all that waited for it sent."""
        if "case_id" not in form.changed_data:
            return
        now = timezone.now()
        with transaction.atomic():
            ordering.hold_still(obj.destination)
            links.set_by_hand(obj, form.cleaned_data["case_id"], now=now)
            if obj.case_id:
                ordering.of_case(obj, now=now)

    def has_look_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("integrations.change_salesforcelink")

    @admin.action(description="Look for the case again now", permissions=["look"])
    def look_again(self, request: HttpRequest, chosen: QuerySet[SalesforceLink]) -> None:
        """Have the cases of the chosen conversations looked for again, from the beginning."""
        rows = list(chosen.filter(case_id=""))
        SalesforceLink.objects.filter(pk__in=[row.pk for row in rows]).update(
            next_at=timezone.now()
        )
        for row in rows:
            self.log_change(request, row, "Ordered to be looked for again")
        messages.success(request, f"{len(rows)} will be looked for within seconds")


@admin.register(SalesforceUser)
class SalesforceUserAdmin(_ByHandAdmin):
    """Whose user in Salesforce is whose. Name it by hand where it was not found."""

    form = UserForm
    column = "salesforce_id"
    list_display = (AGENT, "salesforce_id", "how", "looked_at", "reason", "destination")
    list_display_links = (AGENT,)
    list_filter = (UserIsLacking, "how", "destination")
    search_fields = ("user_id__exact", "salesforce_id__startswith")
    search_help_text = "The whole id of an agent, or of a user in Salesforce"
    ordering = ("-pk",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("salesforce_id", "user_id", "destination", "how", "looked_at", "reason")

    def save_model(self, request: HttpRequest, obj: SalesforceUser, form: Any, change: Any) -> None:
        if "salesforce_id" in form.changed_data:
            users.set_by_hand(obj, form.cleaned_data["salesforce_id"], now=timezone.now())


@admin.register(SalesforceConflict)
class SalesforceConflictAdmin(MirrorAdmin):
    """Cases that were not given to the agent who was connected: a newer decision stands."""

    list_display = ("at", "case_id", AGENT, "owner_id", "changed_by", "changed_at", "reason")
    list_filter = ("destination",)
    search_fields = ("case_id__startswith", "conversation_id__exact")
    search_help_text = "The id of a case, or the whole id of a conversation"
    ordering = ("-noted_at",)


@admin.register(SalesforceHold)
class SalesforceHoldAdmin(BelowConversationAdmin):
    """Holds as Salesforce is told of them."""

    list_display = ("conversation", "state", "started_at", "ended_at", AGENT, "media_type", QUEUE)
    list_filter = ("state", "media_type", "destination")
    ordering = ("-pk",)
