"""Conversations that an event told of: to be read again, once for however many events."""

from django.db import models
from django.db.models import Q

from conversations.models import ID_LENGTH


class Wanted(models.Model):
    """A conversation that must be read, and what the reading must show before it is enough."""

    genesys_id = models.CharField(max_length=ID_LENGTH, unique=True)
    urgent = models.BooleanField(default=False, help_text="Somebody waits for it: read first.")
    ordered_at = models.DateTimeField(help_text="When the first event that is not answered came.")
    due_at = models.DateTimeField(help_text="Not to be read before.")
    expects = models.JSONField(
        default=list, blank=True, help_text="What events have told that a reading must show."
    )
    attempts = models.IntegerField(default=0, help_text="Readings that did not show it yet.")
    leased_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0, help_text="Grows with each claim and each order.")
    reason = models.TextField(blank=True, help_text="Why it is not settled; never a payload.")
    given_up_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when events and readings disagree for good."
    )

    class Meta:
        verbose_name = "wanted conversation"
        verbose_name_plural = "wanted conversations"
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(given_up_at__isnull=True), name="wanted_due"
            )
        ]

    def __str__(self) -> str:
        return self.genesys_id
