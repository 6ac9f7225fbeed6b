"""Sessions that ring at an agent, who answers by hand: whether that was done is to be asked."""

from django.db import models

from conversations.models import ID_LENGTH


class Ringing(models.Model):
    """A session that rang, until it was answered or is known not to be."""

    conversation_id = models.CharField(max_length=ID_LENGTH)
    session_id = models.CharField(max_length=ID_LENGTH)
    participant_id = models.CharField(max_length=ID_LENGTH, blank=True)
    user_id = models.CharField(max_length=ID_LENGTH)
    media_type = models.CharField(max_length=30, blank=True)
    queue_id = models.CharField(max_length=ID_LENGTH)
    rang_at = models.DateTimeField()
    give_up_at = models.DateTimeField(help_text="Nobody answers any more; readings tell the rest.")
    due_at = models.DateTimeField(help_text="Not to be asked before.")
    tries = models.IntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0, help_text="Grows with each claim.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation_id", "session_id"], name="ringing_once_a_session"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], name="ringing_due"),
            models.Index(fields=["user_id"], name="ringing_user"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} at {self.user_id}"
