"""Forms that undo nothing of others, and tell each error once."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any
from zlib import crc32

from django import forms
from django.db.models import Field, Model


class SeenField(forms.CharField):
    """How the row stood when the form was opened; not a thing that people change."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False, label="")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class Seen(forms.ModelForm[Any]):
    """A form that refuses to undo what somebody has saved meanwhile. Its page shows `seen`.

    parts are the related names of rows that the same page changes. watched are the fields that
    people write, where processes write others; none: all.
    """

    parts: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    seen = SeenField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.initial["seen"] = "-".join(mark for _, mark in self._marks())

    def clean(self) -> dict[str, Any] | None:
        """Refuse what was opened before somebody else's change; the row is not touched yet."""
        given = super().clean()
        seen = self.cleaned_data.get("seen", "").split("-")
        if self.instance.pk and seen != [""]:
            now = list(self._marks())
            known = len(seen) == len(now)
            moved = [name for (name, mark), was in zip(now, seen, strict=known) if mark != was]
            if moved:
                raise forms.ValidationError(
                    f"Somebody has changed it since you opened it: {', '.join(moved)}. Nothing of "
                    "yours was saved: open it anew, and change it there."
                )
        return given

    def _marks(self) -> Iterator[tuple[str, str]]:
        """Yield a mark of each value that people write, with what it is called."""
        row = self.instance
        for field in _written(row):
            if not self.watched or field.name in self.watched:
                yield str(field.verbose_name).removesuffix(" s"), _mark(_value(field, row))
        for part in self.parts:
            below = getattr(row, part).order_by("pk")
            told = [[_value(field, one) for field in _written(one)] for one in below]
            yield part.replace("_", "-"), _mark(told)


def _written(row: Model) -> list[Field[Any, Any]]:
    fields = (*row._meta.concrete_fields, *row._meta.many_to_many)
    return [field for field in fields if field.editable]


def _value(field: Field[Any, Any], row: Model) -> Any:
    """Return what a row has in a field; several others as their keys."""
    value = field.value_from_object(row)
    return sorted(one.pk for one in value) if field.many_to_many else value


def _mark(value: Any) -> str:
    return f"{crc32(repr(value).encode()):08x}"


class Unechoed(forms.ModelForm[Any]):
    """A form without errors that only follow from a field that could not be read."""

    # Codes of such errors, each with the fields that they follow from.
    echoes: Mapping[str, Collection[str]] = MappingProxyType({})

    def _post_clean(self) -> None:
        unread = set(self.errors)
        super()._post_clean()  # type: ignore[misc]
        untrue = {code for code, of in self.echoes.items() if unread & set(of)}
        for name, told in list(self.errors.items()):
            told.data = [error for error in told.as_data() if error.code not in untrue]
            if not told.data:
                del self.errors[name]
