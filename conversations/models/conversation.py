"""A conversation, who took part, and how: the mirror of analytics details."""

from django.db import models
from django.db.models import F, Q

from conversations.models.ids import ID_LENGTH


class Conversation(models.Model):
    """A conversation, as last read from Genesys."""

    genesys_id = models.CharField(max_length=ID_LENGTH, unique=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    originating_direction = models.CharField(max_length=20, blank=True)
    media_type = models.CharField(
        max_length=30, blank=True, help_text="Of its first session with a customer."
    )
    queue_id = models.CharField(max_length=ID_LENGTH, blank=True, help_text="The latest queue.")
    user_id = models.CharField(
        max_length=ID_LENGTH, blank=True, help_text="The agent who has it now, or had it last."
    )
    external_tag = models.CharField(max_length=300, blank=True)
    division_ids = models.JSONField(default=list, blank=True)
    message_type = models.CharField(
        max_length=30, blank=True, help_text="Of its first session with a customer that has one."
    )
    skill_ids = models.JSONField(
        default=list, blank=True, help_text="The skills that were asked for last."
    )
    language_id = models.CharField(
        max_length=ID_LENGTH, blank=True, help_text="The language that was asked for last."
    )
    observed_at = models.DateTimeField(help_text="When the snapshot shown here was read.")
    content_hash = models.BinaryField(max_length=16, help_text="Of the raw document.")
    other_hash = models.BinaryField(
        max_length=16,
        null=True,
        blank=True,
        help_text="Of another document that tells the same: queries leave attributes out.",
    )
    settled = models.BooleanField(
        default=True,
        help_text="Off while time alone may still add an event: it is looked at again.",
    )

    class Meta:
        permissions = [
            ("view_personal_data", "Can view names, addresses and subjects of customers")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="conversation_ends_after_it_starts",
            )
        ]
        indexes = [
            models.Index(fields=["started_at"], name="conversation_started"),
            models.Index(fields=["content_hash"], name="conversation_document"),
            models.Index(
                fields=["other_hash"],
                condition=Q(other_hash__isnull=False),
                name="conversation_other_document",
            ),
            models.Index(
                fields=["started_at", "id"],
                condition=Q(ended_at__isnull=True),
                name="conversation_open",
            ),
        ]

    def __str__(self) -> str:
        return self.genesys_id


class RawSnapshot(models.Model):
    """The document of a conversation's latest snapshot, compressed, so it can be replayed."""

    conversation = models.OneToOneField(
        Conversation, on_delete=models.CASCADE, primary_key=True, related_name="raw"
    )
    observed_at = models.DateTimeField()
    body = models.BinaryField(help_text="JSON, zstandard")

    def __str__(self) -> str:
        return f"{self.conversation_id} at {self.observed_at}"


class Participant(models.Model):
    """A person or system in a conversation."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="participants", db_index=False
    )
    genesys_id = models.CharField(max_length=ID_LENGTH)
    ordinal = models.IntegerField()
    purpose = models.CharField(max_length=30)
    user_id = models.CharField(max_length=ID_LENGTH, blank=True)
    name = models.TextField(blank=True)
    external_contact_id = models.CharField(max_length=ID_LENGTH, blank=True)
    team_id = models.CharField(max_length=ID_LENGTH, blank=True)
    attributes = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "genesys_id"], name="participant_once_a_conversation"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.genesys_id}"


class Session(models.Model):
    """One communication of a participant. user_id and purpose repeat the participant's."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="sessions", db_index=False
    )
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="sessions")
    genesys_id = models.CharField(max_length=ID_LENGTH)
    ordinal = models.IntegerField()
    purpose = models.CharField(max_length=30)
    user_id = models.CharField(max_length=ID_LENGTH, blank=True)
    media_type = models.CharField(max_length=30)
    direction = models.CharField(max_length=20, blank=True)
    provider = models.CharField(max_length=200, blank=True)
    message_type = models.CharField(max_length=50, blank=True)
    peer_id = models.CharField(max_length=ID_LENGTH, blank=True)
    ani = models.TextField(blank=True)
    dnis = models.TextField(blank=True)
    address_from = models.TextField(blank=True)
    address_to = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True, help_text="Start of its first segment.")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Empty while it is open.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "genesys_id"], name="session_once_a_conversation"
            )
        ]
        indexes = [
            models.Index(
                fields=["user_id", "started_at"],
                condition=~Q(user_id=""),
                name="session_of_user",
            )
        ]

    def __str__(self) -> str:
        return f"{self.media_type} {self.genesys_id}"


class Segment(models.Model):
    """One stretch of a session in one state."""

    session = models.ForeignKey(
        Session,
        on_delete=models.CASCADE,
        related_name="segments",
        db_index=False,
        db_constraint=False,
    )
    ordinal = models.IntegerField()
    segment_type = models.CharField(max_length=50)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    queue_id = models.CharField(max_length=ID_LENGTH, blank=True)
    disconnect_type = models.CharField(max_length=50, blank=True)
    wrap_up_code = models.CharField(max_length=ID_LENGTH, blank=True)
    wrap_up_note = models.TextField(blank=True)
    subject = models.TextField(blank=True)
    conference = models.BooleanField(default=False)
    source_conversation_id = models.CharField(max_length=ID_LENGTH, blank=True)
    destination_conversation_id = models.CharField(max_length=ID_LENGTH, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "ordinal"], name="segment_numbered_in_session"
            )
        ]

    def __str__(self) -> str:
        return f"{self.segment_type} from {self.started_at}"


class Metric(models.Model):
    """One metric of a session: t* in milliseconds, n* counts, o* observations."""

    session = models.ForeignKey(
        Session,
        on_delete=models.CASCADE,
        related_name="metrics",
        db_index=False,
        db_constraint=False,
    )
    ordinal = models.IntegerField()
    name = models.CharField(max_length=100)
    value = models.BigIntegerField()
    emitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "ordinal"], name="metric_numbered_in_session"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.value}"
