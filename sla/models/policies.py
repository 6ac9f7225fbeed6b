"""Policies: what customers are promised, and what was promised when."""

from datetime import timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import models

from sla.domain import amounts
from sla.domain.words import said
from sla.models.hours import Calendar

TARGETS: Final = ("first_response_s", "next_response_s", "resolution_s")
# Of errors that follow from targets: untrue where a target was written and could not be read.
OF_TARGETS: Final = "of_targets"
LISTS: Final = (
    *("media_types", "queue_ids", "message_types", "division_ids", "skill_ids"),
    *("language_ids", "labels"),
)


class TimeUnit(models.TextChoices):
    BUSINESS = "business", "opening hours"
    WALL = "wall", "round the clock"


class OnChange(models.TextChoices):
    RECOMPUTE = "recompute", "is computed anew, from its start"
    KEEP = "keep", "keeps what held when it started"


class Reopening(models.TextChoices):
    CONTINUE = "continue", "goes on where it stopped"
    RESTART = "restart", "starts anew"


class Policy(models.Model):
    """How long a customer may wait. The first active one whose conditions all hold applies."""

    name = models.CharField(max_length=300, unique=True)
    active = models.BooleanField(default=True)
    position = models.IntegerField(default=100, help_text="The lowest matching policy applies.")
    calendar = models.ForeignKey(
        Calendar,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="policies",
        help_text="Empty: the hours of the conversation's queue, as queues' opening hours say. "
        "Where none of those rules covers the queue, this policy does not apply, and the next "
        "one is asked. Round the clock needs no hours.",
    )
    time_unit = models.CharField(
        max_length=10,
        choices=TimeUnit.choices,
        default=TimeUnit.BUSINESS,
        help_text="In which time its targets and warnings are measured.",
    )
    media_types = models.JSONField(
        default=list, blank=True, help_text="Such as email, message; empty: every channel."
    )
    queue_ids = models.JSONField(
        default=list, blank=True, help_text="Genesys queue ids; empty: every queue."
    )
    message_types = models.JSONField(
        default=list, blank=True, help_text="Such as whatsapp, sms; empty: every kind of message."
    )
    division_ids = models.JSONField(
        default=list, blank=True, help_text="Genesys division ids; empty: every division."
    )
    skill_ids = models.JSONField(
        default=list, blank=True, help_text="Any of these requested skills; empty: whatever skill."
    )
    language_ids = models.JSONField(
        default=list, blank=True, help_text="Any of these requested languages; empty: all."
    )
    labels = models.JSONField(
        default=list, blank=True, help_text="Any of these utilization labels; empty: all."
    )
    least_priority = models.IntegerField(
        null=True, blank=True, help_text="Routed with this priority or a higher one."
    )
    first_response_s = models.PositiveIntegerField(null=True, blank=True)
    next_response_s = models.PositiveIntegerField(null=True, blank=True)
    resolution_s = models.PositiveIntegerField(null=True, blank=True)
    warnings = models.JSONField(
        default=list,
        blank=True,
        help_text="When to warn: time used up, or a share of the target: 3 h 30 min, 80 %.",
    )
    waiting_on_customer_pauses = models.BooleanField(
        default=True, help_text="The clock waits while the agent wrote last."
    )
    parking_pauses = models.BooleanField(
        default=False, help_text="The clock waits while the conversation is parked."
    )
    holding_pauses = models.BooleanField(
        default=False, help_text="The clock waits while its agent has it on hold."
    )
    on_change = models.CharField(
        max_length=10,
        choices=OnChange.choices,
        default=OnChange.RECOMPUTE,
        help_text="What a running clock does when this policy or its opening hours change.",
    )
    reopening = models.CharField(
        max_length=10,
        choices=Reopening.choices,
        default=Reopening.CONTINUE,
        help_text="What a resolution clock does when the conversation is opened again.",
    )
    forgotten_s = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Parked, held or idle for so long without anything that its agent does.",
    )
    away_s = models.PositiveIntegerField(
        null=True, blank=True, help_text="Its agent is off queue or signed out for so long."
    )
    ladder = models.ForeignKey(
        "sla.Ladder",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="policies",
        help_text="Who is told, and when. Empty: whoever is told of SLA events.",
    )
    told_from = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When it, its queues' hours or its ladder were written last: what had fallen due "
        "before alerts nobody.",
    )

    class Meta:
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a policy that promises nothing, warns too late, or has unreadable lists."""
        targets = [getattr(self, name) for name in TARGETS if getattr(self, name) is not None]
        if not targets:
            nothing = "It promises nothing: write at least one target, such as 4 h."
            raise ValidationError(nothing, OF_TARGETS)
        for name in (*LISTS, "warnings"):
            written = getattr(self, name)
            if not isinstance(written, list) or not all(isinstance(part, str) for part in written):
                raise ValidationError({name: 'Write a list of texts, such as ["email"].'})
        self._refuse_late_warnings(timedelta(seconds=max(targets)))

    def _refuse_late_warnings(self, longest: timedelta) -> None:
        try:
            after, _ = amounts.warnings(self.warnings)
        except ValueError as error:
            raise ValidationError({"warnings": str(error)}) from error
        if after and after[-1] >= longest:
            late = f"{said(after[-1])} comes too late: write less than {said(longest)}."
            raise ValidationError({"warnings": ValidationError(late, OF_TARGETS)})


class PolicyVersion(models.Model):
    """A policy as it was from an instant on; never changed, only added."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    valid_from = models.DateTimeField()
    terms = models.JSONField(help_text="Targets, warnings and pauses, by the policy's field names.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "number"], name="policy_version_once_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.policy}, version {self.number}"
