"""What the organisation is made of, by the names that people know it by."""

from django.db import models

from conversations.models.ids import ID_LENGTH


class Division(models.Model):
    """A division of the Genesys organisation: scopes who sees what."""

    genesys_id = models.CharField(max_length=ID_LENGTH, unique=True)
    name = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.name or self.genesys_id


class Queue(models.Model):
    """A routing queue. Its service level is answer time; an SLA policy is something else."""

    genesys_id = models.CharField(max_length=ID_LENGTH, unique=True)
    name = models.CharField(max_length=300, blank=True)
    division_id = models.CharField(max_length=ID_LENGTH, blank=True)
    email_addresses = models.JSONField(
        default=list, blank=True, help_text="Addresses the queue writes from: tells who wrote."
    )
    media_settings = models.JSONField(default=dict, blank=True)
    deleted = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name or self.genesys_id


class Agent(models.Model):
    """A Genesys user who can take conversations."""

    genesys_id = models.CharField(max_length=ID_LENGTH, unique=True)
    name = models.CharField(max_length=300, blank=True)
    email = models.CharField(max_length=320, blank=True)
    division_id = models.CharField(max_length=ID_LENGTH, blank=True)
    state = models.CharField(max_length=20, blank=True, help_text="active, inactive or deleted")
    auto_answer = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Is connected as soon as it rings, where the queue does not tell.",
    )
    utilization = models.JSONField(
        null=True, blank=True, help_text="The agent's own utilization, where it differs."
    )

    def __str__(self) -> str:
        return self.name or self.genesys_id


class WrapUpCode(models.Model):
    """What an agent says a conversation was about."""

    genesys_id = models.CharField(max_length=ID_LENGTH, unique=True)
    name = models.CharField(max_length=300, blank=True)
    division_id = models.CharField(max_length=ID_LENGTH, blank=True)

    def __str__(self) -> str:
        return self.name or self.genesys_id
