"""Persons who must be forgotten: Genesys's erasure requests and our own."""

from django.db import models

from conversations.models import ID_LENGTH


class ErasureRequest(models.Model):
    """One request to erase a person. It never holds the person's data, only a digest of it."""

    genesys_id = models.CharField(
        max_length=ID_LENGTH, unique=True, null=True, blank=True, help_text="Empty: our own."
    )
    subject_type = models.CharField(max_length=30, help_text="Kind of the identifier.")
    subject_digest = models.CharField(
        max_length=64, help_text="SHA-256 of the identifier with this deployment's key."
    )
    requested_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)
    rows = models.IntegerField(default=0, help_text="How many rows were stripped.")
    detail = models.TextField(blank=True, help_text="Why it is not done; never personal data.")

    def __str__(self) -> str:
        return f"{self.subject_type} of {self.requested_at}"
