"""SLA: opening hours, policies, and one stored timer for each clock."""

import re
from typing import Final

from django.core.exceptions import ValidationError
from django.db import models

from chrono.errors import HoursError
from chrono.hours import Hours
from conversations.models import ID_LENGTH, Conversation

TARGETS: Final = ("first_response_s", "next_response_s", "resolution_s")


class Schedule(models.Model):
    """A Genesys schedule: local times without a zone, repeated by an iCal rule or once."""

    genesys_id = models.CharField(max_length=ID_LENGTH, unique=True)
    name = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=20, blank=True)
    starts = models.CharField(max_length=30, help_text="Local, e.g. 2026-01-05T09:00:00.000")
    ends = models.CharField(max_length=30, help_text="Local; the end of the first occurrence.")
    rrule = models.TextField(blank=True, help_text="iCal RRULE; empty: once.")

    def __str__(self) -> str:
        return self.name or self.genesys_id


class Calendar(models.Model):
    """Opening hours in a zone: written by hand, or a Genesys schedule group's.

    Holiday schedules win over closed ones, and those over open ones; nothing open means closed.
    """

    name = models.CharField(max_length=300)
    timezone = models.CharField(max_length=100, help_text="IANA name, such as Europe/Berlin.")
    hours = models.JSONField(
        default=dict,
        blank=True,
        help_text='By weekday: {"mon": [["09:00", "12:00"], ["13:00", "17:00"]]}. '
        "An end at or before its start lies on the next day; 24:00 is allowed.",
    )
    holidays = models.JSONField(
        default=list, blank=True, help_text='Dates that cancel their hours: ["2026-12-25"].'
    )
    overrides = models.JSONField(
        default=dict,
        blank=True,
        help_text='Other hours on a date: {"2026-12-24": [["09:00", "12:00"]]}.',
    )
    breaks = models.JSONField(
        default=dict,
        blank=True,
        help_text='Closed on a date: {"2026-05-04": [["12:00", "13:00"]]}.',
    )
    genesys_id = models.CharField(
        max_length=ID_LENGTH, blank=True, help_text="Of the schedule group; empty: written by hand."
    )
    open_schedules = models.JSONField(default=list, blank=True)
    closed_schedules = models.JSONField(default=list, blank=True)
    holiday_schedules = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["genesys_id"],
                condition=~models.Q(genesys_id=""),
                name="calendar_once_a_schedule_group",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse hours that cannot be read, at the field in which they stand."""
        try:
            hours = Hours.of(
                timezone=self.timezone,
                hours=self.hours,
                holidays=self.holidays,
                overrides=self.overrides,
                breaks=self.breaks,
            )
        except HoursError as error:
            # The message begins with its place, such as hours.mon[0].
            field = re.split(r"[.\[:]", str(error), maxsplit=1)[0]
            raise ValidationError({field: str(error)}) from error
        if not self.genesys_id and not any(hours.weekly) and not any(hours.overrides.values()):
            raise ValidationError({"hours": "Nothing is ever open: write hours for some weekday."})


class Policy(models.Model):
    """How long a customer may wait. Times are seconds of business time."""

    name = models.CharField(max_length=300, unique=True)
    active = models.BooleanField(default=True)
    position = models.IntegerField(default=100, help_text="The lowest matching policy applies.")
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="policies")
    media_types = models.JSONField(
        default=list, blank=True, help_text='["email", "message"]; empty: every channel.'
    )
    queue_ids = models.JSONField(
        default=list, blank=True, help_text="Genesys queue ids; empty: every queue."
    )
    first_response_s = models.PositiveIntegerField(null=True, blank=True)
    next_response_s = models.PositiveIntegerField(null=True, blank=True)
    resolution_s = models.PositiveIntegerField(null=True, blank=True)
    warn_s = models.PositiveIntegerField(
        null=True, blank=True, help_text="Elapsed business seconds at which to warn."
    )
    waiting_on_customer_pauses = models.BooleanField(
        default=True, help_text="The clock waits while the agent wrote last."
    )

    class Meta:
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a policy that promises nothing, warns too late, or names channels wrongly."""
        targets = [getattr(self, name) for name in TARGETS if getattr(self, name) is not None]
        if not targets:
            raise ValidationError("It promises nothing: write at least one target, in seconds.")
        if self.warn_s is not None and self.warn_s >= max(targets):
            raise ValidationError({"warn_s": f"It warns too late: write less than {max(targets)}."})
        for name in ("media_types", "queue_ids"):
            written = getattr(self, name)
            if not isinstance(written, list) or not all(isinstance(part, str) for part in written):
                raise ValidationError({name: 'Write a list of texts, such as ["email"].'})


class Clock(models.Model):
    """One clock of one conversation, as it stands: the timer, and the steps that explain it."""

    class Kind(models.TextChoices):
        FIRST_RESPONSE = "first_response"
        NEXT_RESPONSE = "next_response"
        RESOLUTION = "resolution"

    class State(models.TextChoices):
        RUNNING = "running"
        PAUSED = "paused"
        STOPPED = "stopped"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="clocks")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="clocks")
    state = models.CharField(max_length=20, choices=State.choices)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it stands as it does.")
    since = models.DateTimeField(help_text="When it came into this state.")
    started_at = models.DateTimeField(help_text="From when the customer has been waiting.")
    elapsed_ms = models.BigIntegerField(help_text="Business time used up at `since`.")
    target_s = models.PositiveIntegerField()
    warn_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the target is reached. Empty: it stopped, is paused short of it, or "
        "hours never hold so much.",
    )
    breaches_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Running: after this instant it is breached. Due at a closing, this is when "
        "hours open again.",
    )
    breached = models.BooleanField(default=False, help_text="Past its target by `since`.")
    steps = models.JSONField(
        default=list, help_text="[{clock, at, action, reason, business_s}]: why it stands so."
    )
    changed_at = models.DateTimeField(help_text="When this row last changed.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "kind"], name="clock_once_a_kind_and_conversation"
            )
        ]
        indexes = [
            models.Index(
                fields=["state", "due_at"],
                condition=models.Q(state__in=["running", "paused"]),
                name="clock_standing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.conversation_id}"
