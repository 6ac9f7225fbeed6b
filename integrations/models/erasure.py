"""Persons who must be forgotten: Genesys's erasure requests and our own."""

from django.db import models

from conversations.models import ID_LENGTH


class ErasureRequest(models.Model):
    """One request to erase a person. It never holds the person's data: see ErasedIdentifier."""

    genesys_id = models.CharField(
        max_length=ID_LENGTH, unique=True, null=True, blank=True, help_text="Empty: our own."
    )
    requested_at = models.DateTimeField(
        help_text="Conversations that began later are not concerned."
    )
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: not done yet, see the detail."
    )
    rows = models.IntegerField(default=0, help_text="How many rows were stripped.")
    detail = models.TextField(blank=True, help_text="What was done or why not; no personal data.")

    def __str__(self) -> str:
        return f"{self.genesys_id or 'our own'} of {self.requested_at}"


class ErasedIdentifier(models.Model):
    """What identifies a person who was erased, so that it can be known again and not be read."""

    request = models.ForeignKey(
        ErasureRequest, on_delete=models.CASCADE, related_name="identifiers", db_index=False
    )
    kind = models.CharField(max_length=20, help_text="See conversations.domain.personal.Kind.")
    digest = models.CharField(
        max_length=64, db_index=True, help_text="HMAC-SHA256 with this deployment's SECRET_KEY."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "digest"], name="identifier_once_a_request")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:8]}…"


class ErasedConversation(models.Model):
    """A conversation that a person was erased from: what is read of it again is stripped again."""

    genesys_id = models.CharField(max_length=ID_LENGTH, unique=True)
    request = models.ForeignKey(
        ErasureRequest, on_delete=models.CASCADE, related_name="conversations"
    )

    def __str__(self) -> str:
        return self.genesys_id
