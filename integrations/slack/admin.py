"""Acknowledgements in the admin. To look at only."""

from django.contrib import admin

from conversations.admin import MirrorAdmin
from integrations.models import Acknowledgement


@admin.register(Acknowledgement)
class AcknowledgementAdmin(MirrorAdmin):
    """Who acknowledged which message, and when."""

    list_display = ("at", "user_name", "delivery")
    list_select_related = ("delivery",)
    search_fields = ("delivery__conversation_id__exact",)
    search_help_text = "The whole id of a conversation"
    ordering = ("-pk",)
