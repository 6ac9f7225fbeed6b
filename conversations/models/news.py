"""What became of changes: events that were told, and rows that must be derived anew."""

from django.db import models

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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "name", "subject"], name="event_told_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"


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
