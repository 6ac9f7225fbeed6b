"""Backtests: a draft tried on the mirrored history, piece by piece, and what it came to."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Backtest(models.Model):
    """A draft that somebody tries: nothing of it is in force, and the row goes after a week.

    It is worked off in slices, each with what it came to so far, so a worker that is killed loses
    a slice at most.
    """

    class State(models.TextChoices):
        RUNNING = "running", "being computed"
        DONE = "done"
        FAILED = "failed"

    about = models.CharField(max_length=500, help_text="What was tried, for people to read.")
    draft = models.TextField(help_text="JSON of the rows as they would be.")
    in_force = models.TextField(
        help_text="JSON of what it is beside: whoever likes it saves it before it is done."
    )
    since = models.DateTimeField()
    until = models.DateTimeField()
    timezone = models.CharField(max_length=100, help_text="Whose days are counted.")
    state = models.CharField(max_length=20, choices=State.choices, default=State.RUNNING)
    last_pk = models.BigIntegerField(default=0, help_text="Of the conversation done last.")
    done = models.IntegerField(default=0, help_text="Conversations looked at.")
    total = models.IntegerField()
    result = models.JSONField(default=dict, help_text="What it came to so far.")
    reason = models.CharField(max_length=500, blank=True, help_text="Why it failed.")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    asked_at = models.DateTimeField()
    leased_until = models.DateTimeField(
        null=True, blank=True, help_text="Until then a worker is at it."
    )
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(state="running"), name="backtest_running")
        ]

    def __str__(self) -> str:
        return self.about
