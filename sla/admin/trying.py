"""Forms that can be tried before they are saved: a draft on the mirrored history."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model
from django.forms import BaseModelFormSet, ModelForm
from django.forms.formsets import all_valid
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from sla import backtesting
from sla.backtest import last_days
from sla.drafts import Draft

TRIES: Final = {"_try_7": 7, "_try_30": 30}


class Trying(admin.ModelAdmin[Any]):
    """A form with buttons that try what it says now. Those store nothing of it."""

    @abstractmethod
    def draft_of(self, row: Any, lines: Iterable[Model]) -> Draft:
        """Return the draft that a form makes: its row, and the rows of its inline forms."""

    def can_try(self, row: Model | None) -> bool:
        """Tell whether there is anything to try; row is None on the page for a new one."""
        return True

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        days = next((days for name, days in TRIES.items() if name in request.POST), None)
        if days is not None:
            return self._try(request, object_id, days)
        row = self.get_object(request, object_id) if object_id else None
        buttons = [(name, f"Try on the last {days} days") for name, days in TRIES.items()]
        shown = self._may_try(request, row) and self.can_try(row)
        mine = {"tries": buttons if shown else []}
        return super().changeform_view(request, object_id, form_url, mine | (extra_context or {}))

    def _try(self, request: HttpRequest, object_id: str | None, days: int) -> HttpResponse:
        """Have the form tried and go to what comes of it; show what is wrong with it."""
        assert isinstance(request.user, User)  # the admin has everybody log in
        row = self.get_object(request, object_id) if object_id else None
        if self._may_try(request, row) and (row or not object_id):
            draft = self._draft(request, row)
            if draft:
                asked = backtesting.ask(
                    draft=draft,
                    span=last_days(days, timezone.now()),
                    zone=ZoneInfo(timezone.get_default_timezone_name()),
                    asked_by=request.user,
                    now=timezone.now(),
                )
                return HttpResponseRedirect(reverse("admin:sla_backtest_change", args=[asked.pk]))
        # Django's own page tells what is wrong or forbidden. Nothing that it writes may stay.
        with transaction.atomic():
            response = super().changeform_view(request, object_id)
            transaction.set_rollback(True)
        return response

    def _may_try(self, request: HttpRequest, row: Model | None) -> bool:
        """Tell whether somebody may try what he might save."""
        if row is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, row)

    def _draft(self, request: HttpRequest, row: Model | None) -> Draft | None:
        """Return the draft that was posted; None where the form is not valid."""
        fields = flatten_fieldsets(self.get_fieldsets(request, row))
        kind = self.get_form(request, row, change=row is not None, fields=fields)
        form: ModelForm[Any] = kind(request.POST, request.FILES, instance=row)
        valid = form.is_valid()
        made = self._create_formsets(request, form.instance, change=row is not None)  # type: ignore[attr-defined]
        formsets: list[BaseModelFormSet[Any, Any]] = made[0]
        if not all_valid(formsets) or not valid:
            return None
        # Forms may finish their rows as they save them: asked not to commit, they write nothing.
        lines = [line for one in formsets for line in _lines(one)]
        return self.draft_of(form.save(commit=False), lines)


def _lines(formset: BaseModelFormSet[Any, Any]) -> Iterable[Model]:
    """Return the rows that an inline form would leave there."""
    for form in formset.forms:
        deleted = formset.can_delete and form in formset.deleted_forms
        if not deleted and (form.instance.pk or form.has_changed()):
            yield form.save(commit=False)
