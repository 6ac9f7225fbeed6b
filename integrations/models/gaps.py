"""What a road has missed until now, and which days asynchronous jobs have read."""

from django.db import models
from django.db.models import F, Q


class Gap(models.Model):
    """A stretch of time that a road has not read although it should have; filled once it has."""

    road = models.CharField(max_length=50)
    start = models.DateTimeField(help_text="From here on it is missing.")
    end = models.DateTimeField(null=True, blank=True, help_text="Empty: it grows still.")
    noticed_at = models.DateTimeField()
    filled_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, help_text="In plain words; never a payload.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["road", "start"], condition=Q(filled_at=None), name="gap_noticed_once"
            ),
            models.CheckConstraint(
                condition=Q(end__isnull=True) | Q(end__gte=F("start")),
                name="gap_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.road} from {self.start}"


class HistoryDay(models.Model):
    """A UTC day that a road reads by an asynchronous job, and how far it has got.

    Whoever goes on after a crash finds here the job and the place in its result.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for a job"
        SUBMITTED = "submitted", "The job is under way"
        READING = "reading", "The result is being read"
        DONE = "done", "Done"
        FAILED = "failed", "Given up"

    road = models.CharField(max_length=50)
    day = models.DateField()
    wanted_for = models.DateField(
        null=True, blank=True, help_text="The night for which it is to be read."
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    job_id = models.CharField(max_length=100, blank=True)
    cursor = models.TextField(blank=True, help_text="Where to go on in the result.")
    attempts = models.IntegerField(default=0, help_text="Jobs that came to nothing.")
    due_at = models.DateTimeField(null=True, blank=True, help_text="Not to be tried before.")
    submitted_at = models.DateTimeField(null=True, blank=True)
    available_at = models.DateTimeField(
        null=True, blank=True, help_text="The data are those of this instant."
    )
    conversations = models.IntegerField(default=0, help_text="Read so far.")
    done_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, help_text="Why the last job came to nothing.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["road", "day"], name="history_day_once_a_road")
        ]

    def __str__(self) -> str:
        return f"{self.road} {self.day}"
