"""Erasure in the admin: who was to be forgotten, and what came of it. To look at only."""

from django.contrib import admin

from conversations.admin import MirrorAdmin, ReadOnlyInline
from integrations.models import ErasedConversation, ErasedIdentifier, ErasureRequest


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
