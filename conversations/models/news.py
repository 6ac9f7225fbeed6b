"""What became of changes: events that were told, and rows that must be derived anew."""

from django.db import models
from django.db.models import Q

from conversations.models.conversation import Conversation
from conversations.models.ids import ID_LENGTH


class CommonEvent(models.Model):
    """Something that happened to a conversation, told once.

    What an event of Genesys told roughly is put right by the next reading, and keeps its name.
    """

    conversation = models.ForeignKey(
        Conversation,
        on_delete=models.CASCADE,
        related_name="events",
        db_index=False,
        db_constraint=False,
    )
    name = models.CharField(max_length=50)
    subject = models.CharField(
        max_length=ID_LENGTH,
        blank=True,
        help_text="The participant, session or number that it is about.",
    )
    at = models.DateTimeField(help_text="When it happened.")
    recorded_at = models.DateTimeField(help_text="When the mirror learned of it.")
    payload = models.JSONField(default=dict)
    historic = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Learned while history was loaded: nobody is told of it any more.",
    )
    revision = models.IntegerField(
        default=0, db_default=0, help_text="How often it was put right since it was announced."
    )
    announced = models.BooleanField(
        default=True,
        db_default=True,
        help_text="Whoever is to be told of it stands in the outbox, or nobody was to be told.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "name", "subject"], name="event_told_once"
            )
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(announced=False), name="event_unannounced")
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"


class Audience(models.Model):
    """Somebody who is to be told of Common Events, by name: a destination, a handler.

    Without any, events are written as announced: nobody would ever look for them.
    """

    name = models.CharField(max_length=200, unique=True)

    def __str__(self) -> str:
        return self.name


class Change(models.Model):
    """A conversation whose derived rows must be computed anew: written with the change itself.

    The window is the union of what the agents' sessions covered before and after the change.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    user_ids = models.JSONField(default=list)
    window_start = models.DateTimeField(null=True)
    window_end = models.DateTimeField(null=True, help_text="Empty: up to now.")
    recorded_at = models.DateTimeField()
    failures = models.IntegerField(default=0, help_text="How often deriving from it has failed.")
    error = models.TextField(blank=True, help_text="Why it failed last, never with personal data.")

    def __str__(self) -> str:
        return f"{self.conversation_id} at {self.recorded_at}"
