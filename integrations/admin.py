"""The roads to other systems in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from conversations.admin import BelowConversationAdmin, MirrorAdmin
from integrations.erasure.admin import (
    ErasedConversationAdmin,
    ErasedIdentifierAdmin,
    ErasureRequestAdmin,
)
from integrations.inbox.admin import GenesysEventAdmin, InboxItemAdmin, SourceAdmin
from integrations.models import Organization, Reading, Watermark

__all__ = [
    "ErasedConversationAdmin",
    "ErasedIdentifierAdmin",
    "ErasureRequestAdmin",
    "GenesysEventAdmin",
    "InboxItemAdmin",
    "OrganizationAdmin",
    "ReadingAdmin",
    "SourceAdmin",
    "WatermarkAdmin",
]


@admin.register(Reading)
class ReadingAdmin(BelowConversationAdmin):
    """When each conversation was last asked for."""

    list_display = ("conversation", "read_at", "messages_read_at")


@admin.register(Organization)
class OrganizationAdmin(MirrorAdmin):
    list_display = ("name", "genesys_id", "timezone", "demo")


@admin.register(Watermark)
class WatermarkAdmin(MirrorAdmin):
    """How far each road has been read, and why one fails."""

    list_display = ("road", "succeeded_at", "failing_since", "read_to", "detail")
    list_filter = (("failing_since", admin.EmptyFieldListFilter),)
    search_fields = ("road",)
    ordering = ("road",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (
            "road",
            "detail",
            "succeeded_at",
            "failing_since",
            "read_to",
            "started_at",
            "leased_until",
        )
