"""Notification channels and topics: which listener holds which, until when."""

from django.db import models

from conversations.models import ID_LENGTH


class NotificationChannel(models.Model):
    """A WebSocket channel that a listener of ours has opened."""

    genesys_id = models.CharField(max_length=ID_LENGTH, unique=True)
    listener = models.CharField(max_length=100, help_text="The process that holds it.")
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="Genesys closes it then, unless it is renewed.")
    heard_at = models.DateTimeField(
        null=True, blank=True, help_text="The last frame of any kind, a heartbeat included."
    )
    event_at = models.DateTimeField(null=True, blank=True, help_text="The last event.")

    def __str__(self) -> str:
        return self.genesys_id


class NotificationTopic(models.Model):
    """A topic that somebody must listen to."""

    class State(models.TextChoices):
        FREE = "free", "Nobody listens yet"
        SUBSCRIBED = "subscribed", "Subscribed"
        REJECTED = "rejected", "Rejected by Genesys"

    name = models.CharField(max_length=200, unique=True)
    channel = models.ForeignKey(
        NotificationChannel, on_delete=models.SET_NULL, null=True, blank=True, related_name="topics"
    )
    listener = models.CharField(max_length=100, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.FREE)
    reason = models.TextField(blank=True, help_text="Why Genesys rejects it.")

    def __str__(self) -> str:
        return self.name
