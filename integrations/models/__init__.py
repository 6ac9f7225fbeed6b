"""What the roads to and from other systems must remember."""

from integrations.models.acknowledgements import Acknowledgement
from integrations.models.erasure import ErasedConversation, ErasedIdentifier, ErasureRequest
from integrations.models.gaps import Gap, HistoryDay
from integrations.models.inbox import GenesysEvent, InboxItem, Source, SourceKey
from integrations.models.notifications import (
    NotificationChannel,
    NotificationListener,
    NotificationTopic,
)
from integrations.models.outbox import Attempt, Delivery, Destination
from integrations.models.ringing import Ringing
from integrations.models.roads import UNREAD, Organization, Reading, Watermark
from integrations.models.salesforce import (
    SalesforceConflict,
    SalesforceHold,
    SalesforceLink,
    SalesforceUser,
)
from integrations.models.wanted import Wanted

__all__ = [
    "UNREAD",
    "Acknowledgement",
    "Attempt",
    "Delivery",
    "Destination",
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
    "Ringing",
    "SalesforceConflict",
    "SalesforceHold",
    "SalesforceLink",
    "SalesforceUser",
    "Source",
    "SourceKey",
    "Wanted",
    "Watermark",
]
