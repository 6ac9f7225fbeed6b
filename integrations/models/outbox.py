"""What goes out: whom we tell, what stands to be told, and how each try went."""

from django.db import models
from django.db.models import Q
from django.utils.timezone import localtime


class Destination(models.Model):
    """Somebody who is told of Common Events: of which ones, by which way, and how that goes."""

    class Mode(models.TextChoices):
        SHADOW = "shadow", "Shadow: rendered and logged, not sent"
        LIVE = "live", "Live"
        OFF = "off", "Off: told of nothing"

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=30, help_text="A name in integrations.outbox.registry.")
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.SHADOW)
    topics = models.JSONField(default=list, blank=True, help_text="Names of Common Events.")
    queue_ids = models.JSONField(default=list, blank=True, help_text="Empty: every queue.")
    media_types = models.JSONField(default=list, blank=True, help_text="Empty: every medium.")
    config = models.JSONField(default=dict, blank=True, help_text="What its kind's form asks.")
    sealed = models.BinaryField(blank=True, help_text="Its secrets, a JSON object, encrypted.")
    created_at = models.DateTimeField()
    disabled_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when it refuses us for good: all waits for you."
    )
    disabled_reason = models.TextField(blank=True)
    failures = models.IntegerField(default=0, help_text="In a row, since something got through.")
    failed_reason = models.TextField(
        blank=True, help_text="Of the last of these failures; empty: something got through since."
    )
    open_until = models.DateTimeField(
        null=True, blank=True, help_text="The breaker is open: nothing is sent before."
    )
    next_at = models.DateTimeField(
        null=True, blank=True, help_text="When its pace allows the next one."
    )
    delivered_at = models.DateTimeField(
        null=True, blank=True, help_text="When something got through last."
    )

    class Meta:
        permissions = [("send_test", "Can send a test to a destination")]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One thing to tell one destination: its key makes a repeated order harmless.

    What is told once has version 1 for ever. What stands for a state (a record in Salesforce)
    counts its versions: it is sent again until the last of them has got through.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        SHOWN = "shown", "Rendered in shadow mode, not sent"
        DEAD = "dead", "Given up"

    destination = models.ForeignKey(
        Destination, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    key = models.CharField(max_length=250, help_text="Of what it is about: never sent twice.")
    lane = models.CharField(
        max_length=200, blank=True, help_text="One after the other within it; empty: any order."
    )
    topic = models.CharField(max_length=50)
    conversation_id = models.CharField(max_length=100, blank=True, help_text="Genesys's id.")
    payload = models.JSONField(default=dict, help_text="Ids and instants; names are looked up.")
    version = models.IntegerField(
        default=1,
        help_text="Grows whenever there is something newer to tell of the same thing; most are"
        " told once and stay at 1.",
    )
    sent_version = models.IntegerField(
        default=0, help_text="The last version that got through; 0: none yet."
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    urgent = models.BooleanField(default=False, help_text="Goes ahead of all that is not.")
    ordered_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Not to be sent before.")
    attempts = models.IntegerField(default=0, help_text="Tries of this version, counted at claim.")
    in_doubt = models.BooleanField(
        default=False, help_text="A try may have got through: nobody heard the answer."
    )
    leased_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0, help_text="Grows with each claim.")
    remote_id = models.CharField(max_length=200, blank=True, help_text="What they call it.")
    reason = models.TextField(blank=True, help_text="Why it failed last, or was given up.")
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["destination", "key"], name="delivery_ordered_once")
        ]
        indexes = [
            models.Index(
                fields=["destination", "due_at", "id"],
                condition=Q(state="waiting"),
                name="delivery_waiting",
            ),
            models.Index(
                fields=["destination", "due_at", "id"],
                condition=Q(state="waiting", urgent=True),
                name="delivery_urgent",
            ),
            models.Index(
                fields=["destination", "topic"],
                condition=Q(state="dead"),
                name="delivery_dead",
            ),
            models.Index(fields=["destination"], condition=Q(state="shown"), name="delivery_shown"),
            models.Index(
                fields=["destination", "lane", "id"],
                condition=Q(state="waiting") & ~Q(lane=""),
                name="delivery_lane",
            ),
            models.Index(
                fields=["destination", "leased_until"],
                condition=Q(leased_until__isnull=False),
                name="delivery_leased",
            ),
            models.Index(fields=["conversation_id"], name="delivery_conversation"),
            models.Index(fields=["ordered_at"], name="delivery_ordered"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} of {self.conversation_id}"


class Attempt(models.Model):
    """One try of a delivery, for whoever asks why it did not arrive."""

    class Result(models.TextChoices):
        DELIVERED = "delivered", "Delivered"
        FOUND = "found", "Was there already"
        SHOWN = "shown", "Rendered, not sent"
        FAILED = "failed", "Failed"
        LOST = "lost", "No answer heard"
        REFUSED = "refused", "Refused"

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    duration_ms = models.IntegerField(default=0)
    result = models.CharField(max_length=10, choices=Result.choices)
    status = models.IntegerField(null=True, blank=True, help_text="HTTP's, where there was one.")
    reason = models.TextField(blank=True)
    said = models.TextField(
        blank=True, help_text="The answer, cut; what was rendered in shadow mode. Administrators."
    )

    class Meta:
        verbose_name = "try"
        verbose_name_plural = "tries"

    def __str__(self) -> str:
        return f"{self.get_result_display()}, {localtime(self.at):%Y-%m-%d %H:%M:%S}"
