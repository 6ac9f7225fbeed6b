"""Alerts, their history and what was told are shown, not edited: people act on the page for it."""

from typing import Any

from django.contrib import admin

from sla.admin.base import ReadOnly
from sla.models import Alert, AlertEntry, Notice


class EntryInline(admin.TabularInline[Any, Any]):
    """What was done with an alert."""

    model = AlertEntry
    fields = ("at", "actor", "action", "note")
    readonly_fields = fields
    extra = 0
    can_delete = False
    max_num = 0


@admin.register(Alert)
class AlertAdmin(ReadOnly):
    """What supervisors were to look after, and what became of it."""

    list_display = ("conversation", "kind", "level", "state", "opened_at", "acknowledged_by")
    list_filter = ("state", "level", "kind")
    list_select_related = ("conversation",)
    search_fields = ("=conversation__genesys_id", "acknowledged_by")
    date_hierarchy = "opened_at"
    raw_id_fields = ("conversation",)
    inlines = (EntryInline,)


@admin.register(AlertEntry)
class AlertEntryAdmin(ReadOnly):
    """What was done with alerts, by whom and when: the audit."""

    list_display = ("at", "actor", "action", "alert", "note")
    list_filter = ("action",)
    list_select_related = ("alert",)
    search_fields = ("actor", "=alert__conversation__genesys_id")
    date_hierarchy = "at"
    raw_id_fields = ("alert",)


@admin.register(Notice)
class NoticeAdmin(ReadOnly):
    """What was told of alerts, whom, and by which way."""

    list_display = ("at", "alert", "subject", "destination_id", "fell_back", "verified")
    list_filter = ("fell_back", "verified")
    list_select_related = ("alert",)
    search_fields = ("=alert__conversation__genesys_id",)
    date_hierarchy = "at"
