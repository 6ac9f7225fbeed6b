"""Ending agents' sessions by force: what a policy allows, who allowed it, and what came of it."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from conversations.models import ID_LENGTH, Conversation
from sla.models.policies import Policy, TimeUnit

HOUR_S = 3_600


class Enforcement(models.Model):
    """What is done about an agent's session that nobody has touched for too long: at first nothing.

    Only sessions of agents in e-mail and message conversations, and only in the queues named here.
    """

    class Action(models.TextChoices):
        DISCONNECT = "disconnect", "disconnect the agent"
        REQUEUE = "requeue", "put it back into its queue"

    class Mode(models.TextChoices):
        OFF = "off", "off"
        DRY_RUN = "dry_run", "dry run: it is written down what would be ended"
        LIVE = "live", "live: agents are disconnected"

    policy = models.OneToOneField(Policy, on_delete=models.CASCADE, related_name="enforcement")
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.OFF)
    action = models.CharField(max_length=10, choices=Action.choices, default=Action.REQUEUE)
    after_s = models.PositiveIntegerField(
        "after seconds",
        default=48 * HOUR_S,
        validators=[MinValueValidator(HOUR_S)],
        help_text="Untouched for so long: 172800 are 48 hours. At least an hour.",
    )
    unit = models.CharField(
        max_length=10,
        choices=TimeUnit.choices,
        default=TimeUnit.WALL,
        help_text="In which time that is measured. Round the clock may end a conversation on a"
        " weekend, before its policy has even warned.",
    )
    queue_ids = models.JSONField(
        default=list, blank=True, help_text="Genesys queue ids. Empty: none, nothing ever happens."
    )
    only_waiting = models.BooleanField(
        "only while the customer waits",
        default=True,
        help_text="Leave alone what waits for the customer, since an agent wrote last.",
    )
    per_hour = models.PositiveIntegerField(
        "at most per hour",
        default=5,
        validators=[MinValueValidator(1)],
        help_text="Of the whole organisation, whichever policy it is by. What is beyond waits.",
    )
    dry_run_since = models.DateTimeField(
        null=True, blank=True, help_text="Since when these terms are being tried."
    )
    seen_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was last looked what these terms would end."
    )
    enabled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    enabled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "force disconnect"
        verbose_name_plural = "force disconnects"
        permissions = [("enable_enforcement", "Can switch force disconnect live")]

    def __str__(self) -> str:
        return f"{self.policy}: {self.get_mode_display().partition(':')[0]}"

    def clean(self) -> None:
        """Refuse an allow-list that is none."""
        written = self.queue_ids
        if not isinstance(written, list) or not all(isinstance(one, str) for one in written):
            raise ValidationError({"queue_ids": "Write a list of queue ids, such as []."})


class EnforcementEntry(models.Model):
    """What was done with an enforcement, by whom and when; never changed, only added."""

    policy = models.CharField(max_length=300, help_text="Its policy's name.")
    enforcement = models.ForeignKey(
        Enforcement, on_delete=models.SET_NULL, null=True, related_name="entries"
    )
    at = models.DateTimeField()
    actor = models.CharField(max_length=200, help_text="A user of ours.")
    action = models.CharField(max_length=30, help_text="changed, dry_run, enabled, off, deleted.")
    note = models.TextField(blank=True)

    class Meta:
        verbose_name = "force disconnect's history"
        verbose_name_plural = "force disconnects' history"

    def __str__(self) -> str:
        return f"{self.policy}: {self.action} by {self.actor}"


class ForcedEnd(models.Model):
    """One round of an agent's session that is to be ended: a round is a time without any touch.

    The row is there before anything is done, and says how far that got, whoever is killed.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "planned"
        CHECKED = "checked", "checked, being done"
        ACCEPTED = "accepted", "accepted by Genesys, not seen yet"
        IN_DOUBT = "in_doubt", "in doubt: no answer was heard"
        DONE = "done", "done"
        REFUSED = "refused", "not done"
        WOULD_HAVE = "would_have", "would have been done (dry run)"
        FAILED = "failed", "failed"

    enforcement = models.ForeignKey(
        Enforcement, on_delete=models.SET_NULL, null=True, related_name="forced_ends"
    )
    policy = models.CharField(max_length=300, help_text="Its name then.")
    action = models.CharField(max_length=10, choices=Enforcement.Action.choices)
    dry_run = models.BooleanField()
    after_s = models.PositiveIntegerField()
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="forced_ends"
    )
    session_id = models.CharField(max_length=ID_LENGTH)
    participant_id = models.CharField(max_length=ID_LENGTH)
    user_id = models.CharField("agent", max_length=ID_LENGTH, blank=True)
    queue_id = models.CharField("queue", max_length=ID_LENGTH)
    media_type = models.CharField(max_length=30)
    round_at = models.DateTimeField(help_text="Since when nobody has touched it.")
    due_at = models.DateTimeField(help_text="When that was too long.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it stands as it does.")
    planned_at = models.DateTimeField()
    look_at = models.DateTimeField(help_text="When it is looked at next.")
    leased_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0, help_text="Grows with each claim.")
    tries = models.IntegerField(default=0, help_text="How often Genesys was asked to do it.")
    checked_at = models.DateTimeField(
        null=True, blank=True, help_text="As of when Genesys showed it untouched."
    )
    acted_at = models.DateTimeField(
        null=True, blank=True, help_text="When Genesys was asked to do it."
    )
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When nothing was left.")
    before = models.JSONField(default=dict, help_text="The agent's session, as read before.")
    after = models.JSONField(default=dict, help_text="The same, as read last.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "session_id", "round_at", "dry_run"],
                name="forced_end_once_a_round",
            )
        ]
        indexes = [
            models.Index(
                fields=["look_at"],
                condition=Q(state__in=["planned", "checked", "accepted", "in_doubt"]),
                name="forced_end_open",
            ),
            models.Index(
                fields=["acted_at"], condition=Q(acted_at__isnull=False), name="forced_end_acted"
            ),
            models.Index(fields=["planned_at"], name="forced_end_planned"),
        ]

    def __str__(self) -> str:
        return f"{self.action} of {self.session_id}: {self.state}"
