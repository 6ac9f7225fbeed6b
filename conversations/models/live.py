"""What events alone prove, before Genesys's analytics shows it."""

from django.db import models
from django.db.models import Q

from conversations.models.ids import ID_LENGTH


class SessionState(models.Model):
    """A session was in a state from an instant on: told by an event, never changed, only added.

    The conversation may not be in the mirror yet, so its id is kept and no reference.
    """

    conversation_id = models.CharField(max_length=ID_LENGTH)
    session_id = models.CharField(max_length=ID_LENGTH)
    participant_id = models.CharField(max_length=ID_LENGTH, blank=True)
    user_id = models.CharField(max_length=ID_LENGTH, blank=True)
    purpose = models.CharField(max_length=30, blank=True)
    media_type = models.CharField(max_length=30, blank=True)
    queue_id = models.CharField(max_length=ID_LENGTH, blank=True)
    state = models.CharField(max_length=20, help_text="See conversations.domain.live.State.")
    since = models.DateTimeField()
    heard_at = models.DateTimeField()
    told = models.BooleanField(
        default=False, help_text="Its Common Event is written, or it has none."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation_id", "session_id", "since", "state"],
                name="session_state_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["conversation_id"], condition=Q(told=False), name="session_state_untold"
            ),
            models.Index(fields=["heard_at"], name="session_state_heard"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} {self.state} since {self.since}"


class PresenceSpan(models.Model):
    """An agent's presence or routing status over a time. ended_at is empty while it lasts."""

    class Kind(models.TextChoices):
        PRESENCE = "presence", "Presence"
        ROUTING = "routing", "Routing status"

    user_id = models.CharField(max_length=ID_LENGTH)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.CharField(max_length=30, help_text="AVAILABLE, AWAY, ON_QUEUE; IDLE, ...")
    organization_presence_id = models.CharField(max_length=ID_LENGTH, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    settled = models.BooleanField(
        default=False, help_text="Analytics told its end: no event changes it any more."
    )
    heard_at = models.DateTimeField(help_text="When it was told so.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user_id", "kind", "started_at"], name="presence_span_once"
            )
        ]
        indexes = [
            models.Index(fields=["user_id", "ended_at"], name="presence_span_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.value} since {self.started_at}"


class RoutingNote(models.Model):
    """How a conversation was routed last, as only an event tells it: its priority and its label.

    The conversation may not be in the mirror yet, so its id is kept and no reference.
    """

    conversation_id = models.CharField(max_length=ID_LENGTH, unique=True)
    priority = models.IntegerField(null=True, blank=True)
    label = models.CharField(max_length=100, blank=True, help_text="Its utilization label.")
    at = models.DateTimeField(help_text="When it was routed so.")

    class Meta:
        indexes = [models.Index(fields=["at"], name="routing_note_at")]

    def __str__(self) -> str:
        return f"{self.conversation_id}: priority {self.priority}, label {self.label or '-'}"
