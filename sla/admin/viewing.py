"""Pages for who may look and not change: rows are shown as their form would have them written."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin
from django.db.models import Model
from django.forms import Field, ModelForm, modelform_factory
from django.http import HttpRequest

NOT_SHOWN: Final = "seen"  # of use to a form alone
_SUFFIX: Final = "_in_words"


class InWords(BaseModelAdmin[Any]):
    """Fields that only their form knows how to write; Django would show what the table has."""

    in_words: tuple[str, ...] = ()

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        for name in self.in_words:
            setattr(self, name + _SUFFIX, _shown(name, self.model, self.form))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        shown = [name + _SUFFIX for name in self.in_words]
        return [*super().get_readonly_fields(request, obj), *shown]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return sets
        return [
            (title, {**options, "fields": list(self._exchanged(options["fields"]))})
            for title, options in sets
        ]

    def _exchanged(self, fields: Iterable[Any]) -> Iterator[Any]:
        for field in fields:
            if isinstance(field, tuple | list):
                yield tuple(self._exchanged(field))
            elif field != NOT_SHOWN:
                yield field + _SUFFIX if field in self.in_words else field


def _shown(name: str, model: type[Model], form: type[ModelForm[Any]]) -> Callable[[Model], str]:
    """Return what shows a field of a row as the row's form does."""
    declared = form.base_fields.get(name)
    known = declared.label if declared else model._meta.get_field(name).verbose_name  # type: ignore[union-attr]

    @admin.display(description=str(known or name).removesuffix(" s"))
    def show(row: Model) -> str:
        bound = _form_of(row, form)[name]
        return _said(bound.field, bound.value()) or f"- {bound.help_text}".strip()

    return show


def _form_of(row: Any, form: type[ModelForm[Any]]) -> ModelForm[Any]:
    """Return a row's form, made once: it reads the names of all queues."""
    if not hasattr(row, "form_in_words"):
        made = modelform_factory(type(row), form=form, fields="__all__")
        row.form_in_words = made(instance=row)
    found: ModelForm[Any] = row.form_in_words
    return found


def _said(field: Field, value: Any) -> str:
    """Return a value as its field shows it: by the names of what was chosen."""
    names = {str(key): str(name) for key, name in getattr(field, "choices", ())}
    chosen = value if isinstance(value, list | tuple) else ["" if value is None else value]
    return ", ".join(names.get(str(one), str(one)) for one in chosen)
