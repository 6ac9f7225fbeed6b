"""The roads to other systems in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from conversations.admin import BelowConversationAdmin, MirrorAdmin, ReadOnlyInline
from integrations.models import (
    ErasedConversation,
    ErasedIdentifier,
    ErasureRequest,
    Organization,
    Reading,
    Watermark,
)


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


class ErasedIdentifierInline(ReadOnlyInline):
    """By what kinds of identifiers a person is known again; the digests are nobody's business."""

    model = ErasedIdentifier
    fields = ("kind",)
    show_change_link = False


@admin.register(ErasureRequest)
class ErasureRequestAdmin(MirrorAdmin):
    """Who was to be forgotten, when that was done, and how many rows it took."""

    list_display = ("requested_at", "genesys_id", "erased_at", "rows", "detail")
    list_filter = (("erased_at", admin.EmptyFieldListFilter),)
    search_fields = ("genesys_id__exact",)
    ordering = ("-requested_at", "-pk")
    inlines = (ErasedIdentifierInline,)


@admin.register(ErasedIdentifier)
class ErasedIdentifierAdmin(MirrorAdmin):
    """What an erased person is known again by, as far as it may be shown."""

    list_display = ("kind", "request")
    list_filter = ("kind",)
    list_select_related = ("request",)
    search_fields = ("request__genesys_id__exact",)
    fields = ("request", "kind")


@admin.register(ErasedConversation)
class ErasedConversationAdmin(MirrorAdmin):
    """Conversations that are stripped whenever they are read again."""

    list_display = ("genesys_id", "request")
    list_select_related = ("request",)
    search_fields = ("genesys_id__exact",)
