"""Timers and what came of them: notices, and the alerts that supervisors work through."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from conversations.models import Conversation
from sla.models.clocks import Clock
from sla.models.ladders import Rung


class Timer(models.Model):
    """Something to do about a wait at an instant: a warning, the breach, or a rung of its ladder.

    Timers are rows: a scan finds what is due. Each (clock, round, rung) is there once, and what it
    sets off is written in the transaction that says that it fired. The round is the start of the
    wait, since a clock that was answered starts anew.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        CHECKING = "checking", "being checked with Genesys"
        FIRED = "fired"
        ANSWERED = "answered", "answered in the meantime"
        HELD = "held", "held back"
        WITHDRAWN = "withdrawn"

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="timers", db_index=False
    )
    kind = models.CharField(max_length=20, choices=Clock.Kind.choices)
    round_at = models.DateTimeField(help_text="When the wait began.")
    rung = models.CharField(max_length=60, help_text="warning:12600, breach, rung:7, rung:7:2.")
    of_rung = models.ForeignKey(
        Rung, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    due_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField(
        null=True, blank=True, help_text="When reading the conversation once more was ordered."
    )
    verified = models.BooleanField(
        null=True, blank=True, help_text="Whether Genesys confirmed it before it fired."
    )
    fired_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it stands as it does.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "kind", "round_at", "rung"], name="timer_once_a_rung"
            )
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="timer_state")]

    def __str__(self) -> str:
        return f"{self.rung} of {self.kind} of {self.conversation_id}"


class Alert(models.Model):
    """A wait that somebody should look after: one for each conversation, clock and round."""

    class State(models.TextChoices):
        OPEN = "open", "not acknowledged"
        ACKNOWLEDGED = "acknowledged"
        SNOOZED = "snoozed"
        CLOSED = "closed"

    class Level(models.TextChoices):
        WARNED = "warned", "due soon"
        BREACHED = "breached"
        FORGOTTEN = "forgotten"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=20, choices=Clock.Kind.choices)
    round_at = models.DateTimeField(help_text="When the wait began.")
    level = models.CharField(max_length=20, choices=Level.choices)
    state = models.CharField(max_length=20, choices=State.choices, default=State.OPEN)
    opened_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(
        max_length=200,
        blank=True,
        help_text="A user of ours, or of the chat tool where it was said.",
    )
    acknowledged_until = models.DateTimeField(
        null=True, blank=True, help_text="While the breach lasts it counts no longer than this."
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    snoozed_until = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was closed.")
    flagged = models.CharField(
        max_length=300,
        blank=True,
        help_text="What is wrong with telling of it, such as nobody on call.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "kind", "round_at"], name="alert_once_a_wait"
            )
        ]
        indexes = [
            models.Index(
                fields=["opened_at"], condition=~Q(state="closed"), name="alert_not_closed"
            ),
            models.Index(
                fields=["snoozed_until"], condition=Q(state="snoozed"), name="alert_snoozed"
            ),
            models.Index(fields=["closed_at"], name="alert_closed"),
        ]

    def __str__(self) -> str:
        return f"{self.level}: {self.kind} of {self.conversation_id}"


class AlertEntry(models.Model):
    """What was done with an alert, by whom and when; never changed, only added."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField()
    actor = models.CharField(max_length=200, blank=True, help_text="Empty: DCM itself.")
    action = models.CharField(max_length=30)
    note = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "alert entries"
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.action} at {self.at}"


class Notice(models.Model):
    """What a timer told, whom, and by which way."""

    timer = models.OneToOneField(Timer, on_delete=models.CASCADE, related_name="notice")
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="notices")
    at = models.DateTimeField()
    subject = models.CharField(max_length=250, help_text="Of its Common Event.")
    destination_id = models.BigIntegerField(
        null=True, blank=True, help_text="Empty: whoever is told of SLA events."
    )
    audience = models.JSONField(default=list, help_text="User ids; e-mail addresses are not kept.")
    text = models.TextField(blank=True)
    fell_back = models.BooleanField(
        default=False, help_text="Nobody was to be reached, so it went to the administrators."
    )
    verified = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.subject} at {self.at}"


class Recomputation(models.Model):
    """Clocks being computed anew after a change, piece by piece, from the first to the last."""

    cause = models.CharField(max_length=300)
    ordered_at = models.DateTimeField()
    only_open = models.BooleanField(default=True)
    last_pk = models.BigIntegerField(default=0, help_text="Of the conversation done last.")
    done = models.IntegerField(default=0)
    total = models.IntegerField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["ordered_at"],
                condition=Q(finished_at__isnull=True),
                name="recomputation_left",
            )
        ]

    def __str__(self) -> str:
        return f"{self.cause}: {self.done} of {self.total}"
