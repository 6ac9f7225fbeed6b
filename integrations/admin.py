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
from integrations.genesys.admin import WantedAdmin
from integrations.inbox.admin import GenesysEventAdmin, InboxItemAdmin, SourceAdmin
from integrations.models import (
    Gap,
    HistoryDay,
    NotificationChannel,
    NotificationListener,
    NotificationTopic,
    Organization,
    Reading,
    Ringing,
    Watermark,
)
from integrations.outbox.admin import DestinationAdmin
from integrations.outbox.ledger.admin import AttemptAdmin, DeliveryAdmin
from integrations.salesforce.admin import (
    SalesforceConflictAdmin,
    SalesforceHoldAdmin,
    SalesforceLinkAdmin,
    SalesforceUserAdmin,
)
from integrations.slack.admin import AcknowledgementAdmin

__all__ = [
    "AcknowledgementAdmin",
    "AttemptAdmin",
    "DeliveryAdmin",
    "DestinationAdmin",
    "ErasedConversationAdmin",
    "ErasedIdentifierAdmin",
    "ErasureRequestAdmin",
    "GenesysEventAdmin",
    "InboxItemAdmin",
    "OrganizationAdmin",
    "ReadingAdmin",
    "RingingAdmin",
    "SalesforceConflictAdmin",
    "SalesforceHoldAdmin",
    "SalesforceLinkAdmin",
    "SalesforceUserAdmin",
    "SourceAdmin",
    "WantedAdmin",
    "WatermarkAdmin",
]


@admin.register(Reading)
class ReadingAdmin(BelowConversationAdmin):
    """When each conversation was last asked for."""

    list_display = ("conversation", "read_at", "messages_read_at")


@admin.register(Ringing)
class RingingAdmin(MirrorAdmin):
    """Sessions that ring, and of which it is asked whether somebody has answered."""

    list_display = ("conversation_id", "session_id", "user_id")
    search_fields = ("conversation_id__exact",)
    search_help_text = "The whole id of a conversation"
    ordering = ("-pk",)


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


@admin.register(NotificationListener)
class NotificationListenerAdmin(MirrorAdmin):
    """Processes that listen to notifications now."""

    list_display = ("name", "started_at", "leased_until")
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(NotificationChannel)
class NotificationChannelAdmin(MirrorAdmin):
    """WebSocket channels, and what comes over each."""

    list_display = (
        "pk",
        "listener",
        "connected",
        "heard_at",
        "event_at",
        "events_a_minute",
        "silent_since",
        "reconnects",
        "detail",
    )
    list_filter = ("connected", ("silent_since", admin.EmptyFieldListFilter))
    search_fields = ("listener",)
    ordering = ("pk",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Show all but the channel's name: whoever knows it may listen to it."""
        return (*self.list_display[1:], "opened_at", "expires_at", "leased_until")


@admin.register(NotificationTopic)
class NotificationTopicAdmin(MirrorAdmin):
    """What is listened to, what Genesys rejects, and why."""

    list_display = ("name", "state", "listener", "leased_until", "reason", "retry_at")
    list_filter = ("state",)
    search_fields = ("name", "reason")
    ordering = ("name",)


@admin.register(Gap)
class GapAdmin(MirrorAdmin):
    """What a road has missed, until when, and whether it has been read since."""

    list_display = ("road", "start", "end", "noticed_at", "filled_at", "reason")
    list_filter = (("filled_at", admin.EmptyFieldListFilter), "road")
    ordering = ("-start",)


@admin.register(HistoryDay)
class HistoryDayAdmin(MirrorAdmin):
    """Which days asynchronous jobs have read, and why one is not read yet."""

    list_display = ("road", "day", "state", "conversations", "attempts", "done_at", "reason")
    list_filter = ("road", "state")
    ordering = ("-day", "road")
