"""The organisation, and how far each road to it has been read."""

from django.db import models
from django.db.models import F, Q

from conversations.models import ID_LENGTH, Conversation


class Organization(models.Model):
    """The one Genesys organisation that this deployment mirrors."""

    only = models.BooleanField(default=True, unique=True, editable=False)
    genesys_id = models.CharField(max_length=ID_LENGTH, blank=True)
    name = models.CharField(max_length=300, blank=True)
    timezone = models.CharField(max_length=100, default="UTC")
    demo = models.BooleanField(default=False, help_text="Its rows come from the simulator.")

    def __str__(self) -> str:
        return self.name or self.genesys_id


class Watermark(models.Model):
    """Up to where a road has been read, and how its last run went."""

    road = models.CharField(max_length=50, unique=True)
    read_to = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    detail = models.TextField(blank=True, help_text="In plain words; never a payload.")
    failing_since = models.DateTimeField(null=True, blank=True)
    ordered_from = models.DateTimeField(
        null=True, blank=True, help_text="From here on somebody wants it read again."
    )
    place = models.JSONField(
        default=dict, blank=True, help_text="Where a run that stopped in the middle goes on."
    )
    leased_until = models.DateTimeField(
        null=True, blank=True, help_text="A run is under way; past this instant it is dead."
    )

    def __str__(self) -> str:
        return self.road


# There is something in a conversation of which it was not asked yet who wrote it.
UNREAD = (
    (Q(messages_read_at=None) & ~Q(messages_wanted_at=None, messages_moved_at=None))
    | Q(messages_read_at__lt=F("messages_wanted_at"))
    | Q(messages_read_at__lt=F("messages_moved_at"))
)


class Reading(models.Model):
    """When a conversation was last asked for, whether or not there was news of it."""

    conversation = models.OneToOneField(
        Conversation, on_delete=models.CASCADE, primary_key=True, related_name="reading"
    )
    read_at = models.DateTimeField(null=True, blank=True)
    messages_read_at = models.DateTimeField(null=True, blank=True)
    messages_wanted_at = models.DateTimeField(
        null=True, blank=True, help_text="As of when it was last recorded, if it is no history."
    )
    messages_moved_at = models.DateTimeField(
        null=True, blank=True, help_text="When an event last told that somebody wrote."
    )
    messages_sent = models.IntegerField(
        null=True, blank=True, help_text="Mails that agents sent, as events counted them."
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["messages_wanted_at", "conversation"],
                condition=UNREAD,
                name="reading_messages_unread",
            )
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} at {self.read_at}"
