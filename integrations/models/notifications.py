"""Notification channels and topics: which listener holds which, until when."""

from django.db import models

from conversations.models import ID_LENGTH

NAME_LENGTH = 100


class NotificationListener(models.Model):
    """A process that listens. One that ends without a word is dead once its lease is past."""

    name = models.CharField(max_length=NAME_LENGTH, unique=True)
    started_at = models.DateTimeField()
    leased_until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class NotificationChannel(models.Model):
    """A WebSocket channel that a listener of ours has opened."""

    genesys_id = models.CharField(max_length=ID_LENGTH, unique=True)
    listener = models.CharField(max_length=NAME_LENGTH, help_text="The process that holds it.")
    leased_until = models.DateTimeField(help_text="Past this instant its listener is dead.")
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="Genesys closes it then; it is left before.")
    connected = models.BooleanField(default=True)
    heard_at = models.DateTimeField(
        null=True, blank=True, help_text="The last frame of any kind, a heartbeat included."
    )
    event_at = models.DateTimeField(null=True, blank=True, help_text="The last event.")
    events_a_minute = models.FloatField(
        default=0, help_text="How many events came in the last ten minutes or so."
    )
    silent_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Since when far fewer events come than were to be expected.",
    )
    reconnects = models.IntegerField(default=0)
    detail = models.TextField(blank=True, help_text="Why it was last connected anew.")

    def __str__(self) -> str:
        return self.genesys_id


class NotificationTopic(models.Model):
    """A topic that somebody must listen to."""

    class State(models.TextChoices):
        FREE = "free", "Nobody listens yet"
        SUBSCRIBED = "subscribed", "Subscribed"
        REJECTED = "rejected", "Rejected by Genesys"
        NOT_OFFERED = "not_offered", "Not offered by WebSocket: polled instead"

    name = models.CharField(max_length=200, unique=True)
    channel = models.ForeignKey(
        NotificationChannel, on_delete=models.SET_NULL, null=True, blank=True, related_name="topics"
    )
    listener = models.CharField(max_length=NAME_LENGTH, blank=True)
    leased_until = models.DateTimeField(
        null=True, blank=True, help_text="Empty or past: another listener may take it."
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.FREE)
    reason = models.TextField(blank=True, help_text="Why Genesys rejects it.")
    retry_at = models.DateTimeField(
        null=True, blank=True, help_text="When a rejected topic is tried again."
    )
    heard_until = models.DateTimeField(
        null=True, blank=True, help_text="Up to when it was listened to, where nobody does now."
    )

    def __str__(self) -> str:
        return self.name
