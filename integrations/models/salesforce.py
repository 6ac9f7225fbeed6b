"""What Salesforce is told of: which case a conversation belongs to, its holds, whose user is whose.

Ids and instants only: names are looked up when something is sent.
"""

from django.db import models
from django.db.models import Q

from conversations.models import ID_LENGTH, Conversation
from integrations.models.outbox import Destination

_OF_SALESFORCE = 18


class SalesforceLink(models.Model):
    """A conversation and its case. Without one it is looked for again at times, never guessed."""

    class How(models.TextChoices):
        HAND = "hand", "Set by hand"
        FIELD = "field", "A field of the case holds the conversation's id"
        ATTRIBUTE = "attribute", "A participant's attribute names the case"
        TAG = "tag", "The conversation's external tag names the case"
        TASK = "task", "A task of the case holds the conversation's id"
        EMAIL = "email", "An e-mail of the case has the same message id"

    destination = models.ForeignKey(Destination, on_delete=models.CASCADE, db_index=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="salesforce_links"
    )
    case_id = models.CharField(
        "case", max_length=_OF_SALESFORCE, blank=True, help_text="Salesforce's id: 500..."
    )
    how = models.CharField(max_length=10, choices=How.choices, blank=True)
    found_at = models.DateTimeField(null=True, blank=True)
    tries = models.IntegerField(default=0, help_text="How often it was looked for.")
    next_at = models.DateTimeField(
        null=True, blank=True, help_text="When it is looked for again; empty: never by itself."
    )
    reason = models.TextField(blank=True, help_text="Why no case was found.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["destination", "conversation"], name="salesforce_link_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_at"], condition=Q(next_at__isnull=False), name="salesforce_link_due"
            ),
            models.Index(
                fields=["destination", "case_id"],
                condition=~Q(case_id=""),
                name="salesforce_link_case",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id}: {self.case_id or 'no case'}"


class SalesforceHold(models.Model):
    """One hold, under the key that it got first, as reading and events imply it now."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ENDED = "ended", "Ended"
        FINAL = "final", "Final"
        WITHDRAWN = "withdrawn", "Withdrawn: it never was"

    destination = models.ForeignKey(Destination, on_delete=models.CASCADE, db_index=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="salesforce_holds"
    )
    key = models.CharField(max_length=40, help_text="The external id of its record.")
    session_id = models.CharField(max_length=ID_LENGTH)
    user_id = models.CharField(max_length=ID_LENGTH, blank=True)
    media_type = models.CharField(max_length=30, blank=True)
    queue_id = models.CharField(max_length=ID_LENGTH, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    interrupted = models.JSONField(
        default=list, blank=True, help_text="Conversations, and the seconds that each took of it."
    )
    due_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it is looked at again; empty: when something changes.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["destination", "key"], name="salesforce_hold_once")
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="salesforce_hold_due"
            ),
            models.Index(fields=["user_id", "started_at"], name="salesforce_hold_user"),
        ]

    def __str__(self) -> str:
        return f"{self.state} since {self.started_at}"


class SalesforceUser(models.Model):
    """An agent and their user in Salesforce. One without is listed: name it by hand."""

    class How(models.TextChoices):
        HAND = "hand", "Set by hand"
        FEDERATION = "federation", "FederationIdentifier"
        USERNAME = "username", "Username"
        EMAIL = "email", "Email"

    destination = models.ForeignKey(Destination, on_delete=models.CASCADE, db_index=False)
    user_id = models.CharField("agent", max_length=ID_LENGTH, help_text="Genesys's id.")
    salesforce_id = models.CharField(
        "user in Salesforce", max_length=_OF_SALESFORCE, blank=True, help_text="Its id: 005..."
    )
    how = models.CharField(max_length=10, choices=How.choices, blank=True)
    looked_at = models.DateTimeField(help_text="When it was looked for last.")
    reason = models.TextField(blank=True, help_text="Why none was found.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["destination", "user_id"], name="salesforce_user_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.salesforce_id or 'unknown'}"


class SalesforceConflict(models.Model):
    """A case that was not given to the agent who was connected: a newer decision stands."""

    destination = models.ForeignKey(Destination, on_delete=models.CASCADE)
    conversation_id = models.CharField(max_length=ID_LENGTH, help_text="Genesys's id.")
    event = models.CharField(max_length=250, help_text="The key of the event.")
    case_id = models.CharField("case", max_length=_OF_SALESFORCE)
    user_id = models.CharField("agent", max_length=ID_LENGTH, help_text="Who was connected.")
    at = models.DateTimeField(help_text="When they were connected.")
    owner_id = models.CharField("owner", max_length=_OF_SALESFORCE, help_text="Who has it.")
    changed_by = models.CharField(max_length=_OF_SALESFORCE, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField()
    noted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["destination", "event"], name="salesforce_conflict_once"
            )
        ]
        indexes = [models.Index(fields=["conversation_id"], name="salesforce_conflict_of")]

    def __str__(self) -> str:
        return f"{self.case_id} at {self.at}"
