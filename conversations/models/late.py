"""What arrives after the fact, or from elsewhere: feedback, and who wrote when."""

from django.db import models

from conversations.models.conversation import Conversation
from conversations.models.ids import ID_LENGTH


class Survey(models.Model):
    """A customer's survey."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="surveys", db_index=False
    )
    genesys_id = models.CharField(max_length=ID_LENGTH)
    status = models.CharField(max_length=30, blank=True)
    form_id = models.CharField(max_length=ID_LENGTH, blank=True)
    form_name = models.TextField(blank=True)
    survey_type = models.CharField(max_length=30, blank=True)
    queue_id = models.CharField(max_length=ID_LENGTH, blank=True)
    user_id = models.CharField(max_length=ID_LENGTH, blank=True)
    event_time = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    total_score = models.IntegerField(null=True, blank=True)
    promoter_score = models.IntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "genesys_id"], name="survey_once_a_conversation"
            )
        ]

    def __str__(self) -> str:
        return self.genesys_id


class Evaluation(models.Model):
    """A supervisor's evaluation of an agent."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="evaluations", db_index=False
    )
    genesys_id = models.CharField(max_length=ID_LENGTH)
    status = models.CharField(max_length=30, blank=True)
    form_id = models.CharField(max_length=ID_LENGTH, blank=True)
    form_name = models.TextField(blank=True)
    queue_id = models.CharField(max_length=ID_LENGTH, blank=True)
    user_id = models.CharField(max_length=ID_LENGTH, blank=True)
    evaluator_id = models.CharField(max_length=ID_LENGTH, blank=True)
    event_time = models.DateTimeField(null=True, blank=True)
    released = models.BooleanField(default=False)
    rescored = models.BooleanField(default=False)
    deleted = models.BooleanField(default=False)
    total_score = models.IntegerField(null=True, blank=True)
    total_critical_score = models.IntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "genesys_id"], name="evaluation_once_a_conversation"
            )
        ]

    def __str__(self) -> str:
        return self.genesys_id


class Resolution(models.Model):
    """Whether a later contact was avoided."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="resolutions", db_index=False
    )
    ordinal = models.IntegerField()
    event_time = models.DateTimeField(null=True, blank=True)
    queue_id = models.CharField(max_length=ID_LENGTH, blank=True)
    user_id = models.CharField(max_length=ID_LENGTH, blank=True)
    next_contact_avoided = models.IntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "ordinal"], name="resolution_numbered_in_conversation"
            )
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.event_time}"


class Message(models.Model):
    """When somebody wrote in a digital conversation, and who. What was written is never stored."""

    class Sender(models.TextChoices):
        CUSTOMER = "customer"
        AGENT = "agent"
        AUTOMATIC = "automatic", "bot or auto-reply"

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    genesys_id = models.CharField(max_length=ID_LENGTH)
    sent_at = models.DateTimeField()
    sender = models.CharField(max_length=20, choices=Sender.choices)
    user_id = models.CharField(max_length=ID_LENGTH, blank=True, help_text="Of the agent.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "genesys_id"], name="message_once_a_conversation"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sender} at {self.sent_at}"
