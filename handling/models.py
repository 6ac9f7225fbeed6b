"""Handle time, computed: rows here are a pure function of the mirror and the utilization."""

from django.db import models
from django.db.models import F, Q

from conversations.models import ID_LENGTH, Conversation


class Utilization(models.Model):
    """The organisation's routing utilization, as Genesys gives it: who may interrupt whom."""

    organization = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "utilization"

    def __str__(self) -> str:
        return "routing utilization"


class AgentLock(models.Model):
    """Whose row a recomputation holds, so that two of one agent come one after the other."""

    user_id = models.CharField(max_length=ID_LENGTH, unique=True)

    def __str__(self) -> str:
        return self.user_id


class AgentHandling(models.Model):
    """What one conversation took of one agent. Durations are milliseconds.

    gross = adjusted + interrupted; adjusted = live + acw + other_hold. The medium is that of the
    agent's earliest session in the conversation, the queue that of their latest segment.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="handlings"
    )
    user_id = models.CharField(max_length=ID_LENGTH)
    media_type = models.CharField(max_length=30)
    queue_id = models.CharField(max_length=ID_LENGTH, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty while a session is open."
    )
    completed_on = models.DateField(
        null=True, blank=True, help_text="The local date of the end: the day it counts on."
    )
    gross_ms = models.BigIntegerField()
    adjusted_ms = models.BigIntegerField()
    interrupted_ms = models.BigIntegerField()
    live_ms = models.BigIntegerField()
    acw_ms = models.BigIntegerField()
    other_hold_ms = models.BigIntegerField()
    switched_ms = models.BigIntegerField(help_text="Of other hold: other work was running.")
    shared_ms = models.BigIntegerField()
    parked_ms = models.BigIntegerField()
    resumption_lag_ms = models.BigIntegerField(null=True, blank=True)
    flags = models.IntegerField(default=0, help_text="Segments dropped as damaged.")
    genesys_handle_ms = models.BigIntegerField(
        null=True, blank=True, help_text="Genesys's own tHandle, to reconcile with gross."
    )
    computed_at = models.DateTimeField(help_text="Open segments were cut here.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user_id", "conversation"], name="handling_once_an_agent_and_conversation"
            ),
            models.CheckConstraint(
                condition=Q(gross_ms=F("adjusted_ms") + F("interrupted_ms")),
                name="handling_gross_is_adjusted_plus_interrupted",
            ),
        ]
        indexes = [
            models.Index(fields=["user_id", "started_at"], name="handling_of_user"),
            models.Index(fields=["completed_on"], name="handling_completed"),
            models.Index(
                fields=["user_id", "computed_at"],
                condition=Q(ended_at__isnull=True),
                name="handling_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} of {self.user_id}"


class Interruption(models.Model):
    """Seconds of a hold that another conversation of the same agent took."""

    handling = models.ForeignKey(
        AgentHandling, on_delete=models.CASCADE, related_name="interruptions"
    )
    interrupter = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="interruptions_caused"
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    provisional = models.BooleanField(default=False, help_text="Still going on when computed.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["handling", "started_at"], name="interruption_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__gt=F("started_at")), name="interruption_has_a_length"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.started_at} to {self.ended_at}"


class DailyHandling(models.Model):
    """Handle time by local day of completion, agent, queue and media: what the AHT page reads.

    The whole value counts on the day on which the agent's last session ended, as Genesys counts.
    """

    date = models.DateField()
    user_id = models.CharField(max_length=ID_LENGTH)
    queue_id = models.CharField(max_length=ID_LENGTH, blank=True)
    media_type = models.CharField(max_length=30)
    handled = models.IntegerField()
    interrupted = models.IntegerField(help_text="Handled conversations with an interruption.")
    gross_ms = models.BigIntegerField()
    adjusted_ms = models.BigIntegerField()
    interrupted_ms = models.BigIntegerField()
    other_hold_ms = models.BigIntegerField()
    acw_ms = models.BigIntegerField()
    shared_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["date", "user_id", "queue_id", "media_type"], name="daily_handling_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.user_id} {self.queue_id} {self.media_type}"
