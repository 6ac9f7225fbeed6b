"""Ladders: who is told of a wait, when, by which way, and who they are."""

from datetime import UTC, timedelta, tzinfo
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from chrono.errors import HoursError
from chrono.zones import zone_named
from sla.domain import words
from sla.domain.local import Daily
from sla.models.policies import TimeUnit

# Whoever is told more often than this stops reading.
LEAST_REPEAT_S: Final = 300
MOST_REPEATS: Final = 100


class Ladder(models.Model):
    """Rungs: each is reached when a clock passes its offset, unless somebody looks after it."""

    name = models.CharField(max_length=200, unique=True)
    quiet_from = models.TimeField(
        null=True, blank=True, help_text="Notices are held back from this time on ..."
    )
    quiet_until = models.TimeField(
        null=True, blank=True, help_text="... until this one. Clocks go on meanwhile."
    )
    quiet_timezone = models.CharField(
        max_length=100, blank=True, help_text="Such as Europe/Berlin."
    )
    acknowledged_for_s = models.PositiveIntegerField(
        default=3600,
        help_text="After so many seconds an acknowledgement no longer holds back the next rung, "
        "while the breach lasts. 0: it holds for ever.",
    )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse half a quiet time."""
        said = [self.quiet_from is not None, self.quiet_until is not None]
        if any(said) and not all([*said, self.quiet_timezone]):
            raise ValidationError(
                {"quiet_timezone": "Write from when until when, and in which time zone; or none."}
            )
        if trouble := self.trouble:
            raise ValidationError({"quiet_timezone": trouble})

    @property
    def quiet_hours(self) -> Daily | None:
        """When it is quiet; None where never, and where the time zone is none: then see trouble."""
        if self.quiet_from is None or self.quiet_until is None or self.trouble:
            return None
        return Daily(self.quiet_from, self.quiet_until, self.quiet_timezone)

    @property
    def trouble(self) -> str:
        """What is wrong with its time zone, or ""."""
        return _trouble_of(self.quiet_timezone) if self.quiet_timezone else ""


class Rota(models.Model):
    """Who is on call when: weekly shifts in a time zone, and people who stand in."""

    name = models.CharField(max_length=200, unique=True)
    timezone = models.CharField(max_length=100, help_text="IANA name, such as Europe/Berlin.")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what is no time zone."""
        if trouble := self.trouble:
            raise ValidationError({"timezone": trouble})

    @property
    def trouble(self) -> str:
        """What is wrong with its time zone, or ""."""
        return _trouble_of(self.timezone)

    @property
    def zone(self) -> tzinfo:
        """Its time zone; UTC where that is none."""
        return UTC if self.trouble else zone_named(self.timezone)


class Shift(models.Model):
    """A weekly shift of a rota, in local time; an end at or before its start is on the next day."""

    rota = models.ForeignKey(Rota, on_delete=models.CASCADE, related_name="shifts")
    weekdays = models.JSONField(default=list, help_text='["mon", "tue"]')
    starts = models.TimeField()
    ends = models.TimeField()
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")

    def __str__(self) -> str:
        days = ", ".join(self.weekdays) or "every day"
        return f"{days} {self.starts:%H:%M} to {self.ends:%H:%M}"


class StandIn(models.Model):
    """Somebody who is on call instead of a rota's shifts, from one instant to another."""

    rota = models.ForeignKey(Rota, on_delete=models.CASCADE, related_name="stand_ins")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")

    def __str__(self) -> str:
        start, end = (at.astimezone(self.rota.zone) for at in (self.starts_at, self.ends_at))
        return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M %Z}"


class Supervision(models.Model):
    """Who supervises which queues: whom a rung for the queue's supervisors tells."""

    name = models.CharField(max_length=200, unique=True)
    queue_ids = models.JSONField(default=list, blank=True, help_text="Genesys queue ids.")
    division_ids = models.JSONField(
        default=list,
        blank=True,
        help_text="All queues of these divisions. Both empty: every queue.",
    )
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="supervisions")

    def __str__(self) -> str:
        return self.name


class Rung(models.Model):
    """One step of a ladder: reached at an offset from the target, it tells an audience by a way."""

    class Audience(models.TextChoices):
        DESTINATION = "destination", "whoever reads the destination"
        SUPERVISORS = "supervisors", "the queue's supervisors"
        AGENT = "agent", "the agent who has it"
        ROTA = "rota", "whoever is on call"
        ADMINISTRATORS = "administrators", "the administrators"

    ladder = models.ForeignKey(Ladder, on_delete=models.CASCADE, related_name="rungs")
    position = models.IntegerField(default=10)
    kinds = models.JSONField(
        default=list,
        blank=True,
        help_text='["next_response", "forgotten"]; empty: every clock.',
    )
    offset_s = models.IntegerField(
        default=0, help_text="Seconds after the target is reached; less than 0: before it."
    )
    offset_unit = models.CharField(
        max_length=10, choices=TimeUnit.choices, default=TimeUnit.BUSINESS
    )
    destination_id = models.BigIntegerField(
        null=True, blank=True, help_text="By which way. Empty: whoever is told of SLA events."
    )
    audience = models.CharField(
        max_length=20, choices=Audience.choices, default=Audience.DESTINATION
    )
    rota = models.ForeignKey(Rota, on_delete=models.SET_NULL, null=True, blank=True)
    template = models.TextField(
        blank=True,
        help_text="Empty: the usual message. {conversation} {queue} {agent} {presence} {since} "
        "{due} {link} stand for what they say.",
    )
    repeat_every_s = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(LEAST_REPEAT_S)],
        help_text="Told again each so many seconds by the clock on the wall.",
    )
    repeat_times = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(MOST_REPEATS)], help_text="So often again."
    )
    during_opening_hours = models.BooleanField(
        default=False, help_text="Held back while the queue is closed."
    )

    class Meta:
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return f"{self._when}: {self.get_audience_display()}"

    @property
    def _when(self) -> str:
        """Say when it is reached: 30 min after, 1 h before, on the target."""
        if not self.offset_s:
            return "on the target"
        away = words.said(timedelta(seconds=abs(self.offset_s)))
        return f"{away} {'before' if self.offset_s < 0 else 'after'}"


def _trouble_of(timezone: str) -> str:
    try:
        zone_named(timezone)
    except HoursError as error:
        return str(error)
    return ""
