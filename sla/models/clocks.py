"""Clocks: how each wait of a customer stands, and how those that are over went."""

from datetime import datetime

from django.db import models

from conversations.models import ID_LENGTH, Conversation
from sla.domain import terms
from sla.domain.steps import Step, unpacked, with_breach
from sla.models.hours import Calendar
from sla.models.policies import Policy


class Clock(models.Model):
    """One clock of one conversation, as it stands: the timer, and the steps that explain it."""

    class Kind(models.TextChoices):
        FIRST_RESPONSE = "first_response"
        NEXT_RESPONSE = "next_response"
        RESOLUTION = "resolution"
        FORGOTTEN = "forgotten"

    class State(models.TextChoices):
        RUNNING = "running"
        PAUSED = "paused"
        STOPPED = "stopped"

    # Few ask by what has no index, and every clock is written by whoever changes a policy: an index
    # less is a tenth less to write. The unique constraint begins with the conversation.
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="clocks", db_index=False
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    policy = models.ForeignKey(
        Policy, on_delete=models.CASCADE, related_name="clocks", db_index=False
    )
    state = models.CharField(max_length=20, choices=State.choices)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it stands as it does.")
    since = models.DateTimeField(help_text="When it came into this state.")
    started_at = models.DateTimeField(help_text="From when the customer has been waiting.")
    elapsed_ms = models.BigIntegerField(help_text="Business time used up at `since`.")
    target_s = models.PositiveIntegerField()
    calendar = models.ForeignKey(
        Calendar,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Whose hours it is measured by. Empty: round the clock.",
    )
    calendar_version = models.IntegerField(
        null=True, blank=True, help_text="Which earlier hours of it. Empty: those it has now."
    )
    promised_by = models.TextField(
        blank=True, help_text="Which versions of policy and hours it is measured by."
    )
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
    # Text, since nobody asks by it: as JSON it takes PostgreSQL half of the time of a row.
    packed_steps = models.TextField(
        default="[]", help_text="Why it stands so, as sla.domain.steps writes it: see `steps`."
    )
    changed_at = models.DateTimeField(help_text="When this row last changed.")
    fingerprint = models.CharField(
        max_length=32,
        blank=True,
        help_text="Of all that is computed: what has the same is not written.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "kind"], name="clock_once_a_kind_and_conversation"
            )
        ]
        indexes = [
            # Of what seldom changes: so PostgreSQL writes a clock without writing its indexes.
            models.Index(
                fields=["conversation"],
                condition=~models.Q(state="stopped"),
                name="clock_standing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.conversation_id}"

    @property
    def steps(self) -> list[Step]:
        """Why it stands so, as it was written."""
        return unpacked(self.packed_steps, terms.Kind(self.kind))

    def steps_by(self, now: datetime) -> list[Step]:
        """Return the steps as they are known at an instant: a breach needs no writing."""
        return with_breach(
            self.steps,
            started_at=self.started_at,
            breaches_at=self.breaches_at if self.state == self.State.RUNNING else None,
            target_s=self.target_s,
            now=now,
        )


class Wait(models.Model):
    """A customer's wait that is over: was the promise kept. A pure function of the mirror."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="waits", db_index=False
    )
    kind = models.CharField(max_length=20, choices=Clock.Kind.choices)
    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="waits")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    target_s = models.PositiveIntegerField()
    elapsed_ms = models.BigIntegerField(help_text="Time used up, as the policy measures it.")
    paused_ms = models.BigIntegerField(
        default=0, help_text="Wall-clock time for which it was paused."
    )
    met = models.BooleanField()
    queue_id = models.CharField(max_length=ID_LENGTH, blank=True)
    user_id = models.CharField(max_length=ID_LENGTH, blank=True, help_text="Who ended it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "kind", "started_at"], name="wait_once_a_start"
            )
        ]
        indexes = [models.Index(fields=["ended_at"], name="wait_ended")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.conversation_id} from {self.started_at}"
