"""What was sent to us: kept as it came, before anything is made of it."""

from django.db import models
from django.db.models import F, Q

from conversations.models import ID_LENGTH


class Source(models.Model):
    """Somebody who may send us events, and how they prove who they are."""

    class Kind(models.TextChoices):
        GENESYS = "genesys", "Genesys Cloud web services data action"
        EVENTBRIDGE = "eventbridge", "Amazon EventBridge API destination"
        SQS = "sqs", "Amazon EventBridge by way of SQS"
        NOTIFICATIONS = "notifications", "Genesys Cloud notifications (WebSocket)"

    class Authentication(models.TextChoices):
        BEARER = "bearer", "Bearer token in the Authorization header"
        HMAC = "hmac", "HMAC-SHA256 over id, timestamp and body (Standard Webhooks)"
        NONE = "none", "None: a process of ours fetches it"

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    authentication = models.CharField(
        max_length=10, choices=Authentication.choices, default=Authentication.BEARER
    )
    active = models.BooleanField(default=True, help_text="Off: what it sends is refused with 401.")
    created_at = models.DateTimeField()
    last_received_at = models.DateTimeField(
        null=True, blank=True, help_text="When something of it was last worked through."
    )

    def __str__(self) -> str:
        return self.name


class SourceKey(models.Model):
    """A token or secret of a source. Two may be valid at a time, so that one can be rotated."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="keys")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of it, hexadecimal.")
    sealed = models.BinaryField(
        blank=True, help_text="Encrypted; only where a signature must be computed with it."
    )
    hint = models.CharField(max_length=12, help_text="Its first characters, to tell it by.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: until it is rotated."
    )

    def __str__(self) -> str:
        return f"{self.hint}…"


class InboxItem(models.Model):
    """One body that was sent to us, raw. Accepted means: it stands here."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        QUARANTINED = "quarantined", "Quarantined"

    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, related_name="items", db_index=False
    )
    sender_id = models.CharField(  # noqa: DJ001 - null: no two without one are the same
        max_length=200,
        null=True,
        blank=True,
        help_text="The sender's own id of it, if it gave one.",
    )
    body = models.BinaryField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    attempts = models.IntegerField(default=0, help_text="How often work on it was begun.")
    due_at = models.DateTimeField(help_text="Not to be worked on before.")
    leased_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(
        default=0, help_text="Grows with each claim: only the latest claimant may finish."
    )
    reason = models.TextField(blank=True, help_text="Why it is quarantined, or failed last.")
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "sender_id"], name="inbox_item_sent_once")
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], condition=Q(state="waiting"), name="inbox_item_waiting"
            ),
            models.Index(
                fields=["received_at"], condition=Q(state="quarantined"), name="inbox_quarantined"
            ),
        ]

    def __str__(self) -> str:
        return f"Item {self.pk}"


class GenesysEvent(models.Model):
    """One event of Genesys, whichever roads brought it: told apart by its natural key.

    The key is a hash of topic, conversation, participant, session and event time. An event without
    a time has none: it is a hint, and two of them may be two events.
    """

    key = models.CharField(max_length=32, null=True, blank=True, unique=True)
    topic = models.CharField(max_length=100)
    conversation_id = models.CharField(max_length=ID_LENGTH, blank=True)
    participant_id = models.CharField(max_length=ID_LENGTH, blank=True)
    session_id = models.CharField(max_length=ID_LENGTH, blank=True)
    user_id = models.CharField(max_length=ID_LENGTH, blank=True)
    at = models.DateTimeField(null=True, blank=True, help_text="When it happened, by Genesys.")
    heard_at = models.DateTimeField(help_text="When it was first worked through.")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["conversation_id", "at"],
                condition=~Q(conversation_id=""),
                name="genesys_event_conversation",
            ),
            models.Index(F("heard_at").desc(), name="genesys_event_heard"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} at {self.at}"
