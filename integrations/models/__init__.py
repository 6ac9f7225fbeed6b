"""What the roads to and from other systems must remember."""

from integrations.models.erasure import ErasedConversation, ErasedIdentifier, ErasureRequest
from integrations.models.inbox import GenesysEvent, InboxItem, Source, SourceKey
from integrations.models.notifications import NotificationChannel, NotificationTopic
from integrations.models.roads import Organization, Reading, Watermark
from integrations.models.wanted import Wanted

__all__ = [
    "ErasedConversation",
    "ErasedIdentifier",
    "ErasureRequest",
    "GenesysEvent",
    "InboxItem",
    "NotificationChannel",
    "NotificationTopic",
    "Organization",
    "Reading",
    "Source",
    "SourceKey",
    "Wanted",
    "Watermark",
]
