"""Opening hours: calendars, what Genesys's schedule groups say, and who keeps which."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from chrono.errors import HoursError
from chrono.hours import NAMES, Hours, Times
from conversations.models import ID_LENGTH

# Of the error that nothing is open: untrue where hours were written and could not be read.
OF_HOURS: Final = "of_hours"
BY_HAND: Final = ("timezone", "hours", "holidays", "overrides", "breaks")


class Schedule(models.Model):
    """A Genesys schedule: local times without a zone, repeated by an iCal rule or once."""

    genesys_id = models.CharField(max_length=ID_LENGTH, unique=True)
    name = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=20, blank=True)
    starts = models.CharField(max_length=30, help_text="Local, e.g. 2026-01-05T09:00:00.000")
    ends = models.CharField(max_length=30, help_text="Local; the end of the first occurrence.")
    rrule = models.TextField(blank=True, help_text="iCal RRULE; empty: once.")

    def __str__(self) -> str:
        return self.name or self.genesys_id


class Calendar(models.Model):
    """Opening hours in a zone: written by hand, or a Genesys schedule group's.

    Holiday schedules win over closed ones, and those over open ones; nothing open means closed.
    """

    name = models.CharField(max_length=300)
    timezone = models.CharField(max_length=100, help_text="IANA name, such as Europe/Berlin.")
    hours = models.JSONField(
        default=dict,
        blank=True,
        help_text='By weekday: {"mon": [["09:00", "12:00"], ["13:00", "17:00"]]}. '
        "An end at or before its start lies on the next day; 24:00 is allowed.",
    )
    holidays = models.JSONField(
        default=list, blank=True, help_text='Dates that cancel their hours: ["2026-12-25"].'
    )
    overrides = models.JSONField(
        default=dict,
        blank=True,
        help_text='Other hours on a date: {"2026-12-24": [["09:00", "12:00"]]}.',
    )
    breaks = models.JSONField(
        default=dict,
        blank=True,
        help_text='Closed on a date: {"2026-05-04": [["12:00", "13:00"]]}.',
    )
    genesys_id = models.CharField(
        max_length=ID_LENGTH, blank=True, help_text="Of the schedule group; empty: written by hand."
    )
    open_schedules = models.JSONField(default=list, blank=True)
    closed_schedules = models.JSONField(default=list, blank=True)
    holiday_schedules = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["genesys_id"],
                condition=~models.Q(genesys_id=""),
                name="calendar_once_a_schedule_group",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse hours that cannot be read, at the fields in which they stand, and a name twice."""
        wrong: dict[str, Any] = {}
        for field in BY_HAND:
            written = {"timezone": "UTC", "hours": {}, field: getattr(self, field)}
            try:
                Hours.of(**written)
            except HoursError as error:
                wrong[field] = str(error)
        if not self.genesys_id:
            wrong = dict(self._wrong_by_hand(wrong.keys())) | wrong
        if wrong:
            raise ValidationError(wrong)

    def _wrong_by_hand(self, unread: Collection[str]) -> Iterator[tuple[str, ValidationError]]:
        """Yield what is wrong with own hours, each with its field; unread fields are left out."""
        same = Calendar.objects.filter(name=self.name, genesys_id="").exclude(pk=self.pk)
        if same.exists():
            yield "name", ValidationError("Another calendar has this name: write another one.")
        if {"hours", "overrides"} & set(unread):
            return
        hours = Hours.of(timezone="UTC", hours=self.hours, overrides=self.overrides)
        days = [("hours", name, times) for name, times in zip(NAMES, hours.weekly, strict=True)]
        days += [("overrides", str(day), times) for day, times in hours.overrides.items()]
        for field, day, times in days:
            if told := _overlap(times):
                yield field, ValidationError(f"{day}: {told} overlap: write them as one.")
        if not any(times for _, _, times in days):
            nothing = "Nothing is ever open: write hours for some weekday."
            yield "hours", ValidationError(nothing, OF_HOURS)


def _overlap(times: Times) -> str:
    """Return the first two times of a day that overlap, or "" where none do."""
    for one, other in pairwise(sorted(times)):
        if other[0] < one[1]:
            return f"{_clock(one)} and {_clock(other)}"
    return ""


def _clock(span: tuple[timedelta, timedelta]) -> str:
    """Write an open time as 09:00-12:00."""
    minutes = [int(at.total_seconds()) // 60 % (24 * 60) for at in span]
    return "-".join(f"{at // 60:02}:{at % 60:02}" for at in minutes)


class Override(models.Model):
    """Open or closed now, whatever the hours say: an emergency, and its end where that is known.

    It holds for every clock that keeps this calendar, those that keep earlier terms included.
    """

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="emergencies")
    opens = models.BooleanField(
        default=False,
        choices=((False, "closed"), (True, "open")),
        help_text="Closed: clocks stand still. Open: they run.",
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Empty: until it is ended.")
    reason = models.CharField(max_length=300, blank=True, help_text="Shown wherever hours are.")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = "emergency"
        verbose_name_plural = "emergencies"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="override_ends_after_it_starts",
            )
        ]

    def __str__(self) -> str:
        return (
            f"{self.calendar}: {self.get_opens_display()} from {self.starts_at:%Y-%m-%d %H:%M} UTC"
        )


class HoursRule(models.Model):
    """Which opening hours a queue keeps: Genesys's queues name no schedule group themselves.

    Rules are asked by position; the first that covers a conversation applies. An empty condition
    covers everything.
    """

    position = models.IntegerField(default=100, help_text="The lowest matching rule applies.")
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="rules")
    queue_ids = models.JSONField(default=list, blank=True, help_text="These queues, by id.")
    name_contains = models.CharField(
        max_length=100, blank=True, help_text="Queues with this in their name; case does not count."
    )
    division_ids = models.JSONField(
        default=list, blank=True, help_text="Queues of these divisions."
    )
    media_types = models.JSONField(default=list, blank=True, help_text='["email", "message"]')

    class Meta:
        verbose_name = "queue's opening hours"
        verbose_name_plural = "queues' opening hours"
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return f"{self.position}: {self.calendar}"


class CalendarVersion(models.Model):
    """A calendar's hours as they were from an instant on; never changed, only added."""

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    valid_from = models.DateTimeField()
    hours = models.JSONField(
        help_text="{timezone, hours, holidays, overrides, breaks} or {timezone, opening, closing}."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["calendar", "number"], name="calendar_version_once_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.calendar}, version {self.number}"
