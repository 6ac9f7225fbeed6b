"""How a policy's form is written: durations and warnings as people write them, ids by name."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from conversations.models import Division, Queue
from sla.admin.forms import Seen, Unechoed
from sla.domain import amounts
from sla.domain.words import said
from sla.models import OF_TARGETS, TARGETS, Policy
from sla.queue_hours import MEDIA

SECONDS: Final = ("first_response_s", "next_response_s", "resolution_s", "forgotten_s", "away_s")
LISTED: Final = ("message_types", "skill_ids", "language_ids", "labels", "warnings")
NAMED: Final = {"queue_ids": Queue, "division_ids": Division}
# Local times, in a zone that stands beside them: Django's own widget tells of the server's.
LOCAL_TIMES: Final[Mapping[type[models.Field[Any, Any]], Mapping[str, Any]]] = {
    models.TimeField: {"widget": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")}
}


class DurationField(forms.CharField):
    """Seconds in the table, 3 h 30 min in the form."""

    def prepare_value(self, value: Any) -> Any:
        return said(timedelta(seconds=value)) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        written = super().to_python(value)
        if not written:
            return None
        try:
            return amounts.duration(written) // timedelta(seconds=1)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class LinesField(forms.CharField):
    """A list of texts in the table; in the form they stand with commas between them."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        parts = [part.strip() for part in (super().to_python(value) or "").split(",")]
        return [part for part in parts if part]


class NamesField(forms.TypedMultipleChoiceField):
    """Ids in the table, names beside them in the form; what the mirror does not know stays."""

    def __init__(
        self, *, known: Iterable[tuple[str, str]], kept: Iterable[str], **more: Any
    ) -> None:
        choices = {genesys_id: f"{name or genesys_id} ({genesys_id})" for genesys_id, name in known}
        choices |= {
            genesys_id: f"unknown ({genesys_id})"
            for genesys_id in kept
            if genesys_id not in choices
        }
        ordered = sorted(choices, key=lambda pk: choices[pk].casefold())
        super().__init__(choices=[(pk, choices[pk]) for pk in ordered], **more)

    def clean(self, value: Any) -> list[str]:
        return list(super().clean(value))


class LocalMoment(forms.SplitDateTimeField):
    """An instant, written by the clocks of a time zone; set zone before it is used."""

    widget = forms.SplitDateTimeWidget(
        date_attrs={"type": "date"},
        time_attrs={"type": "time"},
        date_format="%Y-%m-%d",
        time_format="%H:%M",
    )
    zone: tzinfo = UTC

    def prepare_value(self, value: Any) -> Any:
        return value.astimezone(self.zone).replace(tzinfo=None) if _is_instant(value) else value

    def compress(self, data_list: Any) -> Any:
        with timezone.override(self.zone):
            return super().compress(data_list)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class PolicyForm(Seen, Unechoed):
    """A policy as people write it."""

    echoes = MappingProxyType({OF_TARGETS: TARGETS})

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in SECONDS:
            self._exchange(name, DurationField(required=False, help_text=_help(name, "4 h")))
        for name in LISTED:
            self._exchange(name, LinesField(required=False, help_text=_help(name)))
        for name, table in NAMED.items():
            known = table._default_manager.values_list("genesys_id", "name")
            self._choose(name, known, help_text=_help(name))
        media = ((value, name.capitalize()) for value, name in MEDIA.items())
        ticked = forms.CheckboxSelectMultiple
        self._choose("media_types", media, widget=ticked, help_text="None chosen: every channel.")

    def _choose(self, name: str, known: Iterable[tuple[str, str]], **more: Any) -> None:
        kept = getattr(self.instance, name) or []
        self._exchange(name, NamesField(known=known, kept=kept, required=False, **more))

    def _exchange(self, name: str, field: forms.Field) -> None:
        if name in self.fields:
            field.label = str(self.fields[name].label).removesuffix(" s")
            self.fields[name] = field


def _is_instant(value: Any) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None


def _help(name: str, example: str = "") -> str:
    text = str(Policy._meta.get_field(name).help_text)  # type: ignore[union-attr]
    return f"{text} Such as {example}." if example else text
