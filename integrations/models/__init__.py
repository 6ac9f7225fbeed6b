"""What the roads to and from other systems must remember."""

from integrations.models.erasure import ErasedConversation, ErasedIdentifier, ErasureRequest
from integrations.models.gaps import Gap, HistoryDay
from integrations.models.inbox import GenesysEvent, InboxItem, Source, SourceKey
from integrations.models.notifications import (
    NotificationChannel,
    NotificationListener,
    NotificationTopic,
)
from integrations.models.roads import Organization, Reading, Watermark
from integrations.models.wanted import Wanted

__all__ = [
    "ErasedConversation",
    "ErasedIdentifier",
    "ErasureRequest",
    "Gap",
    "GenesysEvent",
    "HistoryDay",
    "InboxItem",
    "NotificationChannel",
    "NotificationListener",
    "NotificationTopic",
    "Organization",
    "Reading",
    "Source",
    "SourceKey",
    "Wanted",
    "Watermark",
]
