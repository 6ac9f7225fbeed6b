"""The mirror: what Genesys Cloud knows, in tables. Only conversations.services writes it.

Genesys ids are strings, never UUIDs: a session id may be 73 characters long. Users and queues are
named by id and not by foreign key, since deleted ones live on in history. Segments and metrics
have no ids: they are numbered within their session. A foreign key that begins a unique constraint
has no index of its own; those of the leaves (segments, metrics, events) are not checked by the
database, since that costs a quarter of all ingest and one service writes them: docs/adr.
"""

from conversations.models.conversation import (
    Conversation,
    Metric,
    Participant,
    RawSnapshot,
    Segment,
    Session,
)
from conversations.models.directory import Agent, Division, Queue, WrapUpCode
from conversations.models.handlers import HandlerFailure
from conversations.models.ids import ID_LENGTH
from conversations.models.late import Evaluation, Message, Resolution, Survey
from conversations.models.live import PresenceSpan, RoutingNote, SessionState
from conversations.models.news import Audience, Change, CommonEvent

__all__ = [
    "ID_LENGTH",
    "Agent",
    "Audience",
    "Change",
    "CommonEvent",
    "Conversation",
    "Division",
    "Evaluation",
    "HandlerFailure",
    "Message",
    "Metric",
    "Participant",
    "PresenceSpan",
    "Queue",
    "RawSnapshot",
    "Resolution",
    "RoutingNote",
    "Segment",
    "Session",
    "SessionState",
    "Survey",
    "WrapUpCode",
]
